"""A small system of real `websockets` programs for the simulator: a hub, one that sends, one that listens."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from faults import Effect
from harness.history import Tap
from harness.runtimes.sim.stage import SimStage
from harness.runtimes.sim.world import World

PORT = 8000
QUIET = {"compression": None, "ping_interval": None}


class Trio:
    """`ear` hears through `hub` what `mouth` says. Every message has a number; what was heard is kept with its time."""

    def __init__(self, seed: int = 1, **options: Any) -> None:
        self.taps: list[Tap] = []
        self.world = World(seed, tap=self.taps.append, **options)
        self.hub, self.mouth, self.ear = (self.world.add_node(name) for name in ("hub", "mouth", "ear"))
        for client in ("mouth", "ear"):
            self.world.network.add_line(client, "hub")
        self.stage = SimStage(self.world, {})
        self.heard: list[tuple[float, int]] = []
        self.connected: list[tuple[float, str]] = []
        self.lost: list[tuple[float, str, str]] = []
        self.said = 0
        self.opened = 0
        self._sockets: dict[str, Any] = {}

    # ---- programs -------------------------------------------------------------------------------------------------

    async def _hub(self) -> None:
        listeners: dict[str, ServerConnection] = {}

        async def handle(ws: ServerConnection) -> None:
            assert ws.request is not None
            who = ws.request.path[1:]
            listeners[who] = ws
            try:
                async for message in ws:
                    if "ear" in listeners:
                        await listeners["ear"].send(message)
            except ConnectionClosed:
                pass
            self.lost.append((self.now_s, f"hub of {who}", ""))

        async with serve(handle, "0.0.0.0", PORT, max_size=None, **QUIET) as server:  # type: ignore[arg-type]
            await server.serve_forever()

    async def _client(self, name: str, serve_it: Callable[[Any], Awaitable[None]]) -> None:
        while True:
            try:
                async with connect(f"ws://hub:{PORT}/{name}", proxy=None, max_size=None, **QUIET) as ws:  # type: ignore[arg-type]
                    self.connected.append((self.now_s, name))
                    self._sockets[name] = ws
                    await serve_it(ws)
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError) as exc:
                self.lost.append((self.now_s, name, type(exc.__cause__ or exc).__name__))
            await asyncio.sleep(0.2 + random.random() * 0.1)

    async def _listen(self, ws: Any) -> None:
        async for message in ws:
            self.heard.append((self.now_s, json.loads(message)["payload"]["sync"]["msg"]))

    async def _idle(self, ws: Any) -> None:
        await ws.wait_closed()

    # ---- what tests do --------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        return self.world.loop.now_ns / 1e9

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.heard]

    async def start(self) -> None:
        """All connected, at t = 1 s."""
        self.world.spawn(self.hub, self._hub)
        await asyncio.sleep(0.1)
        self.world.spawn(self.ear, lambda: self._client("ear", self._listen))
        self.world.spawn(self.mouth, lambda: self._client("mouth", self._idle))
        await asyncio.sleep(0.9)

    async def say(self, count: int = 1, *, size: int = 0, kind: str = "job:note", gap_s: float = 0.0) -> None:
        for _ in range(count):
            self.said += 1
            payload = {"jobId": f"job-{self.said}", "sync": {"msg": self.said}, "text": "x" * size}
            text = json.dumps({"type": "event", "eventType": kind, "payload": payload})
            sent = self.world.loop.create_task(self._sockets["mouth"].send(text), context=self.mouth.context)
            await asyncio.wait([sent], timeout=0.01)
            if gap_s:
                await asyncio.sleep(gap_s)

    def run(self, play: Callable[[Trio], Awaitable[None]]) -> Trio:
        async def whole() -> None:
            await self.start()
            await play(self)

        self.world.run(whole)
        return self

    def tapped(self, link: str, side: str) -> list[str | None]:
        return [tap.msg for tap in self.taps if tap.link == link and tap.side == side]


def effects(count: int) -> list[Effect]:
    return [Effect() for _ in range(count)]
