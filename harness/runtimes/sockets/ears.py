"""What a run hears of its nodes and links, up to one moment for all of them.

Journals and taps come over connections of their own. When a run ends, each of them stops somewhere: had one been heard
for longer than another, a call would have ended whose answer nobody saw pass.
"""

from __future__ import annotations

from typing import Any

from harness.history import Tap
from harness.runtimes import RunSpec


class Ears:
    """Hands on what comes in, in any order of time."""

    def __init__(self, spec: RunSpec) -> None:
        self._journal, self._tap = spec.journal, spec.tap
        self._until_ns: int | None = None

    def close(self, now_ns: int) -> None:
        """What happens from now on is not heard; what happened before still is, whenever it comes in."""
        self._until_ns = now_ns

    def journal(self, node: str, line: str, fields: dict[str, Any], time_ns: int) -> None:
        if self._until_ns is None or time_ns <= self._until_ns:
            self._journal(node, line, fields, time_ns)

    def tap(self, tap: Tap) -> None:
        if self._until_ns is None or tap.time_ns <= self._until_ns:
            self._tap(tap)
