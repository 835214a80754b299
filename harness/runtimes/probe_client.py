"""The harness's end of a node's probe, over a WebSocket that either side may dial.

Frames are those of `targets.probe.websocket`. Journal lines are numbered by the component and kept there until they are
acknowledged, so a connection that is lost and dialled again loses none of them.
"""

from __future__ import annotations

import asyncio
import hmac
import http
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.http11 import Request, Response

from harness.runtimes import Hello, Outcome, ProbeLost, ProbeNs

STATE_LIMIT_S = 10.0  # a node under load reads a thousand rows in less
HELLO_LIMIT_S = 5.0
REDIAL_S = 0.02
_ACK_EVERY = 200  # journal lines
_MOST_COMPLAINTS, _MOST_TOLD = 20, 300  # lines about one node, characters of what it said
_ONE_CLOCK_NS = 10_000_000_000  # a hello is not older; clocks of two time namespaces are usually further apart

JournalSink = Callable[[str, str, dict[str, Any], int], None]


class _Frame(msgspec.Struct):
    hello: Hello | None = None
    journal: tuple[int, ProbeNs, str, dict[str, Any]] | None = None
    id: int | None = None
    type: str | None = None
    value: Any = None
    error: Any = None
    state: dict[str, Any] | None = None


_frame = msgspec.json.Decoder(_Frame)


class ProbeClient:
    """One node's probe. `clock_doubt_ns` says how far off its journal's times may be; 0 on the harness's own kernel."""

    def __init__(self, node: str, role: str, journal: JournalSink) -> None:
        self.node = node
        self.hello = Hello(name=node, role=role, level=0, boot_id="", clock_ns=0)
        self.opened = asyncio.Event()
        self.clock_doubt_ns = 0
        self.incarnation = 0
        self.lines: Counter[str] = Counter()  # of its journal, by name
        self.complaints: list[str] = []  # what the node could not make sense of, or we of it
        self._journal = journal
        self._clock_offset_ns = 0
        self._ws: ClientConnection | ServerConnection | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[_Frame]] = {}
        self._seen = 0

    # ---- what the conductor asks ----------------------------------------------------------------------------------

    async def op(self, f: str, value: Mapping[str, Any], timeout_s: float) -> Outcome:
        """`fail` when the node was not there to be asked; `info` when nobody knows what became of the call."""
        if self._ws is None:
            return Outcome("fail", error={"code": "down", "message": f"{self.node} has no probe open"})
        try:
            answer = await self._ask({"op": f, "value": value}, timeout_s)
        except TimeoutError:
            return Outcome("info", error={"code": "timeout", "message": f"no answer within {timeout_s:g} s"})
        except ConnectionError:
            return Outcome("info", error={"code": "disconnected", "message": f"the probe of {self.node} was lost"})
        match answer.type:
            case "ok" | "fail" | "info" as type_:
                return Outcome(type_, answer.value, answer.error)
        told = f"{self.node} answered {str(answer.type)[:_MOST_TOLD]!r}"
        return Outcome("info", error={"code": "malformed", "message": told})

    async def state(self) -> dict[str, Any]:
        try:
            answer = await self._ask({"state": True}, STATE_LIMIT_S)
        except TimeoutError:
            raise ProbeLost(f"{self.node} did not tell its state within {STATE_LIMIT_S:g} s") from None
        except ConnectionError:
            raise ProbeLost(f"{self.node} has no probe open, so its state is not known") from None
        if answer.state is None:
            raise ProbeLost(f"{self.node} failed to tell its state: {str(answer.error)[:_MOST_TOLD]}")
        return answer.state

    async def set(self, told: Mapping[str, Any]) -> str | None:
        """Change variables of a program that runs (`targets.probe.websocket`). Why not; None: done."""
        try:
            answer = await self._ask({"set": told}, STATE_LIMIT_S)
        except (TimeoutError, ConnectionError):
            return f"{self.node} has no probe open"
        return None if answer.type == "ok" else f"{self.node}: {str(answer.error)[:_MOST_TOLD]}"

    async def say(self, data: str | bytes) -> None:
        """Send what may be no frame at all. Raises ConnectionError when no probe is open."""
        if self._ws is None:
            raise ConnectionError
        try:
            await self._ws.send(data)
        except ConnectionClosed as exc:
            raise ConnectionError from exc

    async def closed(self) -> None:
        """Wait until no connection is attached."""
        while self.opened.is_set():  # noqa: ASYNC110  (an event for both edges would have to be kept in step)
            await asyncio.sleep(REDIAL_S)

    def restarted(self) -> None:
        """The node is another process from now on: its journal begins again."""
        self._seen = 0
        self.incarnation += 1

    async def _ask(self, request: Mapping[str, Any], timeout_s: float) -> _Frame:
        """Raises TimeoutError, or ConnectionError when the probe is or gets lost."""
        if self._ws is None:
            raise ConnectionError
        number = next(self._ids)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self._ws.send(msgspec.json.encode({"id": number, **request}), text=True)
                answer: _Frame = await waiting
                return answer
        except ConnectionClosed as exc:
            raise ConnectionError from exc
        finally:
            del self._waiting[number]

    # ---- the connection -------------------------------------------------------------------------------------------

    async def attach(self, ws: ClientConnection | ServerConnection) -> None:
        """Serve one connection until it is lost; the newest one counts."""
        began_ns = time.monotonic_ns()
        try:
            async with asyncio.timeout(HELLO_LIMIT_S):
                await self._greet(ws, began_ns)
            self._ws = ws
            await ws.send(msgspec.json.encode({"journal_from": self._seen + 1}), text=True)
            self.opened.set()
            async for data in ws:
                await self._take(ws, data)
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            if self._ws is ws:
                self._lose()

    async def _greet(self, ws: ClientConnection | ServerConnection, began_ns: int) -> None:
        hello = None
        while hello is None:
            hello = self._decoded(await ws.recv()).hello
        ended_ns = time.monotonic_ns()
        self.hello = hello
        one_clock = hello.boot_id == kernel_boot_id() and abs(ended_ns - hello.clock_ns) < _ONE_CLOCK_NS
        if hello.name != self.node:
            self._complain(f"the probe of {self.node} says it is {hello.name[:_MOST_TOLD]}")
        if not one_clock:
            self._clock_offset_ns = hello.clock_ns - (began_ns + ended_ns) // 2
            self.clock_doubt_ns = (ended_ns - began_ns) // 2 + 1

    async def _take(self, ws: ClientConnection | ServerConnection, data: str | bytes) -> None:
        frame = self._decoded(data)
        if frame.journal is not None:
            number, time_ns, line, fields = frame.journal
            if number <= self._seen:
                return
            self._seen = number
            self.lines[line] += 1
            self._journal(self.node, line, fields, time_ns - self._clock_offset_ns)
            if number % _ACK_EVERY == 0:
                await ws.send(msgspec.json.encode({"ack": number}), text=True)
        elif frame.id is not None:
            waiting = self._waiting.get(frame.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)
        elif frame.error is not None:
            self._complain(f"{self.node} did not understand the harness: {str(frame.error)[:_MOST_TOLD]}")

    def _decoded(self, data: str | bytes) -> _Frame:
        try:
            return _frame.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as exc:
            self._complain(f"the probe of {self.node} sent what is no frame: {str(exc)[:_MOST_TOLD]}")
            return _Frame()

    def _complain(self, what: str) -> None:
        if len(self.complaints) < _MOST_COMPLAINTS:
            self.complaints.append(what)

    def _lose(self) -> None:
        self._ws = None
        self.opened.clear()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError())


