"""What Toxiproxy is asked to do to each link: all faults in force, composed; and what happens when it stops answering.

Every proxy gets its toxics when it is created; afterwards they are only patched, and never while the proxy is disabled:
disabling, changing and enabling wedges the server within a few rounds.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import faults
from harness.runtimes.sockets.shapes import Setting, Shape
from harness.runtimes.toxiproxy.adapter import Toxic, Toxiproxy, ToxiproxyError, ToxiproxyWedged

_REVIVALS = 3  # after so many restarts in one run, Toxiproxy is given up
_READY_LIMIT_S, _READY_PAUSE_S = 10.0, 0.02  # it boots in milliseconds
_WATCH_S = 0.5

Stream = Literal["upstream", "downstream"]
_STREAMS: tuple[Stream, Stream] = ("upstream", "downstream")


@dataclass(frozen=True)
class Proxy:
    """One link's proxy: a name, and where it listens and dials as `host:port`."""

    link: str  # "client->server"
    back: str  # "server->client"
    listen: str
    upstream: str


class _Link:
    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.shapes: dict[Stream, Shape] = {stream: Shape() for stream in _STREAMS}
        self.refusals = 0
        self.applied: dict[str, Setting] = {}
        self.enabled = True

    def wanted(self) -> dict[str, Setting]:
        """By toxic name."""
        return {
            f"{type_}_{stream}": setting
            for stream in _STREAMS
            for type_, setting in self.shapes[stream].settings().items()
        }


