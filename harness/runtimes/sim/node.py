"""A simulated computer and the program on it. A restarted program is another `Node` on the same `Machine`."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

from harness.runtimes.sim.loop import NODE, SimTask
from harness.runtimes.sim.machine import EPOCH_S, Machine
from harness.seeds import stream

if TYPE_CHECKING:
    from harness.runtimes.sim.network import Listener
    from harness.runtimes.sim.transport import Endpoint
    from harness.runtimes.sim.world import World

__all__ = ["EPOCH_S", "Node"]


class Node:
    """Whatever runs for it runs in `context`, where the NODE variable names it; its draws are its own stream.

    `boot` counts its restarts. `ended`: the process is gone, by itself or by a kill; `gone` is done from then on.
    """

    def __init__(self, world: World, name: str, number: int, *, machine: Machine | None = None, boot: int = 0) -> None:
        self.name = name
        self.number = number
        self.boot = boot
        self.address = f"10.0.{number >> 8}.{number & 0xFF}"
        self.machine = machine or Machine()
        self.draws = stream(world.seed, f"node:{name}:{boot}" if boot else f"node:{name}")
        self.context = contextvars.copy_context()
        self.context.run(NODE.set, self)
        self.main: SimTask[None] | None = None
        self.ended = False
        self.leaving = False  # it was told to end: that its program does is no crash
        self.gone: asyncio.Future[None] = world.loop.create_future()
        self.paused = 0
        self.remains: list[SimTask[Any]] = []  # of a killed process: nothing of it may be collected before the end
        self.endpoints: dict[Endpoint, None] = {}
        self.listeners: list[Listener] = []
        self._loop = world.loop

    def successor(self, world: World) -> Node:
        """The next process on this machine."""
        return Node(world, self.name, self.number, machine=self.machine, boot=self.boot + 1)

    def end(self) -> None:
        self.ended = True
        if not self.gone.done():
            self.gone.set_result(None)

    def monotonic_ns(self) -> int:
        return self.machine.clock.monotonic_ns(self._loop.now_ns)

    def wall_s(self) -> float:
        return self.wall_ns() / 1e9

    def wall_ns(self) -> int:
        return self.machine.clock.wall_ns(self._loop.now_ns)
