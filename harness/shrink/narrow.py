"""Guesses, before anything is tried one by one: what a finding tells of itself is most of what it needs."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.schedule import FaultAt, Schedule
from harness.shrink.clues import Clue
from harness.shrink.search import Search
from harness.shrink.steps import job_of, with_steps
from harness.shrink.times import until

_UNIT_NS = 100_000_000
_SHARES = (0.125, 0.25, 0.5)
_SUSPECTS = 3  # faults that are tried alone


def narrow(search: Search) -> None:
    """The end is cut behind the finding, and what is about other jobs goes; then the faults that were not near."""
    any(search.takes(candidate) for candidate in less(search.best, search.clue))
    if search.clue.until_ns is None:
        any(search.takes(candidate) for candidate in about_it(search.best, search.clue))
    if len(search.best.faults) > 1:
        any(search.takes(candidate) for candidate in _suspects(search))


def less(whole: Schedule, clue: Clue) -> Iterator[Schedule]:
    """What may be enough of it. Where only the end shows a failure: over early, before as much has happened."""
    if clue.until_ns is None:
        yield from (until(whole, _rounded_up(round(whole.duration_ns * share))) for share in _SHARES)
    else:
        yield from about_it(whole, clue)


def about_it(whole: Schedule, clue: Clue) -> Iterator[Schedule]:
    """Less than the whole, from the boldest guess to the most timid one."""
    end_ns = _rounded_up(clue.until_ns) if clue.until_ns is not None else whole.duration_ns
    early = until(whole, end_ns) if end_ns < whole.duration_ns else whole
    if clue.jobs:
        yield with_steps(early, (s for s in early.steps if job_of(s) in clue.jobs or s.f == "open"))
        yield with_steps(early, (s for s in early.steps if job_of(s) is None or job_of(s) in clue.jobs))
    if early is not whole:
        yield early


def _suspects(search: Search) -> Iterator[Schedule]:
    """No fault at all; then single ones, those that began last before it first."""
    schedule, clue = search.best, search.clue
    yield msgspec.structs.replace(schedule, faults=[])
    by_ns = schedule.duration_ns if clue.until_ns is None else clue.until_ns

    def far_ns(fault: FaultAt) -> tuple[bool, int]:
        return fault.at_ns > by_ns, abs(by_ns - fault.at_ns)

    for fault in sorted(schedule.faults, key=far_ns)[:_SUSPECTS]:
        yield msgspec.structs.replace(schedule, faults=[fault])


def _rounded_up(time_ns: int) -> int:
    return -(-time_ns // _UNIT_NS) * _UNIT_NS
