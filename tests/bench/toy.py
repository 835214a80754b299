"""A toy of the system for measuring the kernel: no tokens, calls, journals or checkers, but the real `websockets`.

The desktop writes numbered chunks into SQLite and sends them; the relay passes every message on to the other devices;
the mobile appends what fits and asks for what it misses, after a gap, after connecting and every few seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Any, NamedTuple

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from faults import Effect, MessageRule
from harness.runtimes.sim.stage import SimStage
from harness.runtimes.sim.world import World
from harness.seeds import stream

PORT = 8000
OPTIONS: dict[str, Any] = {"compression": None, "ping_interval": 5, "ping_timeout": 5, "close_timeout": 2}
_ASKS_EVERY_S = 7.0
_SETTLES_WITHIN_S = 120.0
_databases = itertools.count()


class Chunk(NamedTuple):
    """Written `after_s` behind the job's chunk before it."""

    after_s: float
    size: int


class Trouble(NamedTuple):
    """A fault of the toy's plan: `kind` one of `KINDS`, on the link that `client` dials."""

    at_s: float
    kind: str
    client: str
    for_s: float


class ToyPlan(NamedTuple):
    span_s: float
    jobs: list[list[Chunk]]
    faults: list[Trouble]

    @property
    def chunks(self) -> int:
        return sum(len(job) for job in self.jobs)


KINDS = ("hold", "one-way", "reset", "close", "half-open", "delay", "duplicate")


def standard_plan() -> ToyPlan:
    """60 s, 500 chunks in 5 jobs, three reconnects, a partition of 10 s."""
    faults = [
        Trouble(12.0, "reset", "mobile", 0.5),
        Trouble(20.0, "hold", "mobile", 10.0),
        Trouble(41.0, "reset", "desktop", 0.5),
        Trouble(48.0, "close", "mobile", 0.5),
    ]
    return ToyPlan(60.0, _jobs(stream(0, "toy"), 5, 500, 60.0), faults)


def random_plan(number: int) -> ToyPlan:
    """40 s, 100 chunks in 3 jobs, up to 8 faults of the kinds that this number allows at all."""
    draws = stream(number, "toy")
    kinds = [kind for kind in KINDS if draws.random() < 0.5] or ["reset"]
    faults = [
        Trouble(draws.uniform(0, 40), draws.choice(kinds), draws.choice(("mobile", "desktop")), draws.uniform(0.2, 10))
        for _ in range(draws.randint(1, 8))
    ]
    return ToyPlan(40.0, _jobs(draws, 3, 100, 40.0), sorted(faults))


