"""A simulated computer and the program on it. A restarted program is another `Node` on the same `Machine`."""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
from collections.abc import Iterator
from typing import Any, Protocol

from harness.runtimes.sim.kernel.clockwork import Patch
from harness.runtimes.sim.kernel.loop import NODE, SimLoop, SimTask
from harness.runtimes.sim.machines.machine import Machine
from harness.runtimes.sim.machines.store import StoreConnection
from harness.runtimes.sim.net.network import Listener
from harness.runtimes.sim.net.transport import Endpoint
from harness.seeds import stream


class Home(Protocol):
    """The world that a node is in."""

    @property
    def seed(self) -> int: ...

    @property
    def loop(self) -> SimLoop: ...


class Node:
    """Whatever runs for it runs in `context`, where the NODE variable names it; its draws are its own stream.

    `boot` counts its restarts. `ended`: the process is gone, by itself or by a kill; `gone` is done from then on.
    """

    def __init__(self, world: Home, name: str, number: int, *, machine: Machine | None = None, boot: int = 0) -> None:
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

    def successor(self, world: Home) -> Node:
        """The next process on this machine."""
        return Node(world, self.name, self.number, machine=self.machine, boot=self.boot + 1)

    def end(self) -> None:
        self.ended = True
        if not self.gone.done():
            self.gone.set_result(None)

    def monotonic_ns(self) -> int:
        return self.machine.clock.monotonic_ns(self._loop.now_ns)

    def due_ns(self, when_s: float) -> int:
        return self.machine.clock.due_ns(when_s)

    def wall_s(self) -> float:
        return self.wall_ns() / 1e9

    def wall_ns(self) -> int:
        return self.machine.clock.wall_ns(self._loop.now_ns)


def disks() -> Iterator[Patch]:
    """A database that a node opens is on its machine's disk."""
    real = sqlite3.connect

    def connect(*args: Any, **kwargs: Any) -> Any:
        node = NODE.get()
        if not isinstance(node, Node):
            return real(*args, **kwargs)
        connection = real(*args, **{"factory": StoreConnection, **kwargs})
        if isinstance(connection, StoreConnection):
            connection.disk = node.machine.disk
            node.machine.disk.connections.append(connection)
        return connection

    yield sqlite3, "connect", connect
