"""A client says that it is alive, however much else it says.

A client that says nothing at all may sleep, or be stopped; one that speaks steadily has no excuse, but for a path that
takes no more: then a heartbeat waits until there is room, while other tasks of its client hand over what they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.history import Tap

_FULL_BYTES: Final = 32 * 1024  # on its way: from then on `websockets` lets a sender wait


@dataclass
class _Line:
    """One connection. `since_ns`: from when on its client has spoken steadily and freely and sent no heartbeat."""

    since_ns: int
    last_ns: int
    waiting: int = 0  # bytes that have entered the link and not left it
    told: bool = False


class Heartbeats:
    """Fed what a client sends: `is_missing` as it enters the link, `left` as it leaves it."""

    def __init__(self, heartbeat_ns: int, slack_ns: int) -> None:
        self._steady_ns = heartbeat_ns // 2
        self._most_ns = 2 * heartbeat_ns + slack_ns
        self._lines: dict[tuple[str, int], _Line] = {}

    def is_missing(self, tap: Tap) -> bool:
        """True once for a connection."""
        line = self._lines.setdefault((tap.link, tap.conn), _Line(tap.time_ns, tap.time_ns))
        paused = tap.time_ns - line.last_ns > self._steady_ns
        if tap.type == "heartbeat" or paused or line.waiting > _FULL_BYTES:
            line.since_ns = tap.time_ns
        line.waiting += tap.bytes
        line.last_ns = tap.time_ns
        if line.told or tap.time_ns - line.since_ns <= self._most_ns:
            return False
        line.told = True
        return True

    def left(self, tap: Tap) -> None:
        line = self._lines.get((tap.link, tap.conn))
        if line is not None:
            line.waiting = max(0, line.waiting - tap.bytes)