class Toxics:
    """All proxies of a run. `restart` kills and starts the server; afterwards everything is made anew."""

    def __init__(
        self, api: Toxiproxy, proxies: list[Proxy], restart: Callable[[], Awaitable[None]], ailments: list[str]
    ) -> None:
        self._api, self._restart, self._ailments = api, restart, ailments
        self.when_given_up: Callable[[str], None] = lambda why: None
        self.when_lost: Callable[[int, int], None] = lambda since_ns, until_ns: None  # no link carried anything between
        self._links = {p.link: _Link(p) for p in proxies}
        self._where: dict[str, tuple[_Link, Stream]] = {}
        for link in self._links.values():
            self._where[link.proxy.link] = (link, "upstream")
            self._where[link.proxy.back] = (link, "downstream")
        self._numbers = itertools.count()
        self._lock = asyncio.Lock()  # one request at a time: concurrent changes are what wedges the server
        self._revivals = 0
        self._well_ns = time.monotonic_ns()  # it answered
        self._given_up = False

    async def open(self) -> None:
        """Wait for the server and make all proxies. Raises `ToxiproxyError`."""
        async with self._lock:
            await self._create_all()

    async def watch(self) -> None:
        """For ever: a server that dies between two changes is restarted too, lest its absence pass for a finding."""
        while not self._given_up:
            await asyncio.sleep(_WATCH_S)
            await asyncio.shield(asyncio.ensure_future(self._looked_after()))

    @asynccontextmanager
    async def hold(self, direction: str) -> AsyncIterator[None]:
        link, stream = self._where[direction]
        link.shapes[stream].holds += 1
        try:
            await self._apply(link)
            yield
        finally:
            link.shapes[stream].holds -= 1
            await self._apply(link)

    @asynccontextmanager
    async def delay(self, direction: str, latency_ms: float, jitter_ms: float) -> AsyncIterator[None]:
        link, stream = self._where[direction]
        number = next(self._numbers)
        link.shapes[stream].delays[number] = (latency_ms, jitter_ms)
        try:
            await self._apply(link)
            yield
        finally:
            del link.shapes[stream].delays[number]
            await self._apply(link)

    @asynccontextmanager
    async def toxic(self, direction: str, toxic: faults.Toxic) -> AsyncIterator[None]:
        """One that the proxy `can_have`."""
        link, stream = self._where[direction]
        shape, number = link.shapes[stream], next(self._numbers)
        shape.toxics[number] = toxic
        try:
            await self._apply(link)
            yield
        finally:
            del shape.toxics[number]
            await self._apply(link)

    def can_have(self, direction: str, toxic: faults.Toxic) -> bool:
        """Beside those that the direction's proxy has now."""
        link, stream = self._where[direction]
        return link.shapes[stream].composes(toxic)

    @asynccontextmanager
    async def refuse(self, direction: str) -> AsyncIterator[None]:
        link, _ = self._where[direction]
        link.refusals += 1
        try:
            await self._apply(link)
            yield
        finally:
            link.refusals -= 1
            await self._apply(link)

    def link_of(self, direction: str) -> str:
        return self._where[direction][0].proxy.link

    # ---- talking to the server ------------------------------------------------------------------------------------

    async def _apply(self, link: _Link) -> None:
        """Bring the server to what is wanted; not stopped half-way by a cancellation, and never raises."""
        await asyncio.shield(asyncio.ensure_future(self._applied(link)))

    async def _applied(self, link: _Link) -> None:
        async with self._lock:
            if self._given_up:
                return
            try:
                await self._change(link)
            except ToxiproxyWedged as exc:
                await self._revive(str(exc))
            except ToxiproxyError as exc:
                self._ailments.append(f"Toxiproxy refused a change of {link.proxy.link}: {exc}")

    async def _looked_after(self) -> None:
        async with self._lock:
            if self._given_up:
                return
            try:
                asked_ns = time.monotonic_ns()
                await asyncio.to_thread(self._api.version)
                self._well_ns = asked_ns
            except ToxiproxyError as exc:
                await self._revive(str(exc))

    async def _change(self, link: _Link) -> None:
        name, enabled = link.proxy.link, link.refusals == 0
        if enabled != link.enabled:
            await asyncio.to_thread(self._api.enable, name, enabled)
            link.enabled = enabled
        if not enabled:
            return
        for toxic, setting in link.wanted().items():
            if link.applied.get(toxic) != setting:
                await asyncio.to_thread(self._api.patch, name, toxic, setting.attributes, setting.toxicity)
                link.applied[toxic] = setting

    async def _revive(self, why: str) -> None:
        """Kill, restart, make everything anew; the run is UNKNOWN from here on."""
        while self._revivals < _REVIVALS:
            self._revivals += 1
            self._ailments.append(f"Toxiproxy stopped answering and was restarted: {why}")
            try:
                await self._restart()
                await self._create_all()
            except ToxiproxyError as exc:
                why = str(exc)
            else:
                now_ns = time.monotonic_ns()
                self.when_lost(self._well_ns, now_ns)
                self._well_ns = now_ns
                return
        self._given_up = True
        self.when_lost(self._well_ns, time.monotonic_ns())
        said = f"Toxiproxy was given up after {_REVIVALS} restarts: {why}"
        self._ailments.append(said)
        self.when_given_up(said)

    async def _create_all(self) -> None:
        await self._answering()
        for link in self._links.values():
            wanted = link.wanted()
            toxics = [_toxic(name, setting) for name, setting in wanted.items()]
            proxy = link.proxy
            await asyncio.to_thread(self._api.create, proxy.link, proxy.listen, proxy.upstream, toxics)
            link.applied, link.enabled = wanted, True
            await self._change(link)

    async def _answering(self) -> None:
        deadline_s = time.monotonic() + _READY_LIMIT_S
        while True:
            try:
                await asyncio.to_thread(self._api.version)
            except ToxiproxyWedged:
                if time.monotonic() > deadline_s:
                    raise
                await asyncio.sleep(_READY_PAUSE_S)
            else:
                return


def _toxic(name: str, setting: Setting) -> Toxic:
    type_, _, stream = name.rpartition("_")
    assert stream in _STREAMS
    return Toxic(name=name, type=type_, stream=stream, attributes=setting.attributes, toxicity=setting.toxicity)
