"""What of a long run stands on its timeline: that which is near its findings, or else its beginning."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def nearest(places: Sequence[int], centres: Sequence[int], most: int) -> list[int]:
    """Which `most` of the places (they ascend) are nearest to a centre, ascending; without a centre the first ones."""
    if len(places) <= most:
        return list(range(len(places)))
    if not centres:
        return list(range(most))
    ordered = sorted(set(centres))
    far = sorted(range(len(places)), key=lambda at: (_distance(places[at], ordered), at))
    return sorted(far[:most])


def _distance(place: int, centres: list[int]) -> int:
    at = bisect_left(centres, place)
    return min(abs(place - centre) for centre in centres[max(0, at - 1) : at + 1])


def gaps(kept: Sequence[int], times: Sequence[int], end: int) -> list[tuple[int, int]]:
    """The stretches of time in which places are left out: before, between and after those that are kept."""
    found = []
    last, since = -1, times[0] if times else 0
    for at in kept:
        if at > last + 1:
            found.append((since, times[at]))
        last, since = at, times[at]
    if last + 1 < len(times):
        found.append((since, end))
    return found
