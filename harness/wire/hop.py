"""The `wire` process: every link of a run passes through it twice, before and behind Toxiproxy.

`python -m harness.wire.hop` takes its configuration as JSON from `WIRE_CONFIG` (or the file `WIRE_CONFIG_FILE`) and the
bearer token of its control connection from `WIRE_TOKEN`. Over that WebSocket come requests, each with an `id`:

============================================================  =====================================================
`{"do": "counters", "link": l}`                               `{"live", "refused", "up": {…}, "down": {…}}`
`{"do": "cut", "link": l, "number": n, "how": h, "side": s}`  `{"cut": connections ended}`
`{"do": "uncut", "link": l, "number": n}`                     `{"refused": connections refused meanwhile}`
`{"do": "rule", "link": l, "direction": d, "number": n, …}`   `{}`
`{"do": "unrule", "link": l, "direction": d, "number": n}`    `{"candidates", "counts", "blind"}`
`{"do": "toxic", "link": l, "direction": d, "number": n, …}`  `{}`
`{"do": "untoxic", "link": l, "direction": d, "number": n}`   `{"candidates", "counts"}`
`{"do": "stall", "link": l, "direction": d}`, also "unstall"  `{}`
`{"do": "order", "steps": […]}`                               `{}`: deliveries in an order that was recorded, or more
                                                              of it (`harness.wire.order`); before anybody dials
`{"do": "ordered"}`                                           `{"in_order", "hurried", "late", "unknown"}`: deliveries
`{"do": "flush"}`                                             `{}`, after every tap so far
============================================================  =====================================================

and back go `{"id": n, "ok": …}` or `{"id": n, "error": …}`, and `{"taps": […]}` as messages pass.
"""

from __future__ import annotations

import asyncio
import hmac
import http
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from faults import MessageRule, Toxic
from harness import registry
from harness.history import NOT_JSON, Tap
from harness.wire.dialect import PLAIN
from harness.wire.hop_link import How, Link, LinkConfig, Side
from harness.wire.order import Order, Step

TAPS_EVERY_S = 0.05
_BATCH = 2000  # taps in one message


class WireConfig(msgspec.Struct, kw_only=True, frozen=True):
    links: list[LinkConfig]
    control: tuple[str, int]
    dialect: str = PLAIN


class Ask(msgspec.Struct, kw_only=True):
    """A request of the harness; which fields it needs depends on `do`."""

    id: int
    do: str
    link: str = ""
    direction: str = ""
    how: How = "reset"
    side: Side = "client"
    number: int = 0
    rule: MessageRule | None = None
    toxic: Toxic | None = None
    seed: int = 0
    stream: str = ""
    steps: list[Step] = []


