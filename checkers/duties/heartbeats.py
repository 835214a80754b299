"""A client says that it is alive, however much else it says."""

from __future__ import annotations

from dataclasses import dataclass

from harness.history import Tap


@dataclass
class _Line:
    """One connection. `since_ns`: from when on its client has spoken steadily and sent no heartbeat."""

    since_ns: int
    last_ns: int
    told: bool = False


class Heartbeats:
    """A client that says nothing at all may sleep, or be stopped; one that speaks steadily has no excuse."""

    def __init__(self, heartbeat_ns: int, slack_ns: int) -> None:
        self._steady_ns = heartbeat_ns // 2
        self._most_ns = 4 * heartbeat_ns + slack_ns  # one or two may wait behind what a full buffer keeps
        self._lines: dict[tuple[str, int], _Line] = {}

    def is_missing(self, tap: Tap) -> bool:
        """Fed everything that a client sends. True once for a connection."""
        line = self._lines.setdefault((tap.link, tap.conn), _Line(tap.time_ns, tap.time_ns))
        if tap.type == "heartbeat" or tap.time_ns - line.last_ns > self._steady_ns:
            line.since_ns = tap.time_ns
        line.last_ns = tap.time_ns
        if line.told or tap.time_ns - line.since_ns <= self._most_ns:
            return False
        line.told = True
        return True
