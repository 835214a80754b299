"""One transport scenario, two worlds: real sockets on loopback, and the simulator."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Awaitable, Callable
from typing import Any

from harness.runtimes.sim.world import World

Log = dict[str, list[Any]]
Hook = Callable[["Recorder"], object]

LIMIT_S = 30.0  # of a real wait; nothing is asserted about how long it took


class Recorder(asyncio.Protocol):
    """Writes down its callbacks. Data is summed up: how it is cut into pieces is the kernel's business."""

    def __init__(self, log: list[Any], hooks: dict[str, Hook]) -> None:
        self.log, self.hooks = log, hooks
        self.transport: Any = None
        self.received = 0
        self.raise_on_data = False

    def _note(self, *event: Any) -> None:
        self.log.append(event)

    def _hook(self, name: str) -> object:
        return self.hooks[name](self) if name in self.hooks else None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._note("made")
        self._hook("made")

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if self.log and self.log[-1][0] == "data":
            self.log.pop()
        self._note("data", self.received)
        if self.raise_on_data:
            raise ZeroDivisionError
        self._hook("data")

    def eof_received(self) -> bool:
        self._note("eof")
        return bool(self._hook("eof"))

    def pause_writing(self) -> None:
        self._note("pause_writing")

    def resume_writing(self) -> None:
        self._note("resume_writing")

    def connection_lost(self, exc: BaseException | None) -> None:
        self._note("lost", type(exc).__name__ if exc else None)


class Scene:
    """What a scenario sees of its world. `log` has a list for either side and one for remarks."""

    def __init__(self) -> None:
        self.log: Log = {"client": [], "server": [], "remarks": []}
        self.client: Any = None
        self.server: Any = None
        self.listener: Any = None
        self.client_hooks: dict[str, Hook] = {}
        self.server_hooks: dict[str, Hook] = {}

    def _serve(self) -> Recorder:
        self.server = recorder = Recorder(self.log["server"], self.server_hooks)
        return recorder

    def _dial(self) -> Recorder:
        self.client = recorder = Recorder(self.log["client"], self.client_hooks)
        return recorder

    async def meet(self) -> None:
        """Listen, connect, and wait until both protocols have their transports."""
        await self.listen()
        await self.connect()
        await self.until(lambda: self.server is not None and self.server.transport is not None)

    async def listen(self) -> None:
        raise NotImplementedError

    async def connect(self) -> None:
        raise NotImplementedError

    async def until(self, condition: Callable[[], bool]) -> None:
        raise NotImplementedError

    async def settle(self) -> None:
        """Until what was sent has reached the other kernel."""
        raise NotImplementedError

    def unread(self, side: Recorder) -> int:
        """Bytes that have arrived in the kernel of `side` and were not read."""
        raise NotImplementedError

    def remark(self, *words: Any) -> None:
        self.log["remarks"].append(words)

    def lost(self, side: str) -> bool:
        return any(event[0] == "lost" for event in self.log[side])


Scenario = Callable[[Scene], Awaitable[None]]


class RealScene(Scene):
    def __init__(self) -> None:
        super().__init__()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]

    async def listen(self) -> None:
        self.listener = await asyncio.get_running_loop().create_server(self._serve, "127.0.0.1", self._port)

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(self._dial, "127.0.0.1", self._port)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110  (what is waited for is no event of ours)
                await asyncio.sleep(0.002)

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0.005)

    def unread(self, side: Recorder) -> int:
        raw = side.transport.get_extra_info("socket")
        size: int = struct.unpack("i", fcntl.ioctl(raw.fileno(), termios.FIONREAD, b"\0\0\0\0"))[0]
        return size


class SimScene(Scene):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def _in_node(self, name: str, coroutine: Any) -> Any:
        return await self._world.loop.create_task(coroutine, context=self._world.nodes[name].context)

    async def listen(self) -> None:
        self.listener = await self._in_node("server", self._world.loop.create_server(self._serve, "0.0.0.0", 1))

    async def connect(self) -> None:
        await self._in_node("client", self._world.loop.create_connection(self._dial, "server", 1))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(1000):
            while not condition():  # noqa: ASYNC110  (what is waited for is no event of ours)
                await asyncio.sleep(0.002)

    async def settle(self) -> None:
        await asyncio.sleep(1)

    def unread(self, side: Recorder) -> int:
        unread: int = side.transport.unread_bytes
        return unread


async def _play(scene: Scene, scenario: Scenario) -> Log:
    await scenario(scene)
    await scene.settle()
    log = {who: list(events) for who, events in scene.log.items()}
    if scene.listener is not None:
        scene.listener.close()
    for name, side in (("client", scene.client), ("server", scene.server)):
        if side is not None and side.transport is not None and not scene.lost(name):
            side.transport.abort()
    await scene.settle()
    return log


def on_sockets(scenario: Scenario) -> Log:
    async def run() -> Log:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        return await _play(RealScene(), scenario)

    return asyncio.run(run())


def in_simulator(scenario: Scenario, seed: int = 1) -> Log:
    world = World(seed)
    world.add_node("client")
    world.add_node("server")
    world.network.add_line("client", "server")
    return world.run(lambda: _play(SimScene(world), scenario))
