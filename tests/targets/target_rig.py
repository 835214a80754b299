"""A relay and desktops in this process, on loopback sockets, driven as a harness would, and raw clients beside them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.protocol import State

import targets.desktop
import targets.relay
from targets.probe import HOST, Handlers
from targets.protocol import PATH, call_frame, decode, encode, new_id
from targets.tokens import sign

T = TypeVar("T")

SECRET = "a secret of at least thirty-two bytes"
USER = "11111111-1111-5111-8111-111111111111"
DESKTOP = "dddddddd-0000-5000-8000-000000000001"
MOBILE = "aaaaaaaa-0000-5000-8000-000000000001"
PATIENCE_S = 20.0  # a poll that takes so long has failed; none takes more than a fraction of it


def run(test: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(60):
            return await test()

    return asyncio.run(bounded())


async def until(what: Callable[[], T], say: str) -> T:
    """Poll until `what()` is true; its value."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := what()):
        assert time.monotonic() < deadline, f"waited in vain: {say}"
        await asyncio.sleep(0.005)
    return value


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class Node:
    """One component and its probe: what it journaled, and how to drive it."""

    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    handlers: Handlers | None = None
    task: asyncio.Task[None] | None = None

    def attach(self, handlers: Handlers) -> Callable[..., None]:
        self.handlers = handlers
        return lambda line, /, **fields: self.lines.append((line, fields))

    def start(self, main: Callable[..., Any], env: Mapping[str, str]) -> None:
        context = copy_context()
        context.run(HOST.set, self)
        self.task = asyncio.create_task(main([], env), context=context)

    async def op(self, f: str, **value: Any) -> Any:
        assert self.handlers is not None
        return await self.handlers.op(f, value)

    async def state(self) -> dict[str, Any]:
        assert self.handlers is not None
        return await self.handlers.state()

    def journal(self, line: str, **match: Any) -> list[dict[str, Any]]:
        found = [fields for name, fields in self.lines if name == line]
        return [f for f in found if all(f.get(k) == v for k, v in match.items())]

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task


@dataclass
class Client:
    """A raw device-link client: every frame it got, in order."""

    ws: ClientConnection
    device: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    reader: asyncio.Task[None] | None = None

    async def send(self, frame: Mapping[str, Any]) -> None:
        await self.ws.send(encode(frame), text=True)

    async def register(self, **more: Any) -> None:
        await self.send({"type": "register", "payload": {"deviceId": self.device, "deviceName": "test", **more}})
        await self.got(lambda f: f.get("type") in ("registered", "resumed"), "registered")

    async def got(self, match: Callable[[dict[str, Any]], bool], say: str) -> dict[str, Any]:
        return await until(lambda: next((f for f in self.frames if match(f)), None), say)  # type: ignore[return-value]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [f for f in self.frames if f.get("messageType") == kind]

    async def error(self, code: str) -> dict[str, Any]:
        return await self.got(lambda f: f.get("type") == "error" and f.get("code") == code, f"error {code}")

    async def call(self, method: str, corr: str | None = None, target: str = DESKTOP, **params: Any) -> dict[str, Any]:
        """The `response` of the answer."""
        corr = corr or new_id()
        await self.send(call_frame(target, method, params, corr))
        frame = await self.got(lambda f: f.get("response", {}).get("correlationId") == corr, f"answer to {method}")
        return frame["response"]

    async def ok(self, method: str, **params: Any) -> Any:
        response = await self.call(method, **params)
        assert response["error"] is None, response
        return response["result"]

    async def read(self) -> None:
        async for data in self.ws:
            self.frames.append(decode(data))


@dataclass
class Rig:
    """`policies`: environment that both components share (`PROFILE`, `WITHOUT`, …)."""

    directory: Path
    policies: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    relay: Node = field(default_factory=Node)
    desktop: Node = field(default_factory=Node)
    clients: list[Client] = field(default_factory=list)

    def env(self, **more: str) -> dict[str, str]:
        return {
            "JWT_SECRET": SECRET,
            "USER_ID": USER,
            "RELAY_HOST": "127.0.0.1",
            "RELAY_PORT": str(self.port),
            "RELAY_URL": f"ws://127.0.0.1:{self.port}{PATH}",
            "TIMING_SCALE": "20",
            **self.policies,
            **more,
        }

    async def start_relay(self, **more: str) -> Node:
        self.relay = Node()
        self.relay.start(targets.relay.main, self.env(**more))

        async def listening() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                return False
            writer.close()
            return True

        while not await listening():
            assert not self.relay.task.done() or self.relay.task.result(), "the relay ended"  # type: ignore[union-attr]
            await asyncio.sleep(0.005)
        return self.relay

    async def start_desktop(self, name: str = "desktop", device: str = DESKTOP, **more: str) -> Node:
        node = Node()
        needs = {"STORE": str(self.directory / f"{name}.db"), **more}
        node.start(targets.desktop.main, self.env(DEVICE_ID=device, NODE_NAME=name, **needs))
        if name == "desktop":
            self.desktop = node
        await until(lambda: node.handlers, f"{name} attached")
        return node

    async def start(self, **more: str) -> None:
        """Relay and desktop, registered."""
        await self.start_relay(**more)
        await self.start_desktop(**more)
        await until(lambda: self.desktop.journal("link", state="registered"), "desktop registered")

    async def connect(
        self, device: str = MOBILE, client_type: str = "mobile", user: str = USER, token: str | None = None
    ) -> Client:
        """An open socket that has not registered yet."""
        headers = {
            "Authorization": f"Bearer {sign(user, SECRET) if token is None else token}",
            "X-Device-ID": device,
            "X-Client-Type": client_type,
        }
        url = f"ws://127.0.0.1:{self.port}{PATH}"
        ws = await connect(
            url, additional_headers=headers, proxy=None, compression=None, ping_interval=None, max_size=None
        )
        client = Client(ws, device)
        client.reader = asyncio.create_task(client.read())
        self.clients.append(client)
        return client

    async def client(self, device: str = MOBILE, client_type: str = "mobile", user: str = USER) -> Client:
        """A registered client."""
        client = await self.connect(device, client_type, user)
        await client.register()
        return client

    async def stop(self) -> None:
        await self.desktop.stop()
        for client in self.clients:
            if client.reader is not None:
                client.reader.cancel()
                await asyncio.gather(client.reader, return_exceptions=True)
            if client.ws.state is not State.CLOSED:
                client.ws.transport.abort()
        await self.relay.stop()


@contextlib.asynccontextmanager
async def rig(directory: Path, **policies: str) -> AsyncIterator[Rig]:
    built = Rig(directory, policies)
    try:
        yield built
    finally:
        await built.stop()


async def create(node: Node, job: str = "j1", session: str = "s1", project: str = "/p1", **more: Any) -> Any:
    value = {"jobId": job, "sessionId": session, "projectDirectory": project, "taskType": "t", "prompt": "p"}
    return await node.op("create", **value, **more)
