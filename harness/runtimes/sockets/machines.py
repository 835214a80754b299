"""What can befall a program: it is killed and started anew, or paused. All else is the simulator's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from faults import Effect, Signal
from harness.runtimes.probe_client import JournalSink, ProbeClient
from harness.runtimes.sockets.grounds import GroundsError, Reach
from harness.runtimes.sockets.layout import STORE_LATENCY_MS

VERBS: Final = frozenset({"kill", "pause", "wipe_store", "skew", "slow_disk"})
WHY_NOT: Final[Mapping[str, str]] = {
    "cut_power": "no `power: true`: what a program wrote is kept by the host's kernel, which stays up",
    "clock_rate": "no `rate`: programs share the clock of their kernel; only the simulator has one per node",
    "disturb": "when a task goes on is its own program's business; only the simulator has all of them in one loop",
    "fill_disk": "programs share the disk of the host; only the simulator has one per node",
}
_ACCESSES: Final = ("commit-begin", "cache", "rpc")  # lines of a desktop's journal that go with accesses of its store
_END_LIMIT_S: Final = 5.0  # a process that was sent TERM ends by itself within this, or is killed
_POLL_S: Final = 0.02
_START_LIMIT_S: Final = 30.0


class Machines:
    """The machine verbs of a stage. Grounds that refuse leave an ailment, never an error."""

    def __init__(
        self,
        reach: Callable[[str], Reach],
        until_up: Callable[[str], Awaitable[object]],
        probes: Mapping[str, ProbeClient],
        journal: JournalSink,
        ailments: list[str],
    ) -> None:
        """`reach(node)` is the way to a node, `until_up(node)` waits until it can be used."""
        self._reach, self._until_up = reach, until_up
        self._clients, self._journal, self._complaints = probes, journal, ailments
        self._down: dict[str, int] = {}
        self._endings: dict[str, asyncio.Task[Any]] = {}  # of those that were told to end, last
        self._paused: dict[str, int] = {}
        self._skews: dict[str, list[float]] = {}
        self._slow: dict[str, list[float]] = {}

    @asynccontextmanager
    async def kill(self, node: str, signal: Signal, effect: Effect) -> AsyncIterator[None]:
        """It begins with the signal, not when the program has heeded it: what that does is the fault's work."""
        self._down[node] = self._down.get(node, 0) + 1
        ending: asyncio.Task[Any] | None = None
        try:
            if self._down[node] == 1 and await self._done(self._tell_to_end(node, signal)):
                ending = self._endings[node] = asyncio.create_task(self._done(self._until_gone(node)))
                if signal == "KILL":
                    await asyncio.shield(ending)
            yield
        finally:
            if ending is not None and await ending:
                effect.met(processes_killed=1)
            self._down[node] -= 1
            if not self._down[node] and await self._done(self._start(node)):
                effect.note(processes_restarted=1)
                if node in self._skews or node in self._slow:
                    await self._tell(node)

    async def _tell_to_end(self, node: str, signal: Signal) -> bool:
        reach = self._reach(node)
        reach.expect_death(node)
        try:
            await reach.signal(node, signal)
        except GroundsError:  # it has ended by itself: that death is not the plan's
            reach.forget_death(node)
            raise
        return True

    async def _until_gone(self, node: str) -> bool:
        reach = self._reach(node)
        deadline_s = time.monotonic() + _END_LIMIT_S
        while await reach.runs(node):
            if time.monotonic() > deadline_s:
                await reach.signal(node, "KILL")
                deadline_s += _END_LIMIT_S
            await asyncio.sleep(_POLL_S)
        return True

    async def _start(self, node: str) -> bool:
        client = self._clients[node]
        await client.closed()  # what the dead one had still written is read first
        client.restarted()
        self._journal(node, "started", {"incarnation": client.incarnation}, time.monotonic_ns())
        await self._reach(node).start(node)
        async with asyncio.timeout(_START_LIMIT_S):
            await self._until_up(node)
        return True

    @asynccontextmanager
    async def pause(self, node: str, effect: Effect) -> AsyncIterator[None]:
        self._paused[node] = self._paused.get(node, 0) + 1
        try:
            if self._paused[node] == 1:
                await self._done(self._reach(node).pause(node))
            if await self._done(self._reach(node).runs(node)):
                effect.met(processes_paused=1)
            yield
        finally:
            self._paused[node] -= 1
            if not self._paused[node]:
                await self._done(self._reach(node).unpause(node))

    @asynccontextmanager
    async def wipe_store(self, node: str, effect: Effect) -> AsyncIterator[None]:
        """Comes inside of `kill`: it begins when the program has ended."""
        if node in self._endings:
            await asyncio.shield(self._endings[node])
        if await self._done(self._reach(node).wipe(node)):
            effect.note(stores_wiped=1)
        yield

    # ---- what its probe is told -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def skew(self, node: str, skew_ms: float, rate: float, effect: Effect) -> AsyncIterator[None]:
        """The wall clock of the program itself; skews add up. Its monotonic clock is the kernel's."""
        async with self._told(node, self._skews, skew_ms) as heeded:
            if heeded:
                effect.met(clocks_set_off=1)
            yield

    @asynccontextmanager
    async def slow_disk(self, node: str, latency_ms: float, effect: Effect) -> AsyncIterator[None]:
        lines = self._clients[node].lines
        async with self._told(node, self._slow, latency_ms):
            before = sum(lines[name] for name in _ACCESSES)
            try:
                yield
            finally:
                effect.met(statements_slowed=sum(lines[name] for name in _ACCESSES) - before)

    @asynccontextmanager
    async def _told(self, node: str, table: dict[str, list[float]], value: float) -> AsyncIterator[bool]:
        of_node = table.setdefault(node, [])
        of_node.append(value)
        try:
            yield await self._tell(node)
        finally:
            of_node.remove(value)
            await self._tell(node)

    async def _tell(self, node: str) -> bool:
        """All that is in force. A node that is down is told when it comes back."""
        if self._down.get(node):
            return False
        slow_ms = sum(self._slow.get(node, ()))
        said: dict[str, Any] = {"CLOCK_OFFSET_MS": sum(self._skews.get(node, ()))}
        if node in self._slow:
            said["STORE_LATENCY_MS"] = f"{STORE_LATENCY_MS[0] + slow_ms:g}..{STORE_LATENCY_MS[1] + slow_ms:g}"
        why_not = await self._clients[node].set(said)
        if why_not is not None:
            self._complaints.append(f"a fault could not act on a program: {why_not}")
        return why_not is None

    async def _done(self, asked: Awaitable[Any]) -> Any:
        try:
            return await asked
        except (GroundsError, TimeoutError) as exc:
            self._complaints.append(f"a fault could not act on a program: {exc or type(exc).__name__}")
            return None

    # ---- refused before anything starts ---------------------------------------------------------------------------

    def cut_power(self, node: str, stream: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["cut_power"])

    def fill_disk(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["fill_disk"])

    def disturb(
        self, node: str, chance: float, delay_ms: float, stream: str, effect: Effect
    ) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["disturb"])
