"""What can befall a simulated process and its machine: each verb of `faults.MachineGround` as a scope."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from faults import Effect, Signal
from harness import seeds
from harness.runtimes.sim.kernel.loop import SimTask
from harness.runtimes.sim.machines.disturbance import Disturbance, Disturbances
from harness.runtimes.sim.machines.machine import Warp
from harness.runtimes.sim.machines.node import Home, Node
from harness.runtimes.sim.net.network import Network
from harness.runtimes.sim.net.transport import Endpoint

VERBS: Final = frozenset(
    {"kill", "cut_power", "wipe_store", "pause", "skew", "clock_rate", "stall", "slow_disk", "fill_disk", "disturb"}
)

_GRACE_S: Final = 0.5  # a process that was sent TERM ends by itself within this, or is killed

Restart = Callable[[Node], Awaitable[None]]


class Peopled(Home, Protocol):
    """The world whose processes end and begin. `graves`: those that were killed, to be kept to its end."""

    @property
    def nodes(self) -> dict[str, Node]: ...

    @property
    def network(self) -> Network: ...

    @property
    def graves(self) -> list[Node]: ...

    def tasks(self, node: Node) -> list[SimTask[Any]]: ...

    def trace(self, kind: str, name: str, data: bytes) -> None: ...


class Processes:
    """The machine verbs of a stage. `restart(node)` starts the program of a new process and returns when it is up."""

    def __init__(self, world: Peopled, restart: Restart | None) -> None:
        self._world, self._restart = world, restart
        self._down: dict[str, int] = {}
        self._endings: dict[str, asyncio.Task[None]] = {}  # of those that were told to end, last
        self._disturbances: dict[str, Disturbances] = {}
        self._vanished: dict[str, list[Endpoint]] = {}

    # ---- kill -----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def kill(self, name: str, signal: Signal, effect: Effect) -> AsyncIterator[None]:
        """It begins with the signal, not when the program has heeded it: what that does is the fault's work."""
        self._down[name] = self._down.get(name, 0) + 1
        ending: asyncio.Task[None] | None = None
        try:
            node = self._node(name)
            if not node.ended:
                effect.met(processes_killed=1)
                effect.note(connections_lost=len(node.endpoints))
                if signal == "TERM":
                    ending = self._endings[name] = asyncio.create_task(self._told_to_end(node))
                else:
                    self._end(node)
            yield
        finally:
            if ending is not None:
                await ending
            await self._come_back(name, effect)

    async def _told_to_end(self, node: Node) -> None:
        await self._terminate(node)
        if not node.ended:
            self._end(node)

    @asynccontextmanager
    async def cut_power(self, name: str, stream: str, effect: Effect) -> AsyncIterator[None]:
        self._down[name] = self._down.get(name, 0) + 1
        node = self._node(name)
        node.machine.dark += 1
        try:
            if not node.ended:
                effect.met(processes_killed=1)
                effect.note(connections_lost=len(node.endpoints))
                draws = seeds.stream(self._world.seed, stream)
                effect.note(store_bytes_lost=node.machine.disk.cut_power(draws))
                self._end(node)
            yield
        finally:
            self._light(node)
            await self._come_back(name, effect)

    @asynccontextmanager
    async def wipe_store(self, name: str, effect: Effect) -> AsyncIterator[None]:
        node = self._node(name)
        if name in self._endings:
            await self._endings[name]
        if node.ended:
            self._mark("wipe", node)
            node.machine.disk.wipe()
            effect.note(stores_wiped=1)
        yield

    async def _terminate(self, node: Node) -> None:
        """A program that heeds the signal cancels its main task; then its others end, as `asyncio.run` ends them."""
        self._mark("terminate", node)
        node.leaving = True
        assert node.main is not None
        node.main.cancel()
        await asyncio.wait([node.main], timeout=_GRACE_S)
        if node.ended:  # killed meanwhile
            return
        if rest := self._world.tasks(node):
            for task in rest:
                task.cancel()
            await asyncio.wait(rest, timeout=_GRACE_S)

    def _end(self, node: Node) -> None:
        """The process is gone. Nothing of it runs again, no `finally` either; its kernel, if it has power, closes its
        sockets."""
        self._mark("kill", node)
        world = self._world
        if node not in world.loop.absent:
            world.loop.park(node)
        node.remains = world.tasks(node)
        world.graves.append(node)
        node.end()
        sockets = {**node.endpoints}
        for listener in node.listeners:
            world.network.shut(listener)
            sockets |= listener.endpoints
        for endpoint in sockets:
            if node.machine.dark:
                self._vanished.setdefault(node.name, []).append(endpoint)
                endpoint.vanish()
            else:
                endpoint.close_socket()
        node.machine.disk.close_all()

    def _light(self, node: Node) -> None:
        node.machine.dark -= 1
        if not node.machine.dark:
            for endpoint in self._vanished.pop(node.name, []):
                endpoint.outgoing.speak()

    async def _come_back(self, name: str, effect: Effect) -> None:
        """When no kill is left on it, the program starts anew."""
        self._down[name] -= 1
        node = self._node(name)
        if self._down[name] or node not in self._world.graves:  # one that ended by itself stays so
            return
        successor = self._world.nodes[name] = node.successor(self._world)
        self._mark("restart", successor)
        effect.note(processes_restarted=1)
        for warp in successor.machine.clock.warps:
            warp.effect.met(clocks_set_off=1)
        if self._restart is not None:
            await self._restart(successor)

    # ---- pause ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def pause(self, name: str, effect: Effect) -> AsyncIterator[None]:
        node, loop = self._node(name), self._world.loop
        if node.ended:
            yield
            return
        effect.met(processes_paused=1)
        node.paused += 1
        if node.paused == 1:
            self._mark("pause", node)
            loop.park(node)
        try:
            yield
        finally:
            node.paused -= 1
            parked = loop.absent[node]
            effect.note(callbacks_parked=len(parked.ready) + len(parked.timers), bytes_left_unread=_unread(node))
            if not node.paused and not node.ended:
                self._mark("resume", node)
                loop.unpark(node)

    # ---- clocks and sockets ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def skew(self, name: str, skew_ms: float, rate: float, effect: Effect) -> AsyncIterator[None]:
        node, loop = self._node(name), self._world.loop
        clock = node.machine.clock
        warp = Warp(effect, round(skew_ms * 1e6), round(rate * 1e6))
        if not node.ended:
            effect.met(clocks_set_off=1)
        self._mark(f"skew {skew_ms} {rate}", node)
        clock.add(warp, loop.now_ns)
        loop.retime(node)
        try:
            yield
        finally:
            clock.remove(warp, loop.now_ns)
            loop.retime(self._node(name))
            self._mark("unskew", node)

    @asynccontextmanager
    async def stall(self, name: str, effect: Effect) -> AsyncIterator[None]:
        machine = self._node(name).machine
        self._mark("stall", self._node(name))
        try:
            with machine.deafened(effect):
                yield
        finally:
            node = self._node(name)
            self._mark("unstall", node)
            effect.note(bytes_left_unread=_unread(node))
            for endpoint in list(node.endpoints):
                endpoint.wake()

    # ---- disks ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def slow_disk(self, name: str, latency_ms: float, effect: Effect) -> AsyncIterator[None]:
        disk, mine = self._node(name).machine.disk, (effect, latency_ms)
        self._mark(f"slow disk {latency_ms}", self._node(name))
        disk.slow.append(mine)
        disk.tell_latency()
        try:
            yield
        finally:
            disk.slow[:] = [other for other in disk.slow if other is not mine]
            disk.tell_latency()

    @asynccontextmanager
    async def fill_disk(self, name: str, effect: Effect) -> AsyncIterator[None]:
        disk = self._node(name).machine.disk
        self._mark("fill disk", self._node(name))
        disk.full.append(effect)
        try:
            yield
        finally:
            disk.full[:] = [other for other in disk.full if other is not effect]

    # ---- turns ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def disturb(
        self, name: str, chance: float, delay_ms: float, stream: str, effect: Effect
    ) -> AsyncIterator[None]:
        mine = Disturbance(chance, round(delay_ms * 1e6), seeds.stream(self._world.seed, stream), effect)
        all_of_node = self._disturbances.setdefault(name, Disturbances())
        self._mark(f"disturb {chance} {delay_ms}", self._node(name))
        all_of_node.active.append(mine)
        self._world.loop.disturbed[name] = all_of_node
        try:
            yield
        finally:
            self._mark("let be", self._node(name))
            all_of_node.active.remove(mine)
            if not all_of_node.active:
                del self._world.loop.disturbed[name]

    # ---- helpers --------------------------------------------------------------------------------------------------

    def _node(self, name: str) -> Node:
        return self._world.nodes[name]

    def _mark(self, what: str, node: Node) -> None:
        self._world.trace(what, f"{node.name} {node.boot}", b"")


def _unread(node: Node) -> int:
    return sum(endpoint.unread_bytes for endpoint in node.endpoints)
