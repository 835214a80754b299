"""A started system: its probes, its clock, and the verbs that faults act through.

Bytes are held and delayed by Toxiproxy; messages are duplicated and connections ended by the wire, whose taps also
measure what every fault met.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from typing import Any, Final

from faults import Cut, Effect, MessageRule, Toxic
from harness import seeds
from harness.runtimes import Probe
from harness.runtimes.probe_client import JournalSink, ProbeClient
from harness.runtimes.sockets import machines, shapes
from harness.runtimes.sockets.grounds import Reach
from harness.runtimes.sockets.machines import Machines
from harness.runtimes.sockets.toxics import Toxics
from harness.runtimes.sockets.wire_client import WireClient, WireLost

VERBS: Final = machines.VERBS | shapes.VERBS | {"hold", "refuse", "delay", "messages", "cut"}
WHY_NOT: Final = {**machines.WHY_NOT, **shapes.WHY_NOT}
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
        async with self._toxics.hold(direction):
            before = await self._counters(direction)
            try:
                yield
            finally:
                after = await self._counters(direction)
                effect.met(bytes_held=after["bytes_in"] - before["bytes_in"])
                effect.note(messages_held=after["messages_in"] - before["messages_in"])

    @asynccontextmanager
    async def delay(self, direction: str, latency_ms: float, jitter_ms: float, effect: Effect) -> AsyncIterator[None]:
        async with self._toxics.delay(direction, latency_ms, jitter_ms):
            before = await self._counters(direction)
            try:
                yield
            finally:
                after = await self._counters(direction)
                effect.met(bytes_delayed=after["bytes_in"] - before["bytes_in"])
                effect.note(messages_delayed=after["messages_in"] - before["messages_in"])

    def toxic(self, direction: str, toxic: Toxic, stream: str, effect: Effect) -> AbstractAsyncContextManager[None]:
        if toxic.type == "latency":
            latency_ms, jitter_ms = toxic.attributes.get("latency", 0), toxic.attributes.get("jitter", 0)
            return self.delay(direction, latency_ms, jitter_ms, effect)
        return self._toxic(direction, toxic, effect)

    @asynccontextmanager
    async def _toxic(self, direction: str, toxic: Toxic, effect: Effect) -> AsyncIterator[None]:
        async with self._toxics.toxic(direction, toxic):
            before = await self._counters(direction)
            try:
                yield
            finally:
                after = await self._counters(direction)
                effect.met(**{_BYTES_MET[toxic.type]: after["bytes_in"] - before["bytes_in"]})

    @asynccontextmanager
    async def refuse(self, link: str, reset: bool, effect: Effect) -> AsyncIterator[None]:
        async with self._ended(link, "reset" if reset else "close", "client", effect), self._toxics.refuse(link):
            yield

    @asynccontextmanager
    async def messages(self, direction: str, rule: MessageRule, stream: str, effect: Effect) -> AsyncIterator[None]:
        number = next(self._numbers)
        where = {"link": self._toxics.link_of(direction), "direction": direction, "number": number}
        try:
            await self._ask("rule", **where, rule=asdict(rule), seed=self._seed, stream=stream)
            yield
        finally:
            did = await self._ask("unrule", **where)
            for name, n in did.get("counts", {}).items():
                effect.note(**{name: n})
            effect.candidates += did.get("candidates", 0)
            self.ailments.extend(why for why in did.get("blind", ()) if why not in self.ailments)

    @asynccontextmanager
    async def cut(self, client: str, how: Cut, stream: str, effect: Effect) -> AsyncIterator[None]:
        """All links of `client`. Half-open: whose socket vanishes is drawn from `stream`."""
        vanishing = seeds.stream(self._seed, stream).choice(("client", "server"))
        links = [f"{a}->{b}" for a, b in self._links if a == client]
        async with self._all_ended(links, how, vanishing, effect):
            yield

    @asynccontextmanager
    async def _all_ended(self, links: list[str], how: str, vanishing: str, effect: Effect) -> AsyncIterator[None]:
        if not links:
            yield
            return
        async with (
            self._ended(links[0], how, vanishing, effect),
            self._all_ended(links[1:], how, vanishing, effect),
        ):
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
