"""The started system as faults and the conductor see it: every verb is a scope over links or lines of the network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from faults import TOXIC_VERBS, Cut, Effect, MessageRule, Toxic
from harness import seeds
from harness.runtimes import Probe
from harness.runtimes.sim.machines.processes import VERBS as MACHINE_VERBS
from harness.runtimes.sim.machines.processes import Processes, Restart
from harness.runtimes.sim.net.connection import Connection, Line
from harness.runtimes.sim.net.links import Delay, Hold, Link, poison
from harness.runtimes.sim.world import World
from harness.wire.rules import ActiveRule

VERBS = MACHINE_VERBS | TOXIC_VERBS | {"hold", "refuse", "delay", "messages", "cut"}


class SimStage(Processes):
    """Implements `harness.runtimes.Stage`."""

    def __init__(self, world: World, probes: Mapping[str, Probe], restart: Restart | None = None) -> None:
        super().__init__(world, restart)
        self.probes: Mapping[str, Probe] = probes
        self.ailments: list[str] = []

    def now_ns(self) -> int:
        return self._world.loop.now_ns

    # ---- verbs ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def hold(self, direction: str, effect: Effect) -> AsyncIterator[None]:
        link, hold = self._link(direction), Hold(effect)
        self._trace("hold", direction)
        link.hold(hold)
        try:
            yield
        finally:
            self._trace("release", direction)
            link.release(hold)

    @asynccontextmanager
    async def delay(self, direction: str, latency_ms: float, jitter_ms: float, effect: Effect) -> AsyncIterator[None]:
        """The jitter's stream is named by the moment at which it begins: no other fault can move its draws."""
        link = self._link(direction)
        delay = Delay(effect, latency_ms, jitter_ms, f"delay@{self.now_ns()}")
        self._trace("delay", f"{direction} {latency_ms} {jitter_ms}")
        link.slow(delay)
        try:
            yield
        finally:
            self._trace("hasten", direction)
            link.hasten(delay)

    @asynccontextmanager
    async def toxic(self, direction: str, toxic: Toxic, stream: str, effect: Effect) -> AsyncIterator[None]:
        self._trace("toxic", f"{direction} {toxic.type} {sorted(toxic.attributes.items())} {toxic.toxicity}")
        heal = poison(self._link(direction), toxic, stream, effect)
        try:
            yield
        finally:
            self._trace("untoxic", f"{direction} {toxic.type}")
            heal()

    @asynccontextmanager
    async def messages(self, direction: str, rule: MessageRule, stream: str, effect: Effect) -> AsyncIterator[None]:
        rules = self._link(direction).rules
        active = ActiveRule(rule, seeds.stream(self._world.seed, stream), effect)
        self._trace(rule.does, direction)
        rules.add(active)
        try:
            yield
        finally:
            self._trace(f"un{rule.does}", direction)
            rules.remove(active)
            self.ailments.extend(why for why in active.blind if why not in self.ailments)

    @asynccontextmanager
    async def refuse(self, link: str, reset: bool, effect: Effect) -> AsyncIterator[None]:
        lines = [line for line in self._lines() if link in (line.forth.name, line.back.name)]
        if not lines:
            raise KeyError(f"no link {link}")
        with self._refused(lines, effect):
            _sever(lines, "reset" if reset else "close", effect)
            yield

    @asynccontextmanager
    async def cut(self, client: str, how: Cut, stream: str, effect: Effect) -> AsyncIterator[None]:
        """All links of `client`. Half-open: whose socket vanishes is drawn from `stream`."""
        client_vanishes = seeds.stream(self._world.seed, stream).choice((True, False))
        lines = [line for line in self._lines() if line.client == client]
        with self._refused(lines, effect):
            severed = _sever(lines, how, effect, client_vanishes=client_vanishes)
            yield
            if how == "timeout":
                for connection in severed:
                    connection.close_silenced()

    @contextmanager
    def _refused(self, lines: list[Line], effect: Effect) -> Iterator[None]:
        for line in lines:
            line.refuse(effect)
        try:
            yield
        finally:
            for line in lines:
                line.welcome(effect)

    # ---- the network ----------------------------------------------------------------------------------------------

    def _link(self, direction: str) -> Link:
        return self._world.network.links[direction]

    def _lines(self) -> Iterable[Line]:
        return (line for line in self._world.network.lines.values() if not line.aside)

    def _trace(self, verb: str, what: str) -> None:
        self._world.trace(verb, what, b"")


def _sever(lines: list[Line], how: Cut, effect: Effect, *, client_vanishes: bool = False) -> list[Connection]:
    severed = [connection for line in lines for connection in line.live]
    for connection in severed:
        connection.sever(how, client_vanishes=client_vanishes)
    effect.met(connections_cut=len(severed))
    return severed