class Wire:
    """All links of one run and the control connection that drives them."""

    def __init__(self, config: WireConfig, token: str) -> None:
        self._config, self._token = config, token
        self._taps: list[Tap] = []
        dialect = registry.find("dialect", config.dialect)
        self._links = {c.name: Link(c, self._taps.append, dialect) for c in config.links}
        self._order: Order | None = None

    async def run(self, ready: asyncio.Event, stop: asyncio.Event) -> None:
        """Serve until `stop`. Raises OSError when a port is taken."""
        for link in self._links.values():
            await link.listen()
        host, port = self._config.control
        async with serve(
            self._control, host, port, process_request=self._check, compression=None, max_size=2**20, server_header=None
        ):
            ready.set()
            await stop.wait()
        for link in self._links.values():
            await link.close()

    def _check(self, ws: ServerConnection, request: Request) -> Response | None:
        given = request.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return None
        return ws.respond(http.HTTPStatus.UNAUTHORIZED, "the wire's bearer token is missing or wrong\n")

    async def _control(self, ws: ServerConnection) -> None:
        flusher = asyncio.create_task(self._send_taps_for_ever(ws))
        try:
            async for data in ws:
                await ws.send(await self._answer(ws, data), text=True)
        except ConnectionClosed:
            pass
        finally:
            flusher.cancel()

    async def _answer(self, ws: ServerConnection, data: str | bytes) -> bytes:
        try:
            request = msgspec.json.decode(data, type=Ask)
        except NOT_JSON as exc:
            return msgspec.json.encode({"error": f"not understood: {exc}"})
        try:
            if request.do == "flush":
                await self._send_taps(ws)
                return msgspec.json.encode({"id": request.id, "ok": {}})
            return msgspec.json.encode({"id": request.id, "ok": self._do(request)})
        except (KeyError, ValueError) as exc:
            return msgspec.json.encode({"id": request.id, "error": f"{request.do}: unknown {exc}"})

    def _do(self, request: Ask) -> Mapping[str, Any]:
        if request.do == "order":
            return self._ordered(request.steps)
        if request.do == "ordered":
            return dict(self._order.counts) if self._order is not None else {}
        does = _DOES.get(request.do)
        if does is None:
            raise ValueError(f"request {request.do!r}")
        return does(self._links[request.link], request)

    def _ordered(self, steps: list[Step]) -> Mapping[str, Any]:
        if self._order is None:
            self._order = Order()
            for link in self._links.values():
                link.up.order = link.down.order = self._order
        self._order.extend(steps)
        return {}

    async def _send_taps_for_ever(self, ws: ServerConnection) -> None:
        try:
            while True:
                await asyncio.sleep(TAPS_EVERY_S)
                await self._send_taps(ws)
        except ConnectionClosed:
            return

    async def _send_taps(self, ws: ServerConnection) -> None:
        while self._taps:
            batch = self._taps[:_BATCH]
            del self._taps[:_BATCH]
            await ws.send(msgspec.json.encode({"taps": batch}), text=True)


def _rule(link: Link, ask: Ask) -> Mapping[str, Any]:
    if ask.rule is None:
        raise ValueError("rule of which nothing is said")
    return link.add_rule(ask.direction, ask.number, ask.rule, ask.seed, ask.stream)


def _toxic(link: Link, ask: Ask) -> Mapping[str, Any]:
    if ask.toxic is None:
        raise ValueError("toxic of which nothing is said")
    return link.add_toxic(ask.direction, ask.number, ask.toxic, ask.seed, ask.stream)


_DOES: Final[Mapping[str, Callable[[Link, Ask], Mapping[str, Any]]]] = {
    "counters": lambda link, ask: link.counters(),
    "cut": lambda link, ask: link.cut(ask.number, ask.how, ask.side),
    "uncut": lambda link, ask: link.uncut(ask.number),
    "rule": _rule,
    "unrule": lambda link, ask: link.remove_rule(ask.direction, ask.number),
    "toxic": _toxic,
    "untoxic": lambda link, ask: link.remove_toxic(ask.direction, ask.number),
    "stall": lambda link, ask: link.stall(ask.direction, 1),
    "unstall": lambda link, ask: link.stall(ask.direction, -1),
}


def config_from_env(env: Mapping[str, str]) -> tuple[WireConfig, str]:
    """Configuration and token. Raises `ValueError` that says what is missing or wrong."""
    token = env.get("WIRE_TOKEN", "")
    if not token:
        raise ValueError("WIRE_TOKEN is not set: whoever reaches the control port could cut links")
    text = env.get("WIRE_CONFIG") or Path(env.get("WIRE_CONFIG_FILE", "")).read_text()
    try:
        return msgspec.json.decode(text, type=WireConfig), token
    except NOT_JSON as exc:
        raise ValueError(f"WIRE_CONFIG is not understood: {exc}") from exc


async def main(env: Mapping[str, str]) -> None:
    config, token = config_from_env(env)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Wire(config, token).run(asyncio.Event(), stop)


if __name__ == "__main__":
    try:
        asyncio.run(main(os.environ))
    except (ValueError, OSError, registry.UnknownName) as exc:
        sys.exit(f"wire: {exc}")
