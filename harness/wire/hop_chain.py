"""One direction of one connection while toxics that Toxiproxy cannot have safely work on it, on the kernel's clock.

Toxiproxy's own `timeout` closes connections only when it is deleted, which can panic the server; its `reset_peer` turns
every end of a connection into a reset by its mere presence; and its proxy has one toxic of each type for a direction,
so two faults cannot have a toxicity of their own. So these work here, with the stubs that work in the simulator.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Literal, Protocol

from harness.wire.toxics import CLOSE, DATA, Due, Passing, Stub, Toxic, through


class Ends(Protocol):
    """The connection of a chain."""

    @property
    def live(self) -> bool: ...

    def sever(self, how: Literal["reset"]) -> None: ...

    def close(self) -> None:
        """Both ends of it."""
        ...


class Arrival(Protocol):
    """Where a direction leaves the link."""

    def deliver(self, data: bytes) -> None: ...

    def deliver_end(self, kind: str) -> None:
        """`toxics.FIN` or `RESET`."""
        ...


class Chain:
    """What is under way, first in, first out. `name` is that of its random streams. It keeps nothing, and costs
    nothing, while it is `idle`."""

    def __init__(self, name: str, connection: Ends, to: Arrival) -> None:
        self.name, self.connection = name, connection
        self.stubs: list[Stub] = []
        self.size = 0  # bytes under way
        self._to = to
        self._flight: deque[Passing] = deque()
        self._last_ns = 0
        self._finished = False  # a toxic has closed the connection

    @property
    def idle(self) -> bool:
        return not (self.stubs or self._flight or self._finished)

    @property
    def over(self) -> bool:
        """Nothing that is offered from now on arrives."""
        return self._finished or not self.connection.live

    @property
    def now_ns(self) -> int:
        return time.monotonic_ns()

    def at_ns(self, when_ns: int, item: Due) -> None:
        asyncio.get_running_loop().call_later(max(0, when_ns - self.now_ns) / 1e9, self._come, when_ns, item)

    def _come(self, when_ns: int, item: Due) -> None:
        """A loop's timer may be early by its clock's resolution."""
        if self.now_ns < when_ns:
            self.at_ns(when_ns, item)
        else:
            item.due()

    def install(self, toxic: Toxic, seed: int, *, is_new: bool) -> None:
        """For what is offered from now on."""
        if stub := toxic.stub(self, seed, is_new=is_new):
            self.stubs.append(stub)
            self.stubs.sort(key=lambda each: each.RANK)

    def uninstall(self, toxic: Toxic) -> None:
        """What waited at the toxic goes on at once, and arrives when the others let it."""
        for stub in self.stubs:
            if stub.toxic is toxic:
                self.stubs.remove(stub)
                self._retime(stub)
                stub.remove()
                return

    def offer(self, kind: str, data: bytes = b"") -> None:
        """Bytes that came (`toxics.DATA`), or an end of the stream."""
        if self.over:
            return
        for piece in through(self.stubs, kind, data) or ():
            passing = Passing(kind, piece, self.now_ns)
            passing.leaves = dict.fromkeys(self.stubs, 0)
            self._last_ns = passing.at_ns = max(self._last_ns, passing.leave_ns())
            self._flight.append(passing)
            self.size += len(piece)
        if kind is DATA and any(stub.wants_end for stub in self.stubs):
            self.finish()
        self.due()

    def finish(self) -> None:
        """A toxic closes the connection, as soon as what is under way has arrived."""
        if not self.over:
            self.offer(CLOSE)
            self._finished = True

    def due(self) -> None:
        """Let go of whatever has waited long enough."""
        while self._flight and self._flight[0].at_ns <= self.now_ns:
            self._deliver(self._flight.popleft())
        if self._flight:
            self.at_ns(self._flight[0].at_ns, self)

    def _deliver(self, passing: Passing) -> None:
        self.size -= len(passing.data)
        for stub, left_ns in (passing.leaves or {}).items():
            stub.delivered_ns = left_ns
        if passing.kind is DATA:
            self._to.deliver(passing.data)
        elif passing.kind is CLOSE:
            self.connection.close()
        else:
            self._to.deliver_end(passing.kind)

    def _retime(self, without: Stub) -> None:
        """The stubs that are left are asked again, from what they let pass to what has arrived."""
        now_ns = last_ns = self.now_ns
        for stub in self.stubs:
            stub.last_ns = stub.delivered_ns
        for passing in self._flight:
            last_ns = passing.at_ns = max(last_ns, passing.leave_ns(without, now_ns))
        self._last_ns = last_ns
        self.due()
