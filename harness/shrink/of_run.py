"""From a stored schedule and the text of its plan to the smallest plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness import plan as plans
from harness import registry
from harness.plan import PlanErrors
from harness.runtimes import Runtime
from harness.schedule import Schedule, System
from harness.shrink.clues import Clue
from harness.shrink.explicit import Unwritable, explicit
from harness.shrink.narrow import less
from harness.shrink.passes import shrink
from harness.shrink.search import RUNS, Search, Spent, Tries, Wanted
from harness.shrink.writing import plan_text

_OF_THE_SYSTEM = ("topology", "timing", "policies")  # what a plan says of it
_OTHER_SEEDS = 20
_GUESSES = 5  # runs: who grants no more has the whole run tried first


class NotShrinkable(Exception):
    """There is nothing to begin with; the message says why."""


class OutOfTime(Exception):
    """The time was over before anything was seen to fail."""


class Minimal(msgspec.Struct, kw_only=True):
    """`plan` is its text. `complete`: no pass makes it smaller; else the runs were spent, or Ctrl-C came."""

    plan: str
    wanted: Wanted
    calls: int
    faults: int
    calls_before: int
    faults_before: int
    runs: int
    complete: bool
    interrupted: bool

    @property
    def is_as_large_as_before(self) -> bool:
        return (self.calls, self.faults) == (self.calls_before, self.faults_before)


def smallest(
    schedule: Schedule,
    text: str,
    wanted: Wanted,
    runtime: Runtime,
    *,
    topology: Path | None = None,
    folder: Path | None = None,
    most_runs: int = RUNS,
    note: Callable[[int], None] = lambda runs: None,
    is_over: Callable[[], bool] = lambda: False,
    tries: Tries | None = None,
    clue: Clue | None = None,
) -> Minimal:
    """The smallest plan found that breaks the same guarantee for the same reason as `schedule`, a run of the plan
    `text` on the topology of the file `topology` (None: on one that is shipped). The plan is for a file in `folder`;
    `tries` are those of the run's other kinds of failure, `clue` is what is known of this one: nobody needs to play the
    whole run again where a part of it fails.

    Raises `NotShrinkable`, `Unwritable`, `OutOfTime`, or `PlanErrors` for a plan that cannot be read.
    """
    base = _base(schedule, text, topology)
    tries = Tries() if tries is None else tries
    search = Search(tries.least(wanted) or explicit(schedule), wanted, runtime, most_runs, note, is_over, tries)
    guesses = less(search.best, clue or Clue()) if most_runs > _GUESSES else ()
    if not _begins(search, guesses):
        if is_over():
            raise OutOfTime
        raise NotShrinkable(
            f"the run does not fail with {wanted} when each of its calls and faults is written out, on {runtime.NAME}"
        )
    found = shrink(search)
    tries.done(wanted)
    if topology is not None:
        near = folder is not None and topology.parent.resolve() == folder.resolve()
        base["topology"] = topology.name if near else str(topology.absolute())
    least = plan_text(found.schedule, base, wanted, f"{schedule.plan}, seed {schedule.seed}: {wanted}")
    _require_same(least, found.schedule, folder)
    return Minimal(
        plan=least,
        wanted=wanted,
        calls=len(found.schedule.steps),
        faults=len(found.schedule.faults),
        calls_before=len(schedule.steps),
        faults_before=len(schedule.faults),
        runs=found.runs,
        complete=found.complete,
        interrupted=found.interrupted,
    )


def _begins(search: Search, guesses: Iterable[Schedule]) -> bool:
    """Does anything fail as wanted to begin with?"""
    try:
        return any(search.takes(candidate) for candidate in (*guesses, *_first_candidates(search.best)))
    except Spent:
        return False


def _first_candidates(schedule: Schedule) -> Iterator[Schedule]:
    """As it is; then with other draws, as those of a repeated fault are not the same once it is written out."""
    yield schedule
    for seed in range(_OTHER_SEEDS):
        yield msgspec.structs.replace(schedule, seed=seed)


def _require_same(text: str, schedule: Schedule, folder: Path | None) -> None:
    """Raises `Unwritable` when the plan would not play what was seen to fail."""
    system = schedule.system
    again = plans.expand(
        plans.parse(text, beside=folder), profile=system.profile, with_=system.with_, without=system.without
    )
    if (again.steps, again.faults, again.system) != (schedule.steps, schedule.faults, system):
        raise Unwritable("what was found cannot be said in a plan: written out, it is another run")


def _base(schedule: Schedule, text: str, topology: Path | None) -> dict[str, Any]:
    """What the smallest plan says of the system: as the plan did, on the topology that was really used."""
    errors: PlanErrors | None = None
    parsed = False
    for name in [str(topology.absolute())] if topology is not None else [None, *registry.names("topology")]:
        try:
            plan = plans.parse(text, schedule.plan, topology=name)
        except PlanErrors as exc:
            errors = errors or exc
            continue
        parsed = True
        if _system(plan, schedule) == schedule.system:
            said = plan.words.model_dump(mode="json", by_alias=True, exclude_unset=True)
            chosen = {key: said[key] for key in _OF_THE_SYSTEM if key in said}
            return {**chosen, "topology": name or plan.words.topology}
    if errors is not None and not parsed:
        raise errors
    raise NotShrinkable("the run's topology is none of those that a plan can name (`harness list topologies`)")


def _system(plan: plans.Plan, schedule: Schedule) -> System:
    system = schedule.system
    return plans.system(plan, profile=system.profile, with_=system.with_, without=system.without)
