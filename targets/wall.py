"""The wall clock of a component: the computer's, off by what its probe was told (`CLOCK_OFFSET_MS`)."""

from __future__ import annotations

import time

_off_s = 0.0


def now_s() -> float:
    return time.time() + _off_s


def set_off(by_ms: float) -> None:
    """Of this program, until it is told otherwise. The simulator gives each node a clock of its own instead."""
    global _off_s  # noqa: PLW0603  (a program has one clock)
    _off_s = by_ms / 1000
