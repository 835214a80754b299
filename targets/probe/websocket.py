"""The probe over a WebSocket, either side dialling: operations in, results and the journal out.

After the upgrade (whose `Authorization: Bearer` is checked by the side that listens) the component says hello; then

=============================================  ========================================================================
harness → component                            component → harness
=============================================  ========================================================================
\\                                              `{"hello": {name, role, level, boot_id, clock_ns}}`
`{"id": n, "op": f, "value": {…}}`             `{"id": n, "type": "ok"|"fail"|"info", "value": …, "error": …}`
`{"id": n, "state": true}`                     `{"id": n, "state": {…}}`
`{"id": n, "set": {variable: value, …}}`       `{"id": n, "type": "ok"}`, or `"fail"`: not while it runs
`{"journal_from": k}`                          `{"journal": [k, time_ns, line, {fields}]}`, from line k on, for ever
`{"ack": k}`                                   lines up to k are forgotten
anything else                                  `{"error": "…"}`
=============================================  ========================================================================

Lines count from 1 and are kept until they are acknowledged. What was journaled before an operation ended is sent
before its result. A killed process loses what it has not written: a line goes into the socket at once when nothing
waits before it, so that a `commit-begin` outlives a kill during its COMMIT; with `HARNESS_JOURNAL` set to a path, every
line is written to that file as well, which holds even when the socket is full.
"""

from __future__ import annotations

import asyncio
import hmac
import http
import logging
import os
import time
from collections import deque
from collections.abc import Mapping, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import broadcast
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.http11 import Request, Response

from targets import wall
from targets.probe.contract import Definite, Handlers, Indeterminate, Journal, ProbeRefused
from targets.protocol import SERVER_HEADER, USER_AGENT, BadFrame, decode

REDIAL_S = 0.5
REQUEST_CAP_BYTES = 16 * 1024 * 1024

log = logging.getLogger("jobsync.probe")


class LineJournal:
    """The journal of a component that is watched from outside: numbered lines, kept until acknowledged."""

    def __init__(self, path: str | None = None) -> None:
        self._encoder = msgspec.json.Encoder(enc_hook=str)
        self._next = 1
        self._kept: deque[tuple[int, bytes]] = deque()
        self._readers: list[ProbeConnection] = []
        self._file = None if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.keeper: asyncio.Task[None] | None = None  # the probe lives as long as its journal

    def __call__(self, line: str, /, **fields: Any) -> None:
        number, self._next = self._next, self._next + 1
        frame = self._encoder.encode({"journal": [number, time.monotonic_ns(), line, fields]})
        if self._file is not None:
            os.write(self._file, frame + b"\n")
        self._kept.append((number, frame))
        for reader in self._readers:
            reader.push(number, frame)

    def watch(self, reader: ProbeConnection) -> None:
        self._readers.append(reader)

    def unwatch(self, reader: ProbeConnection) -> None:
        self._readers.remove(reader)

    def since(self, number: int) -> list[tuple[int, bytes]]:
        """Lines numbered `number` and above that are still kept."""
        if not self._kept:
            return []
        skip = max(0, number - self._kept[0][0])
        return [self._kept[at] for at in range(skip, len(self._kept))]

    def forget(self, upto: int) -> None:
        while self._kept and self._kept[0][0] <= upto:
            self._kept.popleft()


class NoJournal:
    """Nobody watches: the component runs alone."""

    def __call__(self, line: str, /, **fields: Any) -> None:
        return None


def open_probe(handlers: Handlers, env: Mapping[str, str]) -> Journal:
    """Listen on `HARNESS_PROBE_PORT`, or dial `HARNESS_PROBE_URL`. Raises ProbeRefused without a token."""
    port, url = env.get("HARNESS_PROBE_PORT"), env.get("HARNESS_PROBE_URL")
    if not port and not url:
        return NoJournal()
    token = env.get("HARNESS_PROBE_TOKEN", "")
    if not token:
        raise ProbeRefused("a probe needs a bearer token: set HARNESS_PROBE_TOKEN to what the harness was given")
    journal = LineJournal(env.get("HARNESS_JOURNAL"))
    settings = Settings(env)
    if url:
        coroutine = _dial(handlers, journal, settings, url, token)
    else:
        coroutine = _listen(
            handlers, journal, settings, env.get("HARNESS_PROBE_HOST", "127.0.0.1"), int(port or 0), token
        )
    journal.keeper = asyncio.create_task(coroutine)
    journal.keeper.add_done_callback(_report)
    loop = asyncio.get_running_loop()
    if loop.get_exception_handler() is None:  # a component may have its own
        loop.set_exception_handler(partial(_broke_down, journal))
    return journal


