"""Which of many things does a failure need?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def fewest(items: Sequence[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """A subset, in the same order, that still fails and of which nothing single can be spared.

    Minimizing delta debugging (Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), by
    complements only: first nothing at all, then all but a half, all but a quarter, … all but one. `items` itself must
    fail.
    """
    kept = list(items)
    if not kept or fails([]):
        return []
    size = max(1, len(kept) // 2)
    while True:
        shorter = _without_runs_of(kept, size, fails)
        spared = len(shorter) < len(kept)
        kept = shorter
        if size == 1 and not spared:
            return kept
        size = min(size, max(1, len(kept) // 2)) if spared and size > 1 else max(1, size // 2)


def _without_runs_of(kept: list[T], size: int, fails: Callable[[list[T]], bool]) -> list[T]:
    """From the end to the beginning: what comes last is spared most easily."""
    end = len(kept)
    while end > 0:
        start = max(0, end - size)
        candidate = kept[:start] + kept[end:]
        if len(candidate) < len(kept) and candidate and fails(candidate):
            kept = candidate
        end = start
    return kept