def _jobs(draws: random.Random, jobs: int, chunks: int, span_s: float) -> list[list[Chunk]]:
    mean_s = span_s * 0.9 * jobs / chunks
    return [
        [Chunk(draws.uniform(0.2, 1.8) * mean_s, draws.randint(40, 200)) for _ in range(chunks // jobs)]
        for _ in range(jobs)
    ]


# ---- programs -------------------------------------------------------------------------------------------------------


class Device:
    """What desktop and mobile share: a connection that comes back, and sending into it as long as it is there."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket: Any = None

    async def run(self) -> None:
        failures = 0
        while True:
            failures += 1
            with suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                async with connect(f"ws://relay:{PORT}/{self.name}", proxy=None, open_timeout=5, **OPTIONS) as socket:
                    self._socket, failures = socket, 0
                    await self.connected()
                    async for text in socket:
                        await self.hear(json.loads(text))
            self._socket = None
            await asyncio.sleep(min(5.0, 0.1 * 2**failures) * (0.5 + random.random()))

    async def connected(self) -> None:
        """Ask for what is missing, or tell that somebody may."""

    async def hear(self, message: dict[str, Any]) -> None:
        raise NotImplementedError

    async def say(self, **message: Any) -> None:
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps(message))


class Desktop(Device):
    def __init__(self, plan: ToyPlan, store: sqlite3.Connection) -> None:
        super().__init__("desktop")
        self._plan, self._store = plan, store
        store.execute("create table chunk(job int, number int, text text, primary key(job, number)) without rowid")

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run())
            for job, chunks in enumerate(self._plan.jobs):
                group.create_task(self._write(job, chunks))

    async def connected(self) -> None:
        await self.say(kind="hello")

    async def hear(self, message: dict[str, Any]) -> None:
        for job in range(len(self._plan.jobs)):
            known = message["known"].get(str(job), 0)
            query = "select number, text from chunk where job = ? and number >= ? order by number"
            for number, text in self._store.execute(query, (job, known)).fetchall():
                await self.say(kind="chunk", job=job, number=number, text=text)

    async def _write(self, job: int, chunks: list[Chunk]) -> None:
        for number, chunk in enumerate(chunks):
            await asyncio.sleep(chunk.after_s)
            text = f"{job}:{number}:{random.getrandbits(32)}:".ljust(chunk.size, "x")
            self._store.execute("insert into chunk values(?, ?, ?)", (job, number, text))
            await self.say(kind="chunk", job=job, number=number, text=text)


class Mobile(Device):
    def __init__(self) -> None:
        super().__init__("mobile")
        self.shown: dict[int, list[str]] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run())
            group.create_task(self._keep_asking())

    async def connected(self) -> None:
        await self.say(kind="ask", known={job: len(texts) for job, texts in self.shown.items()})

    async def hear(self, message: dict[str, Any]) -> None:
        if message["kind"] == "hello":
            await self.connected()
            return
        texts = self.shown.setdefault(message["job"], [])
        if message["number"] == len(texts):
            texts.append(message["text"])
        elif message["number"] > len(texts):
            await self.connected()

    async def _keep_asking(self) -> None:
        for _ in itertools.repeat(None):
            await asyncio.sleep(_ASKS_EVERY_S * (0.75 + random.random() / 2))
            await self.connected()


async def relay() -> None:
    devices: dict[str, ServerConnection] = {}

    async def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        name = socket.request.path
        devices[name] = socket
        with suppress(ConnectionClosed):
            async for text in socket:
                for other, target in list(devices.items()):
                    if other != name:
                        with suppress(ConnectionClosed):
                            await target.send(text)
        if devices.get(name) is socket:
            del devices[name]

    async with serve(handle, "0.0.0.0", PORT, open_timeout=5, **OPTIONS) as server:
        await server.serve_forever()


# ---- a run ----------------------------------------------------------------------------------------------------------


class Played(NamedTuple):
    right: bool  # the mobile shows what the desktop stores
    trace_hash: str
    steps: int
    virtual_s: float


def play(plan: ToyPlan, seed: int, **options: Any) -> Played:
    world = World(seed, **options)
    name = f"file:toy-{next(_databases)}?mode=memory"
    store = sqlite3.connect(name, uri=True, isolation_level=None)
    mobile, desktop = Mobile(), Desktop(plan, store)
    programs: dict[str, Callable[[], Awaitable[None]]] = {"relay": relay, "desktop": desktop.run, "mobile": mobile.run}
    nodes = {name: world.add_node(name) for name in programs}
    for client in ("desktop", "mobile"):
        world.network.add_line(client, "relay")

    async def whole() -> Played:
        for name, program in programs.items():
            world.spawn(nodes[name], program)  # type: ignore[arg-type]
        await _trouble(SimStage(world, {}), world, plan)
        right = await _settled(world, plan, mobile)
        kept = store.execute("select job, text from chunk order by job, number").fetchall()
        shown = [(job, text) for job in sorted(mobile.shown) for text in mobile.shown[job]]
        return Played(right and kept == shown, world.trace_hash(), 0, world.loop.now_ns / 1e9)

    world.at_end(store.close)
    played = world.run(whole)
    assert not world.crashes, world.crashes
    return played._replace(steps=world.loop.steps)


async def _trouble(stage: SimStage, world: World, plan: ToyPlan) -> None:
    async with asyncio.TaskGroup() as group:
        for number, fault in enumerate(plan.faults):
            group.create_task(_inject(stage, fault, number))
        await asyncio.sleep(plan.span_s)


async def _inject(stage: SimStage, fault: Trouble, number: int) -> None:
    await asyncio.sleep(fault.at_s)
    async with AsyncExitStack() as scope:
        for verb in _verbs(stage, fault, number):
            await scope.enter_async_context(verb)
        await asyncio.sleep(fault.for_s)


def _verbs(stage: SimStage, fault: Trouble, number: int) -> list[AbstractAsyncContextManager[None]]:
    forth, back = f"{fault.client}->relay", f"relay->{fault.client}"
    effect = Effect()
    match fault.kind:
        case "hold":
            return [stage.hold(forth, effect), stage.hold(back, effect)]
        case "one-way":
            return [stage.hold(back, effect)]
        case "delay":
            return [stage.delay(forth, 300, 100, effect), stage.delay(back, 300, 100, effect)]
        case "duplicate":
            rule = MessageRule("duplicate", chance=0.3, delay_ns=50_000_000)
            return [stage.messages(back, rule, f"fault:{number}", effect)]
        case _:
            return [stage.cut(fault.client, fault.kind, f"fault:{number}", effect)]  # type: ignore[arg-type]


async def _settled(world: World, plan: ToyPlan, mobile: Mobile) -> bool:
    async for _ in _each_second(_SETTLES_WITHIN_S):
        if sum(len(texts) for texts in mobile.shown.values()) >= plan.chunks:
            return True
    return False


async def _each_second(limit_s: float) -> AsyncIterator[None]:
    for _ in range(int(limit_s)):
        await asyncio.sleep(1.0)
        yield
