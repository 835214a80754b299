"""Words of plans while they are drawn: times in steps, and the order in which people write them."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

Words = dict[str, Any]

OPENS_MS: Final = 100  # the first screen
STEP_MS: Final = 50  # the first job comes one step later, and everything else so many later still
STEPS: Final = st.integers(0, 24)


def in_order(words: Words) -> list[str]:
    """As people write them, whatever order they are drawn in."""
    first = ("action", "at", "node", "do", "job", "jobs", "rate")
    return [*(word for word in first if word in words), *sorted(words.keys() - set(first))]


def time_at(steps: int) -> str:
    return f"{OPENS_MS + STEP_MS * (2 + steps)}ms"
