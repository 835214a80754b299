"""The smallest plan of every kind of failure that a hunt found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from harness import report, shrink
from harness.cli.asking import planned
from harness.cli.many.going import Budget, Kind
from harness.cli.telling import program, say
from harness.history import HistoryError
from harness.hunting.tally import Signature
from harness.plan import PlanErrors
from harness.report.told import words
from harness.runs.keep import DEFAULT_RUNTIME
from harness.shrink import Minimal, NotShrinkable, OutOfTime, Tries, Unwritable, Wanted
from harness.store.index import write_atomically
from harness.store.rundir import MINIMAL, kept_topology, read_plan_text, read_run, read_schedule

_USEFUL_S = 15.0
RUNS = 300  # for each kind; `harness shrink` tries more


class Least(msgspec.Struct, frozen=True):
    """`file` holds the plan, `run` is the command that plays it. `complete`: nothing smaller was left to be tried."""

    file: Path
    run: str
    calls: int
    faults: int
    complete: bool


class Shrunk(msgspec.Struct):
    """What became of each kind: its smallest plan, or why there is none. `missing` counts those without time."""

    found: dict[Kind, Least] = {}
    why_not: dict[Kind, str] = {}
    missing: int = 0
    interrupted: bool = False
    out_of_budget: bool = False

    def least_of(self, kind: Signature) -> Least | None:
        return self.found.get((kind.check, kind.reason))

    def fate(self, kind: Signature) -> list[str]:
        """What the terminal says of a kind: the plan, how to play it; or why there is no plan."""
        least, why_not = self.least_of(kind), self.why_not.get((kind.check, kind.reason))
        if least is not None:
            size = f"{say.many(least.calls, 'call')}, {say.many(least.faults, 'fault')}"
            doubt = "" if least.complete else " (it may not be the smallest)"
            return [f"plan    {least.file}: {size}{doubt}", f"run     {least.run}"]
        if why_not is None or kind.run is None:
            return []
        directory = str(Path(kind.run).absolute())
        return [f"plan    {why_not}", f"shrink  {program.anywhere('shrink', directory, *wanted(kind))}"]


def wanted(kind: Signature) -> tuple[str, ...]:
    """What tells `harness shrink` which of a run's failures is meant."""
    return "--check", kind.check, "--reason", kind.reason


def of_all(kinds: Sequence[Signature], budget: Budget) -> Shrunk:
    """Of those that are news and whose run has files, each within its share of what is left of the budget. Ctrl-C ends
    the search, not the hunt's answer."""
    shrunk = Shrunk()
    news = [kind for kind in kinds if not kind.known and kind.run is not None]
    tries = {run: Tries(Wanted(k.check, k.reason) for k in news if k.run == run) for run in {k.run for k in news}}
    with say.progress() as note:
        for number, kind in enumerate(news):
            try:
                _add(kind, tries[kind.run], _share(budget, len(news) - number), shrunk, note)
            except KeyboardInterrupt:
                shrunk.interrupted = True
            if shrunk.interrupted:
                break
    return shrunk


def _share(budget: Budget, kinds: int) -> Callable[[], bool]:
    """Whether the time of one of so many kinds is over: in a moment no plan becomes small, so the last may get none."""
    left_s = budget.left_s
    if left_s is None:
        return lambda: False
    until_s = time.monotonic() + max(left_s / kinds, min(left_s, _USEFUL_S))
    return lambda: time.monotonic() >= until_s


def _add(
    kind: Signature, tries: Tries, is_over: Callable[[], bool], shrunk: Shrunk, note: Callable[[str], None]
) -> None:
    key = (kind.check, kind.reason)
    try:
        if is_over():
            raise OutOfTime
        note(f"looking for the smallest plan: {kind.check} {kind.reason}")
        least = _smallest(kind, tries, is_over)
        if is_over() and not least.interrupted and least.is_as_large_as_before:
            raise OutOfTime
    except OutOfTime:
        shrunk.why_not[key] = "none that is smaller: the budget is over"
        shrunk.missing += 1
        shrunk.out_of_budget = True
    except (NotShrinkable, Unwritable, PlanErrors, HistoryError) as exc:
        note(f"no smaller plan: {exc}")
        shrunk.why_not[key] = "no smaller one was found"
    else:
        shrunk.found[key] = _kept(Path(str(kind.run)), least)
        shrunk.interrupted = least.interrupted
        shrunk.out_of_budget |= not least.complete and is_over()


def _smallest(kind: Signature, tries: Tries, is_over: Callable[[], bool]) -> Minimal:
    directory, runtime = Path(str(kind.run)), planned.runtime(DEFAULT_RUNTIME)
    stored = read_run(directory)
    return shrink.smallest(
        stored.schedule,
        read_plan_text(directory),
        Wanted(kind.check, kind.reason),
        runtime,
        topology=kept_topology(directory),
        folder=directory,
        most_runs=RUNS,
        is_over=is_over,
        tries=tries,
        clue=shrink.clues(stored.results, stored.history).get((kind.check, kind.reason)),
    )


def _kept(directory: Path, least: Minimal) -> Least:
    file = write_beside(directory, least)
    command = program.anywhere(*words.run_words(file.absolute(), read_schedule(directory).system))
    return Least(file=file, run=command, calls=least.calls, faults=least.faults, complete=least.complete)


def write_beside(directory: Path, least: Minimal) -> Path:
    """The plan into its run's directory, and into its report. Raises `StoreProblem`, `HistoryError`."""
    file = directory / MINIMAL.format(check=least.wanted.check, reason=least.wanted.reason)
    write_atomically(file, least.plan)
    report.write(directory)
    return file


def as_json(least: Least | None) -> dict[str, Any]:
    if least is None:
        return {"minimal_plan": None, "minimal_ops": None, "minimal_faults": None, "minimal_complete": None}
    return {
        "minimal_plan": str(least.file),
        "minimal_ops": least.calls,
        "minimal_faults": least.faults,
        "minimal_complete": least.complete,
    }
