"""Storms: reconnects and fetches that follow each other faster than any sensible back-off lets them.

A back-off that doubles makes six attempts in the first ten seconds (unscaled) and fewer in all that follow, also when
it begins anew after five seconds registered; one that is hurried by heads and presence makes a few more. What makes
several times as many has no back-off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from checkers.traffic.bounds import Bounds
from harness.history import Op

_WINDOW_S = 10.0  # unscaled
ATTEMPTS = 15  # sockets opened by one client within the window
RETRIES = 40  # repetitions of one failed fetch within the window


class Rate:
    """How many events of one kind lie within the window, and the first time that there were too many."""

    def __init__(self, most: int, window_ns: int) -> None:
        self._most, self._window_ns = most, window_ns
        self._recent: deque[tuple[int, Op | None]] = deque()

    def forget(self) -> None:
        self._recent.clear()

    def add(self, time_ns: int, op: Op | None) -> tuple[Op | None, Op | None] | None:
        """One more; the first and the last of too many."""
        recent = self._recent
        recent.append((time_ns, op))
        while recent[0][0] < time_ns - self._window_ns:
            recent.popleft()
        return (recent[0][1], op) if len(recent) > self._most else None


class Storms:
    def __init__(self, bounds: Bounds) -> None:
        self._window_ns = round(_WINDOW_S * bounds.scale * 1e9)
        self._sockets: dict[str, Rate] = {}
        self._fetches: dict[Hashable, Rate] = {}
        self._skewed: dict[str, int] = {}  # clients whose clocks run at another rate: so do their pauses

    def skew(self, client: str, by: int) -> None:
        self._skewed[client] = self._skewed.get(client, 0) + by
        self.pardon(client)

    def pardon(self, client: str) -> None:
        """It was started, or brought to the foreground: the back-off begins anew, rightly."""
        if client in self._sockets:
            self._sockets[client].forget()
        for key, rate in self._fetches.items():
            if isinstance(key, tuple) and key[0] == client:
                rate.forget()

    def opens(self, client: str, time_ns: int, op: Op | None) -> tuple[Op | None, Op | None] | None:
        """A socket was opened."""
        if self._skewed.get(client):
            return None
        return self._sockets.setdefault(client, Rate(ATTEMPTS, self._window_ns)).add(time_ns, op)

    def retries(self, client: str, what: Hashable, op: Op) -> tuple[Op | None, Op | None] | None:
        """A failed fetch is repeated."""
        if self._skewed.get(client):
            return None
        return self._fetches.setdefault((client, what), Rate(RETRIES, self._window_ns)).add(op.time_ns, op)


def is_clock(op: Op) -> bool:
    return isinstance(op.value, dict) and op.value.get("action") == "clock"
