"""One pair of sockets and one toxic, in three worlds: the simulator, and real sockets with a real Toxiproxy between, or
with the wire, which takes over what Toxiproxy cannot do safely."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import requests
from toxiproxy_server import free_port

from faults import Effect, Toxic
from harness import registry
from harness.runtimes.sim.stage import SimStage
from harness.runtimes.sim.world import World
from harness.runtimes.toxiproxy.adapter import Toxiproxy
from harness.wire.hop_link import Link, LinkConfig

LIMIT_S = 30.0  # of a real wait
DIRECTION = {"upstream": "client->server", "downstream": "server->client"}
_PORT = 1
_PROXY = "link"


class End(asyncio.Protocol):
    """Remembers what arrived, and when it was over."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.pieces: list[tuple[float, bytes]] = []
        self.lost_s: float | None = None
        self.lost_by: str | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.pieces.append((asyncio.get_running_loop().time(), data))

    def connection_lost(self, exc: BaseException | None) -> None:
        self.lost_s = asyncio.get_running_loop().time()
        self.lost_by = type(exc).__name__ if exc else None

    @property
    def data(self) -> bytes:
        return b"".join(data for _, data in self.pieces)

    @property
    def lost(self) -> bool:
        return self.lost_s is not None


class Bench:
    """What a scenario sees. `toxic` is a scope; `stream` is Toxiproxy's word."""

    def __init__(self) -> None:
        self.served: list[End] = []

    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def _serve(self) -> End:
        end = End()
        self.served.append(end)
        return end

    async def dial(self) -> tuple[End, End]:
        """A new connection: the client's end, the server's end."""
        before = len(self.served)
        client = await self._connect()
        await self.until(lambda: len(self.served) > before and self.served[-1].transport is not None)
        return client, self.served[-1]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110  (what is waited for is no event of ours)
                await asyncio.sleep(0.002)

    async def _connect(self) -> End:
        raise NotImplementedError

    def toxic(
        self, kind: str, stream: str, attributes: Mapping[str, int], toxicity: float = 1.0
    ) -> AbstractAsyncContextManager[Effect]:
        raise NotImplementedError

    def down(self) -> AbstractAsyncContextManager[None]:
        """The proxy is disabled."""
        raise NotImplementedError


Scenario = Callable[[Bench], Awaitable[None]]


class SimBench(Bench):
    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self.world = World(seed)
        self._client, self._server = self.world.add_node("client"), self.world.add_node("server")
        self.world.network.add_line("client", "server")
        self.stage = SimStage(self.world, {})

    async def _connect(self) -> End:
        dialled = self.world.loop.create_connection(End, "server", _PORT)
        _, client = await self.world.loop.create_task(dialled, context=self._client.context)
        return client  # type: ignore[return-value]

    @asynccontextmanager
    async def toxic(
        self, kind: str, stream: str, attributes: Mapping[str, int], toxicity: float = 1.0
    ) -> AsyncIterator[Effect]:
        effect = Effect()
        name = f"fault:{kind}"
        async with self.stage.toxic(DIRECTION[stream], Toxic(kind, attributes, toxicity), name, effect):
            yield effect

    def down(self) -> AbstractAsyncContextManager[None]:
        return self.stage.refuse("client->server", False, Effect())

    def play(self, scenario: Scenario) -> None:
        async def whole() -> None:
            serving = self.world.loop.create_server(self._serve, "0.0.0.0", _PORT)
            await self.world.loop.create_task(serving, context=self._server.context)
            await scenario(self)

        self.world.run(whole)
        assert not self.world.crashes


class SocketBench(Bench):
    """Real sockets on loopback, with something between."""

    def __init__(self) -> None:
        super().__init__()
        self._port = 0  # where clients dial

    async def _connect(self) -> End:
        _, client = await asyncio.get_running_loop().create_connection(End, "127.0.0.1", self._port)
        return client

    def _between(self, upstream: tuple[str, int]) -> AbstractAsyncContextManager[None]:
        """What stands there; sets the port."""
        raise NotImplementedError

    def play(self, scenario: Scenario) -> None:
        async def whole() -> None:
            server = await asyncio.get_running_loop().create_server(self._serve, "127.0.0.1", 0)
            try:
                async with self._between(server.sockets[0].getsockname()):
                    await scenario(self)
            finally:
                server.close()
                for end in self.served:
                    if end.transport is not None:
                        end.transport.abort()

        asyncio.run(whole())


class WireBench(SocketBench):
    """A link of the wire; nothing stands between its two ports."""

    _link: Link

    @asynccontextmanager
    async def toxic(
        self, kind: str, stream: str, attributes: Mapping[str, int], toxicity: float = 1.0
    ) -> AsyncIterator[Effect]:
        effect, direction = Effect(), DIRECTION[stream]
        self._link.add_toxic(direction, 1, Toxic(kind, attributes, toxicity), 1, f"fault:{kind}")
        try:
            yield effect
        finally:
            effect.met(**self._link.remove_toxic(direction, 1)["counts"])

    @asynccontextmanager
    async def _between(self, upstream: tuple[str, int]) -> AsyncIterator[None]:
        enter, leave = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())
        config = LinkConfig(client="client", server="server", enter=enter, proxy=leave, leave=leave, upstream=upstream)
        self._port = enter[1]
        self._link = Link(config, lambda tap: None, registry.find("dialect", "jobsync"))
        await self._link.listen()
        try:
            yield
        finally:
            await self._link.close()


class RealBench(SocketBench):
    """`api` is that of a server without proxies."""

    def __init__(self, api: Toxiproxy) -> None:
        super().__init__()
        self._api = api

    @asynccontextmanager
    async def toxic(
        self, kind: str, stream: str, attributes: Mapping[str, int], toxicity: float = 1.0
    ) -> AsyncIterator[Effect]:
        """Adding and deleting is safe here: one toxic, and little under way."""
        body = {"name": "t", "type": kind, "stream": stream, "toxicity": toxicity, "attributes": dict(attributes)}
        await self._call("POST", "/toxics", body)
        try:
            yield Effect()
        finally:
            await self._call("DELETE", "/toxics/t")

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        await asyncio.to_thread(self._api.enable, _PROXY, False)
        try:
            yield
        finally:
            await asyncio.to_thread(self._api.enable, _PROXY, True)

    async def _call(self, method: str, path: str, body: object = None) -> None:
        url = f"http://{self._api.address}/proxies/{_PROXY}{path}"
        with requests.Session() as session:
            session.trust_env = False
            answer = await asyncio.to_thread(session.request, method, url, json=body, timeout=LIMIT_S)
        answer.raise_for_status()

    @asynccontextmanager
    async def _between(self, upstream: tuple[str, int]) -> AsyncIterator[None]:
        where = f"{upstream[0]}:{upstream[1]}"
        made = await asyncio.to_thread(self._api.create, _PROXY, "127.0.0.1:0", where, [])
        self._port = int(made.listen.rpartition(":")[2])
        yield
