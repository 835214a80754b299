"""A started system: its probes, its clock, and the verbs that faults act through.

Bytes are held and delayed by Toxiproxy; messages are duplicated and connections ended by the wire, which also does
what Toxiproxy cannot do safely, and whose taps measure what every fault met.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from typing import Any, Final

from faults import TOXIC_VERBS, Cut, Effect, MessageRule, Toxic
from harness import seeds
from harness.runtimes import Probe
from harness.runtimes.probe_client import JournalSink, ProbeClient
from harness.runtimes.sockets import machines
from harness.runtimes.sockets.grounds import Reach
from harness.runtimes.sockets.machines import Machines
from harness.runtimes.sockets.toxics import Toxics
from harness.runtimes.sockets.wire_client import WireClient, WireLost

VERBS: Final = machines.VERBS | TOXIC_VERBS | {"hold", "refuse", "delay", "messages", "cut", "stall"}
WHY_NOT: Final = machines.WHY_NOT
_BYTES_MET = {"bandwidth": "bytes_slowed", "slicer": "bytes_sliced", "limit_data": "bytes_counted"}


class SocketStage(Machines):
    """Implements `harness.runtimes.Stage`. A verb that fails to act or to measure leaves an ailment, never an error."""

    def __init__(
        self,
        probes: Mapping[str, ProbeClient],
        wire: WireClient,
        toxics: Toxics,
        ailments: list[str],
        *,
        reach: Callable[[str], Reach],
        until_up: Callable[[str], Awaitable[object]],
        journal: JournalSink,
        links: list[tuple[str, str]],
        seed: int,
    ) -> None:
        super().__init__(reach, until_up, probes, journal, ailments)
        self.probes: Mapping[str, Probe] = {name: probe for name, probe in probes.items() if probe.opened.is_set()}
        self.ailments = ailments
        self._wire, self._toxics, self._seed = wire, toxics, seed
        self._links = links
        self._numbers = itertools.count(1)

    def now_ns(self) -> int:
        return time.monotonic_ns()

    @asynccontextmanager
    async def hold(self, direction: str, effect: Effect) -> AsyncIterator[None]:
        async with self._toxics.hold(direction), self._metered(direction, effect, "bytes_held", "messages_held"):
            yield

    @asynccontextmanager
    async def delay(self, direction: str, latency_ms: float, jitter_ms: float, effect: Effect) -> AsyncIterator[None]:
        async with (
            self._toxics.delay(direction, latency_ms, jitter_ms),
            self._metered(direction, effect, "bytes_delayed", "messages_delayed"),
        ):
            yield

    def toxic(self, direction: str, toxic: Toxic, stream: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        if not self._toxics.can_have(direction, toxic):
            said = {"toxic": asdict(toxic), "seed": self._seed, "stream": stream}
            return self._by_wire("toxic", direction, effect, **said)
        if toxic.type == "latency":
            latency_ms, jitter_ms = toxic.attributes.get("latency", 0), toxic.attributes.get("jitter", 0)
            return self.delay(direction, latency_ms, jitter_ms, effect)
        return self._toxic(direction, toxic, effect)

    @asynccontextmanager
    async def _toxic(self, direction: str, toxic: Toxic, effect: Effect) -> AsyncIterator[None]:
        async with self._toxics.toxic(direction, toxic), self._metered(direction, effect, _BYTES_MET[toxic.type]):
            yield

    @asynccontextmanager
    async def refuse(self, link: str, reset: bool, effect: Effect) -> AsyncIterator[None]:
        async with self._ended(link, "reset" if reset else "close", "client", effect), self._toxics.refuse(link):
            yield

    def messages(
        self, direction: str, rule: MessageRule, stream: str, effect: Effect
    ) -> AbstractAsyncContextManager[None]:
        return self._by_wire("rule", direction, effect, rule=asdict(rule), seed=self._seed, stream=stream)

    @asynccontextmanager
    async def _by_wire(self, what: str, direction: str, effect: Effect, **said: Any) -> AsyncIterator[None]:
        """The wire does something to a direction until `un`-something, and says then what that met."""
        where = {"link": self._toxics.link_of(direction), "direction": direction, "number": next(self._numbers)}
        try:
            await self._ask(what, **where, **said)
            yield
        finally:
            did = await self._ask(f"un{what}", **where)
            for name, n in did.get("counts", {}).items():
                effect.note(**{name: n})
            effect.candidates += did.get("candidates", 0)
            self.ailments.extend(why for why in did.get("blind", ()) if why not in self.ailments)

    @asynccontextmanager
    async def stall(self, node: str, effect: Effect) -> AsyncIterator[None]:
        """Nothing is handed to the node: the buffers before its sockets fill, and then those of whoever sends."""
        towards = [f"{a}->{b}" for a, b in self._links if b == node] + [
            f"{b}->{a}" for a, b in self._links if a == node
        ]
        async with AsyncExitStack() as stalled:
            for direction in towards:
                await stalled.enter_async_context(self._stalled(direction, effect))
            yield

    @asynccontextmanager
    async def _stalled(self, direction: str, effect: Effect) -> AsyncIterator[None]:
        async with self._by_wire("stall", direction, effect), self._metered(direction, effect, "bytes_unread"):
            yield

    @asynccontextmanager
    async def cut(self, client: str, how: Cut, stream: str, effect: Effect) -> AsyncIterator[None]:
        """All links of `client`. Half-open: whose socket vanishes is drawn from `stream`."""
        vanishing = seeds.stream(self._seed, stream).choice(("client", "server"))
        async with AsyncExitStack() as ended:
            for link in (f"{a}->{b}" for a, b in self._links if a == client):
                await ended.enter_async_context(self._ended(link, how, vanishing, effect))
            yield

    @asynccontextmanager
    async def _ended(self, link: str, how: str, vanishing: str, effect: Effect) -> AsyncIterator[None]:
        """Live connections of a link end now; new ones are refused by the wire meanwhile."""
        number = next(self._numbers)
        try:
            begun = await self._ask("cut", link=link, number=number, how=how, side=vanishing)
            effect.met(connections_cut=begun.get("cut", 0))
            yield
        finally:
            ended = await self._ask("uncut", link=link, number=number)
            effect.met(connections_refused=ended.get("refused", 0))

    # ---- the wire -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _metered(self, direction: str, effect: Effect, met: str, noted: str | None = None) -> AsyncIterator[None]:
        """What enters a direction meanwhile: its bytes were met under one name, its messages noted under another."""
        before = await self._counters(direction)
        try:
            yield
        finally:
            after = await self._counters(direction)
            effect.met(**{met: after["bytes_in"] - before["bytes_in"]})
            if noted is not None:
                effect.note(**{noted: after["messages_in"] - before["messages_in"]})

    async def _counters(self, direction: str) -> dict[str, int]:
        link = self._toxics.link_of(direction)
        counted = await self._ask("counters", link=link)
        way: dict[str, int] | None = counted.get("up" if direction == link else "down")
        return way or {"bytes_in": 0, "messages_in": 0}

    async def _ask(self, do: str, **fields: Any) -> Mapping[str, Any]:
        """The wire's answer, or nothing and an ailment."""
        try:
            return await self._wire.ask(do, **fields)
        except WireLost as exc:
            if str(exc) not in self.ailments:
                self.ailments.append(str(exc))
            return {}
