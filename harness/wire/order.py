"""Deliveries in an order that was recorded, as closely as real time allows: for a run that is played again.

The record is the sequence of all deliveries of a run, over all links. A message that comes waits until those before it
in the record were delivered, but no longer than `PATIENCE_S`: what was sent by a timer, or is not sent at all this
time, must not hold up the rest. Names of messages differ from run to run; a message is told by its direction, its type
and its job, and among equal ones by their number.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final

from harness.history import Tap
from harness.wire.splitter import Piece

Step = tuple[str, str, str | None]  # direction, type, job

PATIENCE_S: Final = 0.05  # far below the time-outs of fast timing
_BY_A_TIMER: Final = frozenset({"heartbeat", ""})


def recorded(taps: Iterable[Tap]) -> list[Step]:
    """The deliveries of a run, in the order of time."""
    out = sorted((tap for tap in taps if tap.side == "out" and tap.type not in _BY_A_TIMER), key=lambda t: t.time_ns)
    return [(tap.link, tap.type, tap.job) for tap in out]


class Order:
    """`counts`: `in_order`; `hurried`, whose time to wait was over; `late`, for which the next ones had not waited any
    longer; `unknown` to the record."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.counts = dict.fromkeys(("in_order", "hurried", "late", "unknown"), 0)
        self.length = 0
        self._places: dict[Step, deque[int]] = {}
        self._next = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self.extend(steps)

    def extend(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self._places.setdefault(step, deque()).append(self.length)
            self.length += 1

    async def turn(self, step: Step) -> None:
        """Wait until it is the turn of such a message."""
        places = self._places.get(step)
        if not places:
            self.counts["unknown"] += step[1] not in _BY_A_TIMER
            return
        place = places.popleft()
        if place < self._next:
            self.counts["late"] += 1
            return
        if place > self._next:
            await self._wait(place)
        else:
            self.counts["in_order"] += 1
        self._passed(place)

    async def _wait(self, place: int) -> None:
        waiting = self._waiting[place] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await waiting
            self.counts["in_order"] += 1
        except TimeoutError:
            self.counts["hurried"] += 1
            await self._let_go_before(place)
        finally:
            self._waiting.pop(place, None)

    async def _let_go_before(self, place: int) -> None:
        """Who came and waits for what does not come goes first."""
        while earlier := [p for p in self._waiting if p < place]:
            self._wake(min(earlier))
            await asyncio.sleep(0)

    def _passed(self, place: int) -> None:
        """Nobody waits any longer for what should have come before it; the next one may have its turn."""
        self._next = max(self._next, place + 1)
        self._wake(self._next)

    def _wake(self, place: int) -> None:
        waiting = self._waiting.get(place)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


class Queue:
    """What one connection delivers in one direction, each thing when the one before it has gone. `size`: in bytes."""

    def __init__(self, go: Callable[[Piece | bytes | str], Awaitable[None]]) -> None:
        """`go` delivers a piece, bytes that are no piece, or an end by its name."""
        self.size = 0
        self._go = go
        self._things: asyncio.Queue[Piece | bytes | str] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def put(self, *things: Piece | bytes | str) -> None:
        for thing in things:
            self.size += _bytes(thing)
            self._things.put_nowait(thing)

    def stop(self) -> None:
        """What still waits is lost, as on a connection that has ended."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            thing = await self._things.get()
            with suppress(OSError):
                await self._go(thing)
            self.size -= _bytes(thing)


def _bytes(thing: Piece | bytes | str) -> int:
    return len(thing.raw) if isinstance(thing, Piece) else len(thing)
