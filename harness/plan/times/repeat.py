"""When a fault occurs: once, or again and again at drawn times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from faults import Every, Fault, Lasts, Timed
from harness.schedule import Awaited

MAX_OCCURRENCES = 10_000  # of one fault; more is a mistake in the plan


@dataclass(frozen=True)
class When:
    """One occurrence: `index` counts all candidates, those that `occurs` skipped as well."""

    index: int
    at_ns: int
    for_ns: int

    @property
    def heal_ns(self) -> int:
        return self.at_ns + self.for_ns


def awaited(words: Timed, drawn_ns: int) -> Awaited | None:
    """The event that a fault waits for, with what was drawn from its `within`; None for one that begins at a time."""
    moment = words.moment
    if moment is None:
        return None
    return Awaited(after=moment.after, node=moment.node, nth=moment.nth, later_ns=moment.later + drawn_ns)


def lasts_ns(fault: Fault, words: Any, duration_ns: int, begin_ns: int) -> int:
    """How long an occurrence that begins at `begin_ns` lasts; without any word of it, until the plan is over."""
    if isinstance(fault, Lasts):
        return fault.lasts_ns(words)
    return words.for_ if words.for_ is not None else max(1, duration_ns - begin_ns)


def occurrences(
    fault: Fault, words: Timed, duration_ns: int, random: Random, leader: Sequence[When] | None = None
) -> list[When]:
    """All occurrences that end before the plan does. `random` is the fault's own stream; `leader`: those of the fault
    that it begins after.

    After a leader that is repeated, an occurrence has the index of the leader's.
    """
    if leader is None:
        return _once(fault, words, duration_ns, random, 0)
    if words.every is not None:
        return _once(fault, words, duration_ns, random, leader[0].heal_ns) if leader else []
    found: list[When] = []
    for led in leader:
        at_ns = led.heal_ns + words.at_ns
        when = When(led.index, at_ns, lasts_ns(fault, words, duration_ns, at_ns))
        overlaps = bool(found) and at_ns < found[-1].heal_ns
        if when.heal_ns <= duration_ns and not overlaps and _drawn(words, random):
            found.append(when)
    return found


def _once(fault: Fault, words: Timed, duration_ns: int, random: Random, base_ns: int) -> list[When]:
    """From `base_ns` on: one occurrence, or with `every` all that follow it."""
    for_ns = lasts_ns(fault, words, duration_ns, base_ns + words.at_ns)
    found = []
    for index, at_ns in enumerate(_starts(words, for_ns, duration_ns, random, base_ns)):
        if at_ns + for_ns > duration_ns or index >= MAX_OCCURRENCES:
            break
        if _drawn(words, random):
            found.append(When(index, at_ns, for_ns))
    return found


def _drawn(words: Timed, random: Random) -> bool:
    return words.occurs == 1 or random.random() < words.occurs


def _starts(words: Timed, for_ns: int, duration_ns: int, random: Random, base_ns: int) -> Iterator[int]:
    """Times of occurrences in order; a next one begins no sooner than the last has healed."""
    if words.every is None:
        yield base_ns + words.at_ns
        return
    at_ns = base_ns + (words.at_ns if words.at is not None else _gap_ns(words.every, random))
    while at_ns <= duration_ns:
        yield at_ns
        at_ns += max(_gap_ns(words.every, random), for_ns, 1)


def _gap_ns(every: Every, random: Random) -> int:
    if every.dist == "constant":
        return every.mean
    if every.dist == "uniform":
        return round(every.mean * (0.5 + random.random()))
    return round(every.mean * exponential(random))


def exponential(random: Random) -> float:
    """A draw of mean 1 by comparisons of uniform draws alone: the same on every platform, as no logarithm is taken.

    Source: J. von Neumann, "Various techniques used in connection with random digits" (1951). Uniform draws are taken
    while they descend; a run of odd length gives its first draw as the fraction, a run of even length adds 1 and
    begins anew.
    """
    whole = 0
    while True:
        first = last = random.random()
        length = 1
        while (draw := random.random()) < last:
            last, length = draw, length + 1
        if length % 2:
            return whole + first
        whole += 1
