"""Probes that a foreign program opens by itself: it dials `HARNESS_PROBE_URL`, as it would anywhere else.

In the simulated network a desk of the harness listens for them. Its links are none of the topology's: they take no
time, no fault touches them and no tap sees them. Frames are those of `targets.probe.websocket`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from harness.runtimes import Outcome
from harness.runtimes.probe_client import ProbeClient, listening
from harness.runtimes.sim.machines.environment import DESK, DESK_PORT, token_of
from harness.runtimes.sim.machines.node import Node
from harness.runtimes.sim.probes import SimProbe, WriteJournal
from harness.runtimes.sim.world import World


class DialledProbe(SimProbe):
    """A node's probe that may come over the desk. If the program attaches in the process after all, that one counts."""

    def __init__(self, node: Node, world: World, write_journal: WriteJournal, role: str) -> None:
        super().__init__(node, world.loop, write_journal)
        self.client = _Client(node.name, role, self._line, self._opened)

    def moves_to(self, node: Node) -> None:
        super().moves_to(node)
        self.client.restarted()

    async def op(self, f: str, value: Mapping[str, Any], timeout_s: float) -> Outcome:
        if self._handlers is not None or self._node.ended:
            return await super().op(f, value, timeout_s)
        return await self.client.op(f, value, timeout_s)

    async def state(self) -> dict[str, Any]:
        if self._handlers is not None or self._node.ended:
            return await super().state()
        return await self.client.state()

    def _line(self, node: str, line: str, fields: dict[str, Any], time_ns: int) -> None:
        if not self.shut:
            self._write_journal(node, line, fields, time_ns)

    def _opened(self) -> None:
        self.hello = self.client.hello
        if not self.attached.done():
            self.attached.set_result(None)


class _Client(ProbeClient):
    """Tells when a node has said hello."""

    def __init__(self, node: str, role: str, journal: WriteJournal, opened: Callable[[], None]) -> None:
        super().__init__(node, role, journal)
        self._told = opened

    async def _greet(self, ws: Any, began_ns: int) -> None:
        await super()._greet(ws, began_ns)
        self._told()


def open_desk(world: World, probes: Mapping[str, DialledProbe]) -> None:
    """Let these nodes dial in."""
    desk = world.add_node(DESK)
    for name in probes:
        world.network.add_aside(name, DESK)
    clients = {token_of(name): probe.client for name, probe in probes.items()}

    async def serve() -> None:
        async with listening(clients, "0.0.0.0", DESK_PORT):
            await asyncio.get_running_loop().create_future()

    world.spawn(desk, serve)
