"""A run that is not as expected, in words: what `harness run` says of it, where pytest shows a failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import program
from harness.report.told import words
from harness.report.told.closings import closings
from harness.runs.run import RunResult
from harness.schedule import Schedule
from harness.store import rundir
from harness.store.rundir import RunRecord
from harness.terminal import harmless
from harness.verdict import CheckResult, Verdict

_SENTENCE = 600  # letters; the report has all of it


@dataclass(frozen=True)
class Told:
    """What there is to say of a run besides what it found. `problem`: why its files are not all there."""

    runtime: str
    plan_text: str
    directory: Path | None
    store: Path | None
    problem: str | None


def expected(schedule: Schedule) -> dict[str, str]:
    """What a run of it is expected to find: VALID, if nobody says otherwise."""
    return rundir.expectation(schedule) or {"verdict": str(Verdict.VALID)}


def story(outcome: RunResult, schedule: Schedule, told: Told) -> str:
    """The headline first: it is what a summary shows. What comes from the system under test obeys no terminal."""
    parts = [_head(outcome, schedule, told), *_failures(outcome), _closed(outcome), _next(outcome, schedule, told)]
    return harmless("\n\n".join(part for part in parts if part))


def _head(outcome: RunResult, schedule: Schedule, told: Told) -> str:
    record, wanted = _record(outcome, schedule, told.runtime), expected(schedule)
    by = f", found by {wanted['check']}" if "check" in wanted else ""
    about = f"{record.plan} · seed {record.seed} · {words.system(record)}"
    return f"{record.verdict}: {words.headline(record, outcome.results)}\n{about} · expected: {wanted['verdict']}{by}"


def _record(outcome: RunResult, schedule: Schedule, runtime: str) -> RunRecord:
    """As much of it as sentences need: a run that is not kept has none."""
    return RunRecord(
        id="",
        plan=schedule.plan,
        title=schedule.title,
        seed=schedule.seed,
        runtime=runtime,
        profile=schedule.system.profile,
        with_=schedule.system.with_,
        without=schedule.system.without,
        verdict=outcome.verdict,
        started="",
        plan_sha256="",
        argv=[],
    )


def _failures(outcome: RunResult) -> Iterator[str]:
    """The story of the first failure, and a sentence on every other checker that says INVALID."""
    first = words.first_failure(outcome.results)
    if first is None:
        return
    yield "\n".join(_tale(first))
    others = [r for r in words.in_order(outcome.results) if r.verdict is Verdict.INVALID and r is not first]
    yield "\n".join(f"{r.check}: {r.reason}: {words.shortened(words.one_sentence(r), _SENTENCE)}" for r in others)


def _tale(result: CheckResult) -> Iterator[str]:
    yield f"{result.check}: {result.reason or result.verdict}"
    yield f"  {words.one_sentence(result)}"
    for number, sentence in enumerate(words.sentences(result), start=1):
        yield f"  {number}. {sentence}"
    pair = words.text_pair(result)
    if pair is not None:
        yield from (
            "",
            f"  written  {pair.expected_line}",
            f"  shown    {pair.shown_line}",
            f"           {pair.in_words}",
        )


def _closed(outcome: RunResult) -> str:
    """The connections that somebody closed with a code, which may be the cause."""
    if outcome.history is None or outcome.verdict is Verdict.VALID:
        return ""
    return "\n".join(f"closed   {closing.told}" for closing in closings(outcome.history.ops))


def _next(outcome: RunResult, schedule: Schedule, told: Told) -> str:
    """What to look at and what to type; of a run that was not kept, the plan."""
    if told.store is None or told.directory is None:
        said = words.run_words(Path("FILE"), schedule.system)
        command = program.anywhere(*said, "--seed", str(schedule.seed))
        return f"{told.plan_text.rstrip()}\n\nplay     {command}   (FILE: a file with the plan above)"
    directory = told.directory.absolute()
    lines = [
        f"report   {directory / 'report.html'}",
        f"replay   {program.anywhere('replay', str(directory), '--store', str(told.store.absolute()))}",
    ]
    lines += [f"shrink   {program.anywhere('shrink', str(directory))}"] if outcome.verdict is Verdict.INVALID else []
    lines += [f"note     {told.problem}"] if told.problem is not None else []
    return "\n".join(lines)
