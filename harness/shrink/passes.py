"""What is tried, in which order: first what there is at all, then what it says, then when it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from harness.schedule import Schedule
from harness.shrink import narrow, times, values
from harness.shrink.fewest import fewest
from harness.shrink.search import Search, Spent, size
from harness.shrink.steps import job_of, with_steps

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
    """Whole jobs, clients and faults first. What is simpler or sooner may need less: then once more."""
    narrow.narrow(search)
    while True:
        for spare in (_jobs, _faults, _clients, _calls):
            spare(search)
        values.simplify(search)
        times.tidy(search)
        before = search.best
        _singles(search)
        if size(search.best) == size(before):
            return


def _singles(search: Search) -> None:
    """Each fault and each call alone; what is left may have to move together."""
    for number in reversed(range(len(search.best.faults))):
        faults = [f for at, f in enumerate(search.best.faults) if at != number]
        _spares(msgspec.structs.replace(search.best, faults=faults), search)
    for number in reversed(range(len(search.best.steps))):
        if number < len(search.best.steps):
            _spares(with_steps(search.best, (s for at, s in enumerate(search.best.steps) if at != number)), search)


def _spares(fewer: Schedule, search: Search) -> bool:
    return search.takes(fewer) or search.takes(times.evenly(fewer))


def _faults(search: Search) -> None:
    schedule = search.best
    _least(schedule.faults, lambda kept: msgspec.structs.replace(schedule, faults=kept), search)


def _jobs(search: Search) -> None:
    """Whole jobs, with all that is done to them."""
    schedule = search.best

    def only(jobs: list[str]) -> Schedule:
        return with_steps(schedule, (s for s in schedule.steps if job_of(s) is None or job_of(s) in jobs))

    _least(list(dict.fromkeys(job for s in schedule.steps if (job := job_of(s)) is not None)), only, search)


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
