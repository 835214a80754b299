"""What can befall a container: it is killed and started anew, or paused. All else is the simulator's."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from docker.errors import APIError

from faults import Effect, Signal
from harness.runtimes.docker.containers import Containers
from harness.runtimes.probe_client import JournalSink, ProbeClient

VERBS: Final = frozenset({"kill", "pause"})
WHY_NOT: Final[Mapping[str, str]] = {
    "wipe_store": "no `wipe: true`: the files of a stopped container are out of reach",
    "cut_power": "no `power: true`: a container's writes are kept by the host's kernel, which stays up",
    "skew": "containers share the clock of their kernel; only the simulator has one per node",
    "stall": "a program in a container reads its sockets by itself; only the simulator can keep it from that",
    "slow_disk": "containers share the disk of the host; only the simulator has one per node",
    "disturb": "when a task goes on is its own program's business; only the simulator has all of them in one loop",
    "fill_disk": "containers share the disk of the host; only the simulator has one per node",
}
_END_LIMIT_S: Final = 5.0  # a process that was sent TERM ends by itself within this, or is killed
_POLL_S: Final = 0.02
_START_LIMIT_S: Final = 30.0

Do = Callable[..., Awaitable[Any]]


class ContainerMachines:
    """The machine verbs of a stage. An engine that refuses leaves an ailment, never an error."""

    def __init__(
        self,
        containers: Containers,
        do: Do,
        probes: Mapping[str, ProbeClient],
        journal: JournalSink,
        ailments: list[str],
        deaths: Counter[str],
    ) -> None:
        self._containers, self._do = containers, do
        self._deaths = deaths  # node → those that are the plan's and that the engine has still to tell
        self._clients, self._journal, self._complaints = probes, journal, ailments
        self._down: dict[str, int] = {}
        self._paused: dict[str, int] = {}

    @asynccontextmanager
    async def kill(self, node: str, signal: Signal, effect: Effect) -> AsyncIterator[None]:
        self._down[node] = self._down.get(node, 0) + 1
        try:
            if self._down[node] == 1 and await self._engine(self._end(node, signal)):
                effect.met(processes_killed=1)
            yield
        finally:
            self._down[node] -= 1
            if not self._down[node] and await self._engine(self._start(node)):
                effect.note(processes_restarted=1)

    async def _end(self, node: str, signal: Signal) -> bool:
        self._deaths[node] += 1
        try:
            await self._do(self._containers.signal, node, f"SIG{signal}")
        except APIError:  # it has ended by itself: that death is not the plan's
            self._deaths[node] -= 1
            raise
        deadline_s = time.monotonic() + _END_LIMIT_S
        while await self._do(self._containers.runs, node):
            if time.monotonic() > deadline_s:
                await self._do(self._containers.signal, node, "SIGKILL")
                deadline_s += _END_LIMIT_S
            await asyncio.sleep(_POLL_S)
        return True

    async def _start(self, node: str) -> bool:
        client = self._clients[node]
        await client.closed()  # what the dead one had still written is read first
        client.restarted()
        self._journal(node, "started", {"incarnation": client.incarnation}, time.monotonic_ns())
        await self._do(self._containers.start, node)
        async with asyncio.timeout(_START_LIMIT_S):
            await client.opened.wait()
        return True

    @asynccontextmanager
    async def pause(self, node: str, effect: Effect) -> AsyncIterator[None]:
        self._paused[node] = self._paused.get(node, 0) + 1
        try:
            if self._paused[node] == 1:
                await self._engine(self._do(self._containers.pause, node))
            if await self._engine(self._do(self._containers.runs, node)):
                effect.met(processes_paused=1)
            yield
        finally:
            self._paused[node] -= 1
            if not self._paused[node]:
                await self._engine(self._do(self._containers.unpause, node))

    async def _engine(self, asked: Awaitable[Any]) -> Any:
        try:
            return await asked
        except (APIError, TimeoutError) as exc:
            self._complaints.append(f"a fault could not act on a container: {exc or type(exc).__name__}")
            return None

    # ---- refused before anything starts ---------------------------------------------------------------------------

    def cut_power(self, node: str, stream: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["cut_power"])

    def wipe_store(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["wipe_store"])

    def skew(self, node: str, skew_ms: float, rate: float, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["skew"])

    def stall(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["stall"])

    def slow_disk(self, node: str, latency_ms: float, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["slow_disk"])

    def fill_disk(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["fill_disk"])

    def disturb(
        self, node: str, chance: float, delay_ms: float, stream: str, effect: Effect
    ) -> AbstractAsyncContextManager[None]:
        raise NotImplementedError(WHY_NOT["disturb"])