def _broke_down(journal: Journal, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task or a callback ended by an exception that nobody caught: the component runs on, and something is undone."""
    loop.default_exception_handler(context)
    exc = context.get("exception")
    if isinstance(exc, Exception):
        journal("crashed", said=f"{type(exc).__name__}: {exc}")


def _report(task: asyncio.Task[None]) -> None:
    """A component that cannot be watched must not run on as if it were."""
    if not task.cancelled() and (problem := task.exception()) is not None:
        raise SystemExit(f"the probe cannot be opened: {problem}")


class Settings:
    """Variables of the environment that may change while the component runs: how slow its disk is, and by how much its
    wall clock is off."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def set(self, told: Mapping[str, Any]) -> str | None:
        """Why not; None: done."""
        for name, value in told.items():
            if name == "STORE_LATENCY_MS" and isinstance(value, str) and isinstance(self._env, MutableMapping):
                self._env[name] = value
            elif name == "CLOCK_OFFSET_MS" and isinstance(value, int | float):
                wall.set_off(value)
            else:
                return f"{name} cannot be set to {value!r} while the component runs"
        return None


async def _listen(
    handlers: Handlers, journal: LineJournal, settings: Settings, host: str, port: int, token: str
) -> None:
    def check(ws: ServerConnection, request: Request) -> Response | None:
        given = request.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return None
        return ws.respond(http.HTTPStatus.UNAUTHORIZED, "the probe's bearer token is missing or wrong\n")

    async def handle(ws: ServerConnection) -> None:
        await ProbeConnection(ws, handlers, journal, settings).run()

    server: Server = await serve(
        handle,
        host,
        port,
        process_request=check,
        compression=None,
        max_size=REQUEST_CAP_BYTES,
        server_header=SERVER_HEADER,
    )
    async with server:
        await server.serve_forever()


async def _dial(handlers: Handlers, journal: LineJournal, settings: Settings, url: str, token: str) -> None:
    while True:
        try:
            async with connect(
                url,
                additional_headers={"Authorization": f"Bearer {token}"},
                user_agent_header=USER_AGENT,
                compression=None,
                proxy=None,
                max_size=REQUEST_CAP_BYTES,
            ) as ws:
                await ProbeConnection(ws, handlers, journal, settings).run()
        except (OSError, TimeoutError, EOFError, InvalidHandshake) as exc:
            log.warning("no harness at %s: %s", url, exc)
        await asyncio.sleep(REDIAL_S)


def boot_id() -> str:
    """Of the kernel: two nodes that say the same one share CLOCK_MONOTONIC. Empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class ProbeConnection:
    """One harness at the other end: a reader, a writer, and a task per operation under way."""

    def __init__(
        self, ws: ServerConnection | ClientConnection, handlers: Handlers, journal: LineJournal, settings: Settings
    ) -> None:
        self._ws, self._handlers, self._journal, self._settings = ws, handlers, journal, settings
        self._encoder = msgspec.json.Encoder(enc_hook=str)
        self._wake = asyncio.Event()
        self._replies: deque[bytes] = deque()
        self._from: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the connection is lost. Operations under way go on; their results find nobody."""
        self._journal.watch(self)
        writer = asyncio.create_task(self._write())
        try:
            self._reply({"hello": self._hello()})
            async for data in self._ws:
                self._take(data)
        except ConnectionClosed:
            pass
        finally:
            self._journal.unwatch(self)
            writer.cancel()

    def push(self, number: int, line: bytes) -> None:
        """A line that was just written: into the socket now, unless others must go before it."""
        if self._from == number and not self._ws.transport.get_write_buffer_size():
            self._from = number + 1
            broadcast([self._ws], line.decode())
        else:
            self._wake.set()

    def _hello(self) -> dict[str, Any]:
        them = self._handlers
        clock_ns = time.monotonic_ns()
        return {"name": them.name, "role": them.role, "level": them.level, "boot_id": boot_id(), "clock_ns": clock_ns}

    def _reply(self, frame: Mapping[str, Any]) -> None:
        self._replies.append(self._encoder.encode(frame))
        self._wake.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                replies, self._replies = self._replies, deque()
                for number, line in [] if self._from is None else self._journal.since(self._from):
                    self._from = number + 1
                    await self._ws.send(line, text=True)
                for reply in replies:
                    await self._ws.send(reply, text=True)
        except ConnectionClosed:
            return

    def _take(self, data: str | bytes) -> None:
        try:
            frame = decode(data)
        except BadFrame as exc:
            self._reply({"error": str(exc)})
            return
        match frame:
            case {"id": int() | str() as number, "op": str() as f}:
                self._spawn(number, self._op(number, f, frame.get("value")))
            case {"id": int() | str() as number, "state": True}:
                self._spawn(number, self._state(number))
            case {"id": int() | str() as number, "set": dict() as told}:
                why_not = self._settings.set(told)
                error = {} if why_not is None else {"error": {"code": "invalid_params", "message": why_not}}
                self._reply({"id": number, "type": "ok" if why_not is None else "fail", **error})
            case {"journal_from": int() as number}:
                self._from = number
                self._wake.set()
            case {"ack": int() as number}:
                self._journal.forget(number)
            case _:
                self._reply({"error": "expected one of id+op+value, id+state, id+set, journal_from, ack"})

    def _spawn(self, number: int | str, coroutine: Any) -> None:
        task = asyncio.create_task(self._guard(number, coroutine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, number: int | str, coroutine: Any) -> None:
        try:
            await coroutine
        except Exception as exc:  # a defect of the component: nobody knows what it did, and the log says where
            log.exception("the component failed at request %s", number)
            error = {"code": "crashed", "message": f"{type(exc).__name__}: {exc}"}
            self._reply({"id": number, "type": "info", "error": error})

    async def _op(self, number: int | str, f: str, value: Any) -> None:
        if not isinstance(value, dict | None):
            error = {"code": "invalid_params", "message": "value must be an object"}
            self._reply({"id": number, "type": "fail", "error": error})
            return
        try:
            result = await self._handlers.op(f, value or {})
        except Definite as exc:
            self._reply({"id": number, "type": "fail", "error": {"code": exc.code, "message": exc.message}})
        except Indeterminate as exc:
            self._reply({"id": number, "type": "info", "error": {"code": exc.code, "message": exc.message}})
        else:
            self._reply({"id": number, "type": "ok", "value": result})

    async def _state(self, number: int | str) -> None:
        self._reply({"id": number, "state": await self._handlers.state()})
