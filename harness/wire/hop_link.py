"""One link through the hop: client → in port → Toxiproxy → out port → server, tapped on both sides of Toxiproxy.

Both halves of a connection meet here again: the in port names each connection in a preamble that only the out port
reads. A connection that its client gave up before Toxiproxy let it through never reaches the server.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import struct
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal, cast

import msgspec

from faults import Effect, MessageRule, Toxic
from harness import registry, seeds
from harness.history import Tap
from harness.wire import toxics
from harness.wire.dialect import Dialect
from harness.wire.hop_pump import (
    READ_BYTES,
    Direction,
    Entry,
    Exit,
    close,
    pump,
    reset,
)
from harness.wire.interpreter import Interpreter, Way
from harness.wire.rules import ActiveRule

DIAL_LIMIT_S = 5.0
_SHUTDOWN_S = 1.0  # for the farewell of TLS, after which the connection is aborted
_PREAMBLE = struct.Struct("!8sQ")
_MAGIC = b"\x00jobsync"

Side = Literal["client", "server"]
How = Literal["close", "reset", "half-open", "dead", "timeout"]


class LinkConfig(msgspec.Struct, kw_only=True, frozen=True):
    """Where one link listens and dials, each as (host, port)."""

    client: str
    server: str
    enter: tuple[str, int]  # clients dial it
    proxy: tuple[str, int]  # Toxiproxy's listener
    leave: tuple[str, int]  # Toxiproxy dials it
    upstream: tuple[str, int]  # the server
    shows: str | None = None  # to clients that speak TLS: a PEM file, with its key
    trusts: str | None = None  # of a server that speaks TLS: a PEM file of CAs, or "" for the system's
    server_name: str | None = None  # as its certificate says
    client_dialect: str | None = None  # of a client that speaks another than the link
    server_dialect: str | None = None

    @property
    def name(self) -> str:
        return f"{self.client}->{self.server}"


class Conn:
    """One connection: up to four sockets, and what has become of it."""

    def __init__(self, number: int, client: Writer) -> None:
        self.number = number
        self.client: Writer | None = client
        self.near: Writer | None = None  # the in port's socket to Toxiproxy
        self.far: Writer | None = None  # the out port's socket from Toxiproxy
        self.server: Writer | None = None
        self.silent = False  # bytes from either end are lost, and nobody is told
        self.entered = True  # the in port still serves it
        self.ended = False

    def lost(self) -> bool:
        return self.silent

    @property
    def live(self) -> bool:
        """Nobody has ended it, and its bytes are not lost."""
        return not (self.ended or self.silent)

    def sever(self, how: Literal["reset"]) -> None:
        self.end(how)

    def close(self) -> None:
        self.end("close")

    def end(self, how: How) -> None:
        self.ended = True
        finish = reset if how == "reset" else close
        finish(self.client)
        finish(self.server)
        self._drop_middle()

    def silence(self) -> None:
        self.silent = True
        self._drop_middle()

    def _drop_middle(self) -> None:
        reset(self.near)
        reset(self.far)


class Link:
    """All connections of one link, and what the harness may ask of them."""

    def __init__(self, config: LinkConfig, tap: Callable[[Tap], None], dialect: Dialect) -> None:
        self.config = config
        self.up = Direction(config.name, tap, dialect)
        self.down = Direction(f"{config.server}->{config.client}", tap, dialect)
        self._trust = None if config.trusts is None else ssl.create_default_context(cafile=config.trusts or None)
        self._refused = 0
        self._cuts: dict[int, tuple[list[Conn], int]] = {}
        self._numbers = itertools.count(1)
        self._conns: dict[int, Conn] = {}
        self._rules: dict[int, ActiveRule] = {}
        self._toxics: dict[int, toxics.Toxic] = {}
        self._servers: list[asyncio.Server] = []
        self._client_dialect, self._server_dialect = _found(config.client_dialect), _found(config.server_dialect)

    async def listen(self) -> None:
        """Open both ports. Raises OSError when one is taken, or a file of certificates cannot be read."""
        self._servers.append(await _served(self._enter, self.config.enter, _showing(self.config.shows)))
        self._servers.append(await _served(self._leave, self.config.leave, None))

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for conn in self._conns.values():
            conn.end("reset")
        self._conns.clear()

    # ---- what the harness asks ------------------------------------------------------------------------------------

    def counters(self) -> dict[str, Any]:
        live = len(self._live())
        return {"live": live, "refused": self._refused, "up": self.up.counters(), "down": self.down.counters()}

    def cut(self, number: int, how: How, vanishing: Side) -> dict[str, Any]:
        """End the live connections and refuse new ones until `uncut`. `vanishing`: whose socket goes when half-open."""
        live = self._live()
        for conn in live:
            if how in ("half-open", "dead", "timeout"):
                conn.silence()
            else:
                conn.end(how)
            if how == "half-open":
                reset(conn.client if vanishing == "client" else conn.server)
        self._cuts[number] = (live if how == "timeout" else [], self._refused)
        return {"cut": len(live)}

    def uncut(self, number: int) -> dict[str, Any]:
        """Take back one cut: those it silenced are closed now. Says how many connections were refused meanwhile."""
        silenced, refused_before = self._cuts.pop(number, ([], self._refused))
        for conn in silenced:
            conn.end("close")
        return {"refused": self._refused - refused_before}

    def add_rule(self, direction: str, number: int, rule: MessageRule, seed: int, stream: str) -> dict[str, Any]:
        active = ActiveRule(rule, seeds.stream(seed, stream), Effect())
        self._rules[number] = active
        self._direction(direction).rules.add(active)
        return {}

    def remove_rule(self, direction: str, number: int) -> dict[str, Any]:
        """What the rule met and did, and why it could not act on what it could not read."""
        active = self._rules.pop(number, None)
        if active is None:
            return {"candidates": 0, "counts": {}, "blind": []}
        self._direction(direction).rules.remove(active)
        return {"candidates": active.effect.candidates, "counts": active.effect.counts, "blind": list(active.blind)}

    def add_toxic(self, direction: str, number: int, toxic: Toxic, seed: int, stream: str) -> dict[str, Any]:
        added = toxics.Toxic(toxic.type, toxic.attributes, Effect(), name=stream, toxicity=toxic.toxicity)
        self._toxics[number] = added
        self._direction(direction).poison(added, seed)
        return {}

    def remove_toxic(self, direction: str, number: int) -> dict[str, Any]:
        """What the toxic met and did."""
        toxic = self._toxics.pop(number, None)
        if toxic is None:
            return {"candidates": 0, "counts": {}}
        self._direction(direction).heal(toxic)
        return {"candidates": toxic.effect.candidates, "counts": toxic.effect.counts}

    def stall(self, direction: str, by: Literal[1, -1]) -> dict[str, Any]:
        """One more or one less that keeps the receiver of a direction from reading."""
        self._direction(direction).stalls += by
        return {}

    def _direction(self, name: str) -> Direction:
        return {d.name: d for d in (self.up, self.down)}[name]

    def _live(self) -> list[Conn]:
        return [conn for conn in self._conns.values() if conn.entered and not conn.silent]

    # ---- connections ----------------------------------------------------------------------------------------------

    async def _enter(self, reader: Reader, client: Writer) -> None:
        dialled = None if self._cuts else await _dial(self.config.proxy)
        if dialled is None or self._cuts:
            self._refused += 1
            reset(client)
            reset(dialled[1] if dialled else None)
            return
        near_reader, near = dialled
        conn = Conn(next(self._numbers), client)
        conn.near = near
        self._conns[conn.number] = conn
        near.write(_PREAMBLE.pack(_MAGIC, conn.number))
        said, heard = _ways(self._client_dialect)
        try:
            await asyncio.gather(
                pump(reader, near, Entry(self.up, conn.number, near, conn.lost, said), conn.lost),
                pump(near_reader, client, Exit(self.down, conn.number, client, conn, heard), conn.lost),
            )
        finally:
            conn.entered = False
            close(near)
            close(client)
            if conn.far is None:
                self._conns.pop(conn.number, None)

    async def _leave(self, reader: Reader, far: Writer) -> None:
        conn = await self._introduced(reader)
        if conn is None:
            reset(far)
            return
        conn.far = far
        try:
            await self._serve(conn, reader, far)
        finally:
            close(far)
            close(conn.server)
            if not conn.entered:
                self._conns.pop(conn.number, None)

    async def _serve(self, conn: Conn, reader: Reader, far: Writer) -> None:
        dialled = await _dial(self.config.upstream, ssl=self._trust, server_hostname=self.config.server_name)
        if dialled is None or far.is_closing():
            reset(far)
            reset(dialled[1] if dialled else None)
            return
        server_reader, conn.server = dialled
        said, heard = _ways(self._server_dialect)
        await asyncio.gather(
            pump(reader, conn.server, Exit(self.up, conn.number, conn.server, conn, heard), conn.lost),
            pump(server_reader, far, Entry(self.down, conn.number, far, conn.lost, said), conn.lost),
        )

    async def _introduced(self, reader: Reader) -> Conn | None:
        """The connection that the preamble names, unless it has ended since."""
        with suppress(asyncio.IncompleteReadError, OSError):
            magic, number = _PREAMBLE.unpack(await reader.readexactly(_PREAMBLE.size))
            return self._conns.get(number) if magic == _MAGIC else None
        return None


def _found(dialect: str | None) -> Dialect | None:
    """Raises `registry.UnknownName`."""
    return None if dialect is None else cast("Dialect", registry.find("dialect", dialect))


def _ways(dialect: Dialect | None) -> tuple[Way, Way] | tuple[None, None]:
    """What a program says, and what it hears, interpreted on one connection."""
    if dialect is None:
        return None, None
    interpreter = Interpreter(dialect)
    return interpreter.said, interpreter.heard


async def _served(
    accept: Callable[[Reader, Writer], Awaitable[None]], address: tuple[str, int], tls: ssl.SSLContext | None
) -> asyncio.Server:
    return await asyncio.start_server(
        accept,
        *address,
        limit=READ_BYTES,
        ssl=tls,
        ssl_handshake_timeout=DIAL_LIMIT_S if tls else None,
        ssl_shutdown_timeout=_SHUTDOWN_S if tls else None,
    )


def _showing(path: str | None) -> ssl.SSLContext | None:
    if path is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


async def _dial(address: tuple[str, int], **tls: Any) -> tuple[Reader, Writer] | None:
    """None when nobody answers there, or nobody who can be trusted."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(DIAL_LIMIT_S):
            return await asyncio.open_connection(*address, limit=READ_BYTES, **tls)
    return None
