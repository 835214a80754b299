"""`harness check`: judge a stored history again."""

from __future__ import annotations

from pathlib import Path

import click

from checkers.linearizability.decide import MODELS
from harness import registry
from harness.cli.asking import completion, options
from harness.cli.linear import jobs, judged, page_file
from harness.cli.telling import exits, finished, say
from harness.history import History, HistoryError, NoHeader
from harness.interchange.export_edn import edn_lines
from harness.judging import ladder
from harness.judging.checking import check, missed, overall, with_evidence
from harness.schedule import CheckSpec
from harness.store.index import Store
from harness.store.rundir import history_path, read_schedule, read_with_taps

_MODELS = sorted([*MODELS, jobs.MODEL])


@click.command(short_help="Judge a stored history again.")
@click.argument("word", metavar="HISTORY", shell_complete=completion.runs)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.checkers,
    help="Only this checker. Repeatable.",
)
@click.option("--model", type=click.Choice(_MODELS), help="Is it linearizable as operations of this object?")
@click.option("--initial", metavar="VALUE", help="What a register of --model holds at first (EDN; else nil).")
@click.option(
    "--export",
    type=click.Choice(["edn", jobs.REGISTER]),
    help="Print the operations for Elle or Knossos instead.",
)
@click.option("--job", metavar="ID", help="The job of --export edn-register.")
@click.option(
    "--report",
    is_flag=False,
    flag_value="",
    metavar="[OUT.html]",
    help="With --model: also a page that shows it (else HISTORY.html).",
)
@options.plugin_option
@options.store_option
@options.json_option
def command(
    *,
    word: str,
    checks: tuple[str, ...],
    model: str | None,
    initial: str | None,
    export: str | None,
    job: str | None,
    report: str | None,
    store: Path,
    as_json: bool,
) -> int:
    """Check HISTORY: a run directory, a run's short id, `latest`, or a history file as `harness run` writes it.

    Taps are read from messages.jsonl.gz beside it, when it is there. An incomplete history is judged as far as it goes.

    HISTORY may be a pipe, and - is standard input.

    With --model HISTORY may also be other people's (docs/foreign-histories.md), Jepsen's EDN, its log or history.txt,
    or JSON: any concurrent history of one object, or of keys that are judged one by one. With --model job it is a
    run's: the answers that its clients got.

    With --export edn and a model the operations are told as Knossos (registers) and Elle (append: transactions of one
    operation) read them. Of a run, --model job --export edn tells the texts of its jobs as Elle's list-append, and
    --model job --export edn-register --job ID the revisions of one job as Knossos' register (docs/exports.md).

    With --report a model's verdict is also shown as a page: operations as bars, the longest order that explains them
    step by step, and the one that cannot follow.
    """
    if (export == jobs.REGISTER and model != jobs.MODEL) or (job is not None and export != jobs.REGISTER):
        raise click.UsageError("--export edn-register, and --job with it, belong to --model job")
    _agreeing(checks, model, initial, export, as_json)
    _with_a_model(report, model, export)
    history = _located(word, store)
    page = page_file.place(report, history)
    if model == jobs.MODEL:
        if export is not None:
            return jobs.export_jobs(history, export, job)
        return jobs.check_jobs(history, as_json=as_json, page=page)
    if model is not None:
        file = _file(history)
        if export is not None:
            return judged.export(file, model)
        return judged.check(file, model, initial=initial, as_json=as_json, page=page)
    if export is not None:
        for line in edn_lines(_read(history).ops):
            say.line(line)
        return 0
    return _judge(history, _specs(history, checks), as_json)


def _judge(history: Path, specs: list[CheckSpec] | None, as_json: bool) -> int:
    """What the checkers say of a run's history, and the exit code."""
    found = _read(history)
    if found.problem is not None:
        say.error(f"{history}: {found.problem}", label="warning")
    results = check(found, specs)
    results = [*missed(specs, results), *results]
    verdict = overall(results)
    if as_json:
        told = {"verdict": str(verdict), "history": str(history), "consistency": ladder.strongest(results)}
        say.data({**told, "checks": finished.checks_as_json(results)})
        return exits.OF_VERDICT[verdict]
    finished.table(results)
    finished.failures(results)
    finished.consistency(results)
    say.line()
    say.line(f"verdict  {say.verdict(verdict)}")
    return exits.OF_VERDICT[verdict]


def _agreeing(
    checks: tuple[str, ...], model: str | None, initial: str | None, export: str | None, as_json: bool
) -> None:
    """Raises `click.UsageError` for options of which one would be passed over."""
    judges = "--model" if model is not None else "--export" if export is not None else None
    if checks and judges:
        raise click.UsageError(f"--check does not go with {judges}: checkers judge a run's history, each by itself")
    if initial is not None and (model is None or export is not None):
        raise click.UsageError("--initial goes with --model, and says what its register holds at first")
    if as_json and export is not None:
        raise click.UsageError("--json does not go with --export, which prints one operation a line")


def _with_a_model(report: str | None, model: str | None, export: str | None) -> None:
    """Raises `click.UsageError`."""
    if report is not None and export is not None:
        raise click.UsageError("--report does not go with --export, which prints operations and judges nothing")
    if report is not None and model is None:
        raise click.UsageError(
            "--report goes with --model, whose verdict it shows; of a run `harness report` writes one"
        )


def _located(word: str, store: Path) -> Path:
    """What a user means: a path that is there, else a run of the store. Raises `NoSuchRun`."""
    path = Path("/dev/stdin" if word == "-" else word)
    return path if path.exists() else Store(store).locate(word)


def _specs(history: Path, checks: tuple[str, ...]) -> list[CheckSpec] | None:
    """The checkers asked for, else those of the run's own plan, else all."""
    for name in checks:
        registry.find("checker", name)
    if checks:
        return [CheckSpec(check=name) for name in checks]
    if history.is_dir() and (history / "schedule.jsonl").exists():
        return with_evidence(read_schedule(history).checks)
    return None


def _read(path: Path) -> History:
    file = _file(path)
    try:
        return read_with_taps(file)
    except NoHeader:
        format_ = judged.foreign(file)
        if format_ is None:
            raise
        how = f"--model says what it is a history of: {', '.join(sorted(MODELS))}"
        raise HistoryError(f"{file}:1: this is no run's history, but other people's ({format_}); {how}") from None


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    file = history_path(path)
    if file is None:
        raise HistoryError(f"{path}: there is no history here; expected a run directory, or a history file")
    return file
