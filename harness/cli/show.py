"""`harness show`: the operations of a stored run, as a table; or two runs, as far as they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from harness.cli.asking import completion, options
from harness.cli.one import operations, two_runs
from harness.cli.telling import say, table
from harness.cli.telling.exits import Refused
from harness.history import History, HistoryError, Op, Tap
from harness.registry import close_matches
from harness.report.told import timeline
from harness.store.index import Store
from harness.store.rundir import StoredRun, read_run
from harness.terminal import harmless
from harness.verdict import CheckResult

_HEADS = ("", "time", "who", "type", "what", "job", "rev", "details")
_WITHIN_NS = 200_000_000


@click.command(short_help="Show the operations of a stored run as a table.")
@click.argument("run", shell_complete=completion.runs)
@click.option("--job", metavar="ID", help="Only what is about this job, and the faults.")
@click.option("--node", metavar="NAME", help="Only what this node did, and what befell it or its links.")
@click.option("--around", type=options.Duration(), metavar="TIME", help="Only what happened near this time: 1.1s.")
@click.option(
    "--within",
    type=options.Duration(),
    metavar="TIME",
    help="How near: before it and after it. Default: 200ms.",
)
@click.option("--messages", is_flag=True, help="The messages on the links as well: as sent, and as they came out.")
@click.option(
    "--against",
    metavar="OTHER",
    shell_complete=completion.runs,
    help="What this run has and another has not, and the first event at which they part.",
)
@options.store_option
def command(
    *,
    run: str,
    job: str | None,
    node: str | None,
    around: int | None,
    within: int | None,
    messages: bool,
    against: str | None,
    store: Path,
) -> int:
    """Show the operations of RUN in the order of time, those that a finding points to with its number.

    RUN is a run directory, its name or short id, or `latest`. Times count from the first operation, as in all that is
    said of a run.
    """
    if within is not None and around is None:
        raise click.UsageError("--within says how near to --around: which time is meant?")
    found = read_run(Store(store).locate(run))
    if against is not None:
        if job or node or messages or around is not None:
            raise click.UsageError("--against compares whole runs: it goes with none of the others")
        two_runs.show(found, read_run(Store(store).locate(against)))
        return 0
    history = _history(found)
    _known("job", job, _jobs(history))
    _known("node", node, list(history.header.nodes))
    wanted = operations.Wanted(
        job=job, node=node, around_ns=around, within_ns=_WITHIN_NS if within is None else within
    ).of(history)
    rows = list(_rows(found, history, wanted, messages=messages))
    if not rows:
        say.line(f"nothing of the kind; this run lasted {table.seconds(_lasted(history))}")
        return 0
    table.show(_HEADS, rows)
    _findings(found, {row[0] for row in rows if len(row) == len(_HEADS)})
    return 0


def _history(run: StoredRun) -> History:
    """Raises `HistoryError`."""
    if run.history is None or not run.history.ops:
        why = "its history is missing" if run.results else "nothing was recorded: the system never started"
        raise HistoryError(f"{run.directory}: {why}")
    if run.history.problem is not None:
        say.error(f"{run.directory}: {run.history.problem}; shown is what there is", label="warning")
    return run.history


def _known(kind: str, name: str | None, known: Sequence[str]) -> None:
    """Raises `Refused`."""
    if name is None or name in known:
        return
    close = close_matches(name, known)
    there = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known) or 'none'}"
    raise Refused(f"this run has no {kind} {name!r}; {harmless(there)}")


def _jobs(history: History) -> list[str]:
    return list(dict.fromkeys([op.job for op in history.ops if op.job] + [tap.job for tap in history.taps if tap.job]))


def _lasted(history: History) -> int:
    return history.ops[-1].time_ns - history.ops[0].time_ns


# ---- the table ------------------------------------------------------------------------------------------------------


def _rows(run: StoredRun, history: History, wanted: operations.Wanted, *, messages: bool) -> Iterator[Sequence[str]]:
    marks = _marks(run)
    origin_ns = history.ops[0].time_ns
    timed: list[tuple[int, int, Op | Tap]] = [(op.time_ns, 0, op) for op in history.ops if wanted.op(op)]
    timed += [(tap.time_ns, 1, tap) for tap in history.taps if messages and wanted.tap(tap)]
    for span in timeline.spans(history):
        if wanted.lies_in(span.begin_ns, span.end_ns):
            since = table.seconds(span.begin_ns - origin_ns)
            yield (f"fault {harmless(span.name)} has been there since {since}",)
    for time_ns, _, item in sorted(timed, key=lambda found: found[:2]):
        cells = operations.message(item) if isinstance(item, Tap) else operations.operation(item)
        mark = "" if isinstance(item, Tap) else marks.get(item.index, "")
        yield (mark, table.seconds(time_ns - origin_ns), *cells)


def _marks(run: StoredRun) -> dict[int, str]:
    """Index of an operation → the numbers of the findings that point to it."""
    found: dict[int, str] = {}
    for number, result in enumerate(_told(run), start=1):
        for index in result.evidence:
            found[index] = f"{found[index]},{number}" if index in found else str(number)
    return found


def _told(run: StoredRun) -> list[CheckResult]:
    return [result for result in run.results if result.reason is not None and result.evidence]


def _findings(run: StoredRun, marks: set[str]) -> None:
    """Which finding a number is; of those that stand in the table."""
    shown = {number for mark in marks for number in mark.split(",") if number}
    pairs = [
        (str(number), f"{result.check}: {result.reason}: {result.message}")
        for number, result in enumerate(_told(run), start=1)
        if str(number) in shown
    ]
    if pairs:
        say.line()
        say.rows(pairs)
