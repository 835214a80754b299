"""When things happen: soon, and at round times."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from faults import Fault, Lasts
from harness import registry
from harness.schedule import FaultAt, Schedule, Step
from harness.shrink.explicit import fault_of, words_of
from harness.shrink.search import Search

_MS = 1_000_000
_ROUND_NS = (100 * _MS, 200 * _MS, 500 * _MS, 1000 * _MS)  # what a reader likes to see between two things, best first
_FINE_NS = (10 * _MS, 1 * _MS)  # and what is still better than nanoseconds


def tidy(search: Search) -> None:
    """Events nearer to each other, at rounder times, and an end soon after the last of them. All at once where that
    goes, else one after the other."""
    if not search.takes(evenly(search.best)):
        search.takes(_all_apart(search.best, lambda gap_ns: max(gap_ns // _FINE_NS[0], 1) * _FINE_NS[0]))
        for number in range(len(_marks(search.best))):
            _closer(number, search)
    _end_soon(search)


def evenly(schedule: Schedule) -> Schedule:
    return _all_apart(schedule, lambda gap_ns: _ROUND_NS[0])


def _all_apart(schedule: Schedule, pause: Callable[[int], int]) -> Schedule:
    """All pauses as they should be; a fault that cannot last so long keeps its length."""
    for number in range(len(_marks(schedule))):
        marks = _marks(schedule)
        if number < len(marks):
            gap_ns = marks[number] - (marks[number - 1] if number else 0)
            if (wanted_ns := pause(gap_ns)) != gap_ns:
                schedule = _moved(schedule, marks[number], wanted_ns - gap_ns) or schedule
    return schedule


def until(schedule: Schedule, end_ns: int) -> Schedule:
    """What has begun by then, over by then."""
    faults = [kept for at in schedule.faults if at.at_ns < end_ns and (kept := _clipped(at, end_ns, schedule))]
    steps = [s for s in schedule.steps if s.at_ns <= end_ns]
    return msgspec.structs.replace(schedule, steps=steps, faults=faults, duration_ns=end_ns)


def _clipped(at: FaultAt, end_ns: int, schedule: Schedule) -> FaultAt | None:
    """One that waits for an event may last as long as the plan."""
    longest_ns = end_ns if at.moment is not None else end_ns - at.at_ns
    return _lasting(at, min(at.for_ns, longest_ns), schedule)


def _marks(schedule: Schedule) -> list[int]:
    """All times at which something begins or ends that waits for nothing, ns."""
    timed = [f for f in schedule.faults if f.moment is None]
    return sorted({s.at_ns for s in schedule.steps} | {f.at_ns for f in timed} | {f.at_ns + f.for_ns for f in timed})


def _closer(number: int, search: Search) -> None:
    """The best pause before the `number`-th mark; everything after it moves along."""
    schedule, marks = search.best, _marks(search.best)
    if number >= len(marks):  # two of them have become one
        return
    gap_ns = marks[number] - (marks[number - 1] if number else 0)
    for wanted_ns in _wanted(gap_ns):
        candidate = _moved(schedule, marks[number], wanted_ns - gap_ns)
        if candidate is not None and search.takes(candidate):
            return


def _wanted(gap_ns: int) -> Iterator[int]:
    """Pauses to try, the most welcome first, until one is what it is already."""
    rounded = [gap_ns // unit_ns * unit_ns for unit_ns in (_ROUND_NS[0], *_FINE_NS)]
    for wanted_ns in dict.fromkeys((_ROUND_NS[0], *(r for r in rounded if r), _FINE_NS[0], 0)):
        if wanted_ns == gap_ns:
            return
        yield wanted_ns


def _moved(schedule: Schedule, from_ns: int, by_ns: int) -> Schedule | None:
    """Everything from `from_ns` on happens later by that, or earlier. None: a fault cannot last as long as it would."""

    def new(time_ns: int) -> int:
        return time_ns + by_ns if time_ns >= from_ns else time_ns

    steps: list[Step] = [msgspec.structs.replace(s, at_ns=new(s.at_ns)) for s in schedule.steps]
    faults: list[FaultAt] = []
    for at in schedule.faults:
        if at.moment is not None:
            faults.append(at)
            continue
        begin_ns, end_ns = new(at.at_ns), new(at.at_ns + at.for_ns)
        moved = _lasting(msgspec.structs.replace(at, at_ns=begin_ns), end_ns - begin_ns, schedule)
        if moved is None:
            return None
        faults.append(moved)
    steps.sort(key=lambda s: (s.at_ns, s.process))
    faults.sort(key=lambda f: (f.at_ns, f.fault, f.index))
    return msgspec.structs.replace(
        schedule, steps=steps, faults=faults, duration_ns=schedule.duration_ns + max(by_ns, 0)
    )


def _lasting(at: FaultAt, for_ns: int, schedule: Schedule) -> FaultAt | None:
    if for_ns == at.for_ns:
        return at
    if for_ns <= 0:
        return None
    changed = msgspec.structs.replace(at, for_ns=for_ns)
    fault: Fault = registry.find("fault", at.action)
    if not isinstance(fault, Lasts):
        return changed
    return fault_of(words_of(changed), schedule.system)


def _end_soon(search: Search) -> None:
    """The plan is over at a round time after the last thing that happens: as soon as can be."""
    schedule = search.best
    last_ns = max(_marks(schedule), default=0)
    for after_ns in (*_ROUND_NS, 2000 * _MS, 5000 * _MS):
        duration_ns = (last_ns + after_ns) // _ROUND_NS[0] * _ROUND_NS[0]
        if duration_ns >= schedule.duration_ns:
            return
        if search.takes(until(schedule, duration_ns)):
            return
