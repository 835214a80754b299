"""A simulated computer with one program on it."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

from harness.runtimes.sim.loop import NODE, NS_PER_S, SimTask
from harness.seeds import stream

if TYPE_CHECKING:
    from harness.runtimes.sim.network import Listener
    from harness.runtimes.sim.transport import Endpoint
    from harness.runtimes.sim.world import World

EPOCH_S = 1_767_225_600  # the wall clock at the beginning of every run: 2026-01-01 00:00 UTC


class Node:
    """Whatever runs for it runs in `context`, where the NODE variable names it; its draws are its own stream."""

    def __init__(self, world: World, name: str, number: int) -> None:
        self.name = name
        self.address = f"10.0.{number >> 8}.{number & 0xFF}"
        self.draws = stream(world.seed, f"node:{name}")
        self.context = contextvars.copy_context()
        self.context.run(NODE.set, self)
        self.main: SimTask[None] | None = None
        self.ended = False
        self.endpoints: dict[Endpoint, None] = {}
        self.listeners: list[Listener] = []
        self._loop = world.loop

    def monotonic_ns(self) -> int:
        return self._loop.now_ns

    def wall_s(self) -> float:
        return EPOCH_S + self._loop.now_ns / NS_PER_S

    def wall_ns(self) -> int:
        return EPOCH_S * 10**9 + self._loop.now_ns
