"""A finished run on the terminal: verdicts first, then what went wrong in words, then what to type next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.telling import exits, program, say
from harness.judging import ladder
from harness.report.told import words
from harness.report.told.closings import closings
from harness.runs.keep import Kept
from harness.schedule import Schedule
from harness.verdict import CheckResult, Verdict, worst

_VERDICT_WIDTH = len("not judged")
_SENTENCE = 400  # letters of a sentence on the terminal; the report has all of it


def end(kept: Kept, schedule: Schedule, *, as_json: bool, store: Path) -> int:
    """Print a run that is over; its exit code. A finding outranks trouble with its files."""
    exits.no_more_interruption()
    if as_json:
        say.data(as_object(kept))
    else:
        show(kept, schedule, store)
    code = exits.of_run(kept.result.verdict, kept.record.as_expected)
    if kept.problem is not None:
        say.error(kept.problem)
        code = code if code == exits.INVALID else exits.FAILED
    return exits.INTERRUPTED if kept.result.interrupted else code


def as_object(kept: Kept) -> dict[str, Any]:
    """The object of `harness run --json`."""
    found: dict[str, Any] = {"verdict": str(kept.result.verdict)}
    if kept.record.as_expected is not None:
        found["as_expected"] = kept.record.as_expected
    found |= {"seed": kept.record.seed, "run": str(kept.directory) if kept.directory is not None else None}
    found["consistency"] = ladder.strongest(kept.result.results)
    return found | {"checks": checks_as_json(kept.result.results)}


def checks_as_json(results: list[CheckResult]) -> dict[str, Any]:
    """`{NAME: {verdict, reason, evidence}}`; of several results of one name the worst stands. Not judged is null."""
    worst_of: dict[str, CheckResult] = {}
    for result in results:
        former = worst_of.setdefault(result.check, result)
        if result.verdict is not None and worst([result.verdict, former.verdict or result.verdict]) != former.verdict:
            worst_of[result.check] = result
    return {
        name: {"verdict": r.verdict and str(r.verdict), "reason": r.reason, "evidence": r.evidence}
        for name, r in worst_of.items()
    }


def show(kept: Kept, schedule: Schedule, store: Path) -> None:
    """Verdict table, what failed in words, run directory, and last the commands that replay and shrink it."""
    say.line(f"{schedule.plan} · seed {schedule.seed} · {words.system(kept.record)}")
    table(kept.result.results)
    failures(kept.result.results)
    closed(kept)
    consistency(kept.result.results)
    say.line()
    stopped = ", stopped by Ctrl-C" if kept.result.interrupted else ""
    say.line(f"verdict  {say.verdict(kept.result.verdict)}{stopped}{_expected(kept.record.as_expected)}")
    if kept.directory is None:
        return
    say.line(f"run      {kept.directory}")
    say.line(f"report   {kept.directory / 'report.html'}")
    say.line(f"replay   {replay_command(kept.directory, store)}")
    if kept.result.verdict is Verdict.INVALID:
        say.line(f"shrink   {shrink_command(kept.directory)}")


def failures(results: list[CheckResult]) -> None:
    """The story of the first failure, and a sentence on every other checker that says INVALID."""
    told = words.first_failure(results)
    if told is None:
        return
    story(told)
    others = [r for r in words.in_order(results) if r.verdict is Verdict.INVALID and r is not told]
    if others:
        say.line()
    for other in others:
        sentence = words.shortened(words.one_sentence(other), _SENTENCE)
        say.paragraph(f"{other.check}: {other.reason}: {sentence}", first="", rest="  ")


def closed(kept: Kept) -> None:
    """Beside a failure: the connections that somebody closed with a code, which may be its cause."""
    history = kept.result.history
    if kept.result.verdict is Verdict.VALID or history is None:
        return
    for number, closing in enumerate(closings(history.ops)):
        if not number:
            say.line()
        say.paragraph(closing.told, first="closed       ", rest="             ")


def consistency(results: list[CheckResult]) -> None:
    """The strongest level that the run has shown, if any was looked at."""
    level = ladder.strongest(results)
    if level is not None:
        say.line()
        say.paragraph(f"{level}: {ladder.means(level)}", first="consistency  ", rest="             ")


def _expected(as_expected: bool | None) -> str:
    if as_expected is None:
        return ""
    return ", as the plan expects" if as_expected else ", but the plan expects another"


def replay_command(directory: Path, store: Path) -> str:
    """Replays a run, and keeps the new one beside it, wherever the command is typed."""
    return program.anywhere("replay", str(directory.absolute()), "--store", str(store.absolute()))


def shrink_command(directory: Path, wanted: tuple[str, ...] = ()) -> str:
    """Looks for the smallest plan that fails as the run did, wherever the command is typed. `wanted`: options."""
    return program.anywhere("shrink", str(directory.absolute()), *wanted)


def table(results: list[CheckResult]) -> None:
    """One row a checker: name, verdict, and why it is not VALID."""
    say.line()
    width = max((len(r.check) for r in results), default=0)
    for result in results:
        verdict = say.verdict(result.verdict) + " " * (_VERDICT_WIDTH - len(click.unstyle(say.verdict(result.verdict))))
        say.line(f"  {result.check:<{width}}  {verdict}  {_why(result)}".rstrip())


def _why(result: CheckResult) -> str:
    if result.verdict in (Verdict.VALID, None):
        return words.looked_at(result)
    more = f" (also: {', '.join(result.others)})" if result.others else ""
    return f"{result.reason or ''}{more}"


def story(result: CheckResult) -> None:
    """The failure in words, and both texts with the difference marked."""
    say.line()
    say.line(f"{result.check}: {result.reason or result.verdict}", bold=True)
    tale(result)


def tale(result: CheckResult) -> None:
    """The sentence, the operations that did it, both texts."""
    say.paragraph(result.message)
    for number, sentence in enumerate(words.sentences(result), start=1):
        say.paragraph(sentence, first=f"  {number}. ", rest="     ")
    texts(result)


def texts(result: CheckResult) -> None:
    pair = words.text_pair(result)
    if pair is None:
        return
    say.line()
    say.line(f"  written  {_marked(pair.expected_line, 'green')}")
    say.line(f"  shown    {_marked(pair.shown_line, 'red')}")
    say.paragraph(pair.in_words, first="           ", rest="           ")


def _marked(line: str, colour: str) -> str:
    before, _, rest = line.partition("⟦")
    middle, _, after = rest.partition("⟧")
    return before + click.style(f"⟦{middle}⟧", fg=colour, bold=True) + after
