"""When a silent peer is given up: what counts as a sign of life, and how long a connection may do without one.

The relay pings and clients send heartbeats, so a healthy connection is never silent for long. The design document says
nothing of dead peers; the protocol asks the rules of the hardened side of both profiles, and the other side of these
slots is what a client or relay does that never thought of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from websockets.protocol import State

from targets.policy import Slot
from targets.timing import Timing


class Heard(Protocol):
    """A connection that knows when something came in: any bytes, a frame that the library showed (loop time)."""

    last_bytes_s: float
    last_frame_s: float


class Signs(Protocol):
    def last_s(self, ws: Heard) -> float:
        """When the peer gave its last sign of life (loop time)."""
        ...


class FramesCount:
    """Document: silent; a client that looks at the messages which its library shows it never sees a ping."""

    def last_s(self, ws: Heard) -> float:
        return ws.last_frame_s


class PingsCount:
    """Any bytes are a sign of life, pings too, though the library answers them without showing them. Without it a
    healthy client to whom nobody has anything to say throws its connection away every time the limit is over."""

    def last_s(self, ws: Heard) -> float:
        return ws.last_bytes_s


PINGS_COUNT: Slot[Signs] = Slot("transport.pings-count", FramesCount(), PingsCount(), role="link")


class Patience(Protocol):
    def limit_s(self, timing: Timing) -> float | None:
        """A connection that is silent for so long is closed; None: never."""
        ...


class Endless:
    """Document: silent; a socket is there until somebody says that it is not."""

    def limit_s(self, timing: Timing) -> float | None:
        return None


class GivesUpRelay:
    """A client closes a connection on which nothing has come for a minute. Without it one that carries nothing any
    more, and whose end nobody told, is believed in for ever: the client is reached by nothing and never comes back."""

    def limit_s(self, timing: Timing) -> float | None:
        return timing.dead_peer_s


DEAD_RELAY: Slot[Patience] = Slot("transport.dead-relay", Endless(), GivesUpRelay(), role="link")


class Watchdog:
    """Aborts a connection whose last sign of life is `limit_s` old: one timer, moved only when it goes off."""

    def __init__(
        self, ws: Any, limit_s: float | None, last_s: Callable[[Any], float], on_dead: Callable[[], None]
    ) -> None:
        self._ws, self._last_s, self._on_dead = ws, last_s, on_dead
        self._loop = asyncio.get_running_loop()
        ws.last_bytes_s = ws.last_frame_s = self._loop.time()
        self._limit_s = limit_s or 0.0
        self._timer = None if limit_s is None else self._loop.call_later(limit_s, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        due_s = self._last_s(self._ws) + self._limit_s
        if self._loop.time() < due_s:
            self._timer = self._loop.call_at(due_s, self._look)
            return
        if self._ws.state is not State.CLOSED:
            self._on_dead()
            self._ws.transport.abort()
