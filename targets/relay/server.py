"""The relay's sockets: the upgrade and its token, one reader, one writer and one pinger per connection."""

from __future__ import annotations

import asyncio
import http
import ssl
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from targets import profiles, wall
from targets.link import hang_up
from targets.probe import Definite, Handlers, Value, attach
from targets.protocol import CLOSE_TOKEN_EXPIRED, FRAME_CAP_BYTES, PATH, SERVER_HEADER, device_id
from targets.relay import policies as at
from targets.relay import policies_open as open_at
from targets.relay.calls import Calls
from targets.relay.connections import Connection, ConnectionManager, Socket
from targets.relay.mailbox import SIZE, Mailbox
from targets.relay.session import Desk
from targets.silence import PingsCount, Watchdog
from targets.timing import timing_from_env
from targets.tokens import BadToken, bearer, verify

LEVEL = 2


class Relay:
    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._secret = env["JWT_SECRET"]
        self._size = int(env.get("MAILBOX_SIZE", SIZE))
        self._timing = timing_from_env(env)
        self._policies = profiles.from_env(env)
        self._accepted = self._open = 0  # sockets so far; those that are served now
        handlers = Handlers(env.get("NODE_NAME", "relay"), "relay", LEVEL, self._op, self._state)
        journal = attach(handlers, env)
        self._calls = Calls(self._timing.relay_pending_s)
        self._people = ConnectionManager(self._policies, journal, int(env.get("EPOCH_START", "0")))
        self._desk = Desk(self._policies, journal, self._calls, self._people)
        self._expiring: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        server = await serve(
            self._handle,
            self._env.get("RELAY_HOST", "127.0.0.1"),
            int(self._env.get("RELAY_PORT", "8000")),
            process_request=self._check,
            create_connection=Socket,
            compression=None,
            max_size=FRAME_CAP_BYTES,
            open_timeout=self._timing.upgrade_s,
            close_timeout=self._timing.close_s,
            ping_interval=None,
            server_header=SERVER_HEADER,
            **_tls(self._env.get("RELAY_TLS")),
        )
        async with server:
            await server.serve_forever()

    def _check(self, ws: ServerConnection, request: Request) -> Response | None:
        """The upgrade: None lets it happen."""
        assert isinstance(ws, Socket)
        path = request.path.partition("?")[0]
        if path == "/healthz":
            return ws.respond(http.HTTPStatus.OK, "ok\n")
        if path != PATH:
            return ws.respond(http.HTTPStatus.NOT_FOUND, f"the device link is at {PATH}\n")
        try:
            claims = verify(bearer(_header(request, "Authorization")), self._secret)
        except BadToken as exc:
            return ws.respond(http.HTTPStatus.UNAUTHORIZED, f"{exc}\n")
        self._accepted += 1
        ws.accepted = self._accepted
        ws.user, ws.exp_s = claims.user, claims.exp_s
        ws.device = device_id(_header(request, "X-Device-ID"))
        ws.client_type = _header(request, "X-Client-Type").strip().lower()
        return None

    async def _handle(self, ws: ServerConnection) -> None:
        assert isinstance(ws, Socket)
        self._open += 1
        mailbox = Mailbox(
            self._policies[at.MAILBOX], self._policies[at.CONTROL_LANE], self._policies[open_at.DELIVERY], self._size
        )
        connection = Connection(ws, mailbox, ws.accepted, ws.user, ws.client_type)
        watch = Watchdog(ws, self._policies[at.DEAD_CLIENT].limit_s(self._timing), PingsCount().last_s, lambda: None)
        expiry = self._expire(ws)
        tasks = [asyncio.create_task(mailbox.write(ws)), asyncio.create_task(self._ping(ws))]
        try:
            while True:
                self._desk.take(connection, await ws.recv())
        except ConnectionClosed:
            pass
        finally:
            self._open -= 1
            watch.stop()
            if expiry is not None:
                expiry.cancel()
            for task in tasks:
                task.cancel()
            self._people.remove(connection)
            self._desk.gone(connection)

    async def _ping(self, ws: Socket) -> None:
        try:
            while True:
                await asyncio.sleep(self._timing.ping_s)
                if ws.state is not State.OPEN:
                    return
                await ws.ping()
        except ConnectionClosed:
            return

    def _expire(self, ws: Socket) -> asyncio.TimerHandle | None:
        if not self._policies[at.EXPIRY].closes:
            return None

        def close() -> None:
            task = asyncio.create_task(hang_up(ws, CLOSE_TOKEN_EXPIRED, "the token has expired"))
            self._expiring.add(task)
            task.add_done_callback(self._expiring.discard)

        return asyncio.get_running_loop().call_later(max(0.0, ws.exp_s - wall.now_s()), close)

    async def _op(self, f: str, value: Value) -> Any:
        raise Definite("unknown_op", f"a relay has no operation {f}")

    async def _state(self) -> dict[str, Any]:
        return {"connections": self._people.snapshot(), "gauges": {**self._desk.gauges(), "sockets": self._open}}


def _header(request: Request, name: str) -> str:
    """The first value of a header that may be sent twice, or an empty string."""
    values = request.headers.get_all(name)
    return values[0] if values else ""


def _tls(path: str | None) -> dict[str, Any]:
    """Arguments of a server that speaks TLS. `path`: a PEM file, a certificate with its key."""
    if path is None:
        return {}
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return {"ssl": context}