async def dial_for_ever(client: ProbeClient, url: str, token: str) -> None:
    """Keep `client` attached to the probe that listens at `url`."""
    headers = {"Authorization": f"Bearer {token}"}
    while True:
        with suppress(OSError, TimeoutError, EOFError, InvalidHandshake):
            async with connect(
                url, additional_headers=headers, compression=None, proxy=None, max_size=None, open_timeout=5
            ) as ws:
                await client.attach(ws)
        await asyncio.sleep(REDIAL_S)


@asynccontextmanager
async def listening(clients: Mapping[str, ProbeClient], host: str, port: int = 0) -> AsyncIterator[int]:
    """Let nodes dial in at `host`; `clients` by bearer token. Yields the port."""

    def whose(request: Request) -> ProbeClient | None:
        given = request.headers.get("Authorization", "").encode()
        found = [c for token, c in clients.items() if hmac.compare_digest(given, f"Bearer {token}".encode())]
        return found[0] if found else None

    def check(ws: ServerConnection, request: Request) -> Response | None:
        if whose(request) is not None:
            return None
        return ws.respond(http.HTTPStatus.UNAUTHORIZED, "the probe's bearer token is missing or wrong\n")

    async def handle(ws: ServerConnection) -> None:
        client = whose(ws.request) if ws.request is not None else None
        if client is not None:
            await client.attach(ws)

    async with serve(handle, host, port, process_request=check, compression=None, max_size=None) as server:
        yield port or next(iter(server.sockets)).getsockname()[1]


def kernel_boot_id() -> str:
    """Equal on two nodes that share CLOCK_MONOTONIC; empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
