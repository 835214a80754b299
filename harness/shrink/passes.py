"""What is tried, in which order: first what there is at all, then what it says, then when it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from harness.schedule import Schedule, Step
from harness.shrink import times, values
from harness.shrink.fewest import fewest
from harness.shrink.search import Search, Spent

T = TypeVar("T")


class Shrunk(msgspec.Struct, kw_only=True):
    """`schedule` fails as wanted. `complete`: no pass makes it smaller; else the runs were spent before."""

    schedule: Schedule
    runs: int
    complete: bool
    interrupted: bool = False


def shrink(search: Search) -> Shrunk:
    """Make `search.best`, which must fail as wanted, as small as the passes can. Ctrl-C ends it with what there is."""
    complete = interrupted = False
    try:
        _until_nothing_helps(search)
        complete = True
    except Spent:
        pass
    except KeyboardInterrupt:
        interrupted = True
    return Shrunk(schedule=search.best, runs=search.runs, complete=complete, interrupted=interrupted)


def _until_nothing_helps(search: Search) -> None:
    while True:
        before = search.best
        for spare in (times.cut, _jobs, _faults, _clients, _calls):
            spare(search)
        if _size(search.best) < _size(before):
            continue  # what is not there any more need not be made simpler
        values.simplify(search)
        times.tidy(search)
        if search.best == before:
            return


def _size(schedule: Schedule) -> tuple[int, int]:
    return len(schedule.faults), len(schedule.steps)


def _faults(search: Search) -> None:
    schedule = search.best
    _least(schedule.faults, lambda kept: msgspec.structs.replace(schedule, faults=kept), search)


def _jobs(search: Search) -> None:
    """Whole jobs, with all that is done to them."""
    schedule = search.best

    def only(jobs: list[str]) -> Schedule:
        return with_steps(schedule, (s for s in schedule.steps if _job(s) is None or _job(s) in jobs))

    _least(list(dict.fromkeys(job for s in schedule.steps if (job := _job(s)) is not None)), only, search)


def _clients(search: Search) -> None:
    """All that one client does."""
    schedule = search.best

    def only(processes: list[str]) -> Schedule:
        return with_steps(schedule, (s for s in schedule.steps if s.process in processes))

    _least(list(dict.fromkeys(s.process for s in schedule.steps)), only, search)


def _calls(search: Search) -> None:
    schedule = search.best
    _least(schedule.steps, lambda kept: with_steps(schedule, kept), search)


def _least(items: Sequence[T], only: Callable[[list[T]], Schedule], search: Search) -> None:
    fewest(items, lambda kept: search.takes(only(kept)))


def with_steps(schedule: Schedule, steps: Iterable[Step]) -> Schedule:
    """What no script can say goes as well: what is done to a job that nobody creates, but for a mobile's `get`, and the
    creation of one that is there."""
    created: set[str] = set()
    there: set[str] = set()
    kept = []
    for step in steps:
        job = _job(step)
        if step.f == "create" and job is not None:
            if job in there:
                continue
            created.add(job)
            there.add(job)
        elif step.f == "delete" and job is not None:
            there.discard(job)
        if job is None or job in created or step.f == "get":
            kept.append(step)
    return msgspec.structs.replace(schedule, steps=kept)


def _job(step: Step) -> str | None:
    return step.value.get("jobId")
