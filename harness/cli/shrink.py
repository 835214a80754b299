"""`harness shrink`: the smallest plan that fails as a stored run did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness import shrink
from harness.cli.asking import completion, options, planned
from harness.cli.many import minimal
from harness.cli.telling import exits, program, say
from harness.cli.telling.exits import Refused
from harness.report.told import words
from harness.runs.keep import DEFAULT_RUNTIME
from harness.shrink import RUNS, Minimal, NotShrinkable, Unwritable, Wanted
from harness.store.index import Store, write_atomically
from harness.store.rundir import StoredRun, kept_topology, read_plan_text, read_run
from harness.verdict import CheckResult

_NOTE_EVERY = 50  # runs, where lines are kept


@click.command(short_help="Find the smallest plan that fails as a stored run did.")
@click.argument("run", shell_complete=completion.runs)
@click.option(
    "--check",
    "checker",
    metavar="NAME",
    shell_complete=completion.checkers,
    help="Default: the checker whose story the run's report tells.",
)
@click.option("--reason", metavar="CODE", help="Its reason. Default: its first.")
@click.option("--runs", type=click.IntRange(1), default=RUNS, show_default=True, help="Try no more than this.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Default: beside the run, and in its report.",
)
@options.plugin_option
@options.store_option
@options.json_option
def command(
    *, run: str, checker: str | None, reason: str | None, runs: int, output: Path | None, store: Path, as_json: bool
) -> int:
    """Find the smallest plan that breaks the same guarantee for the same reason as RUN, and write it as a plan.

    RUN is a run directory, its short id, or `latest`. Every smaller plan is tried in the simulator. Ctrl-C ends the
    search with the smallest plan found so far.
    """
    stored = read_run(Store(store).locate(run))
    wanted = _wanted(stored.results, checker, reason)
    with say.progress() as note:
        folder = stored.directory if output is None else output.parent
        found = _smallest(stored, wanted, folder, runs, lambda n: note(f"run {n}") if n % _NOTE_EVERY == 0 else None)
    if output is None:
        file = minimal.write_beside(stored.directory, found)
    else:
        file = output
        write_atomically(file, found.plan)
    if as_json:
        say.data(as_object(found, stored, file))
    else:
        _show(found, stored, file)
    return exits.INTERRUPTED if found.interrupted else exits.OK


def _smallest(stored: StoredRun, wanted: Wanted, folder: Path, runs: int, note: Any) -> Minimal:
    """Raises `Refused`, `HistoryError`, `PlanErrors`."""
    text = read_plan_text(stored.directory)
    try:
        return shrink.smallest(
            stored.schedule,
            text,
            wanted,
            planned.runtime(DEFAULT_RUNTIME),
            topology=kept_topology(stored.directory),
            folder=folder,
            most_runs=runs,
            note=note,
            clue=shrink.clues(stored.results, stored.history).get((wanted.check, wanted.reason)),
        )
    except (NotShrinkable, Unwritable) as exc:
        raise Refused(f"{stored.directory}: {exc}") from exc


def _wanted(results: list[CheckResult], checker: str | None, reason: str | None) -> Wanted:
    """The signature that a user means. Raises `Refused`."""
    told = words.first_failure(results)
    known = [s for r in ([told] if told is not None else []) + results for s in r.signatures]
    if not known:
        raise Refused("nothing is INVALID in this run: there is no failure to keep while it shrinks")
    for check, code in known:
        if checker in (None, check) and reason in (None, code):
            return Wanted(check, code)
    there_are = ", ".join(dict.fromkeys(f"{check} {code}" for check, code in known))
    asked = " ".join(word for word in (checker, reason) if word)
    raise Refused(f"the run does not fail with {asked}; it does with: {there_are}")


def as_object(found: Minimal, stored: StoredRun, file: Path) -> dict[str, Any]:
    """The object of `harness shrink --json`."""
    return {
        "run": str(stored.directory),
        "check": found.wanted.check,
        "reason": found.wanted.reason,
        "minimal_plan": str(file),
        "minimal_ops": found.calls,
        "minimal_faults": found.faults,
        "runs": found.runs,
        "complete": found.complete,
        "interrupted": found.interrupted,
    }


def _show(found: Minimal, stored: StoredRun, file: Path) -> None:
    say.line(found.plan)
    calls, faults = say.many(found.calls, "call"), say.many(found.faults, "fault")
    least = f"{calls} of {found.calls_before}, {faults} of {found.faults_before}"
    say.line(f"{found.wanted}: {least}, found in {say.many(found.runs, 'run')}")
    if not found.complete:
        why = "stopped by Ctrl-C" if found.interrupted else "the runs are spent (--runs allows more)"
        say.line(f"it may not be the smallest: {why}", fg="yellow")
    say.line(f"plan  {file}")
    say.line(f"run   {program.anywhere(*words.run_words(file.absolute(), stored.schedule.system))}")
