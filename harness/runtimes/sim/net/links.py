"""One direction of a link: how long bytes take, and what faults do to them.

A link has a base latency and jitter. Faults are added to it and taken away again, each for itself: it is held while
anybody holds it, and delayed by the sum of its delays. Ending one re-times what it had slowed down, at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import faults
from faults import Effect
from harness.seeds import stream
from harness.wire import toxics
from harness.wire.rules import Rules
from harness.wire.toxics import NS_PER_MS, is_toxic

LATENCY_NS = 1 * NS_PER_MS  # of a local network
JITTER_NS = 2 * NS_PER_MS  # wide enough to let the bytes of different connections overtake each other


class Carrier(Protocol):
    """A connection's direction, as its link speaks to it when a fault begins or ends."""

    def count_stuck(self, hold: Hold) -> None: ...

    def release(self) -> None: ...

    def hasten(self, delay: Delay) -> None: ...

    def install(self, toxic: Installed) -> None: ...

    def uninstall(self, toxic: Installed) -> None: ...


class Installed(Protocol):
    """A toxic on a link. `stub` is what of it works on one connection; None: that one is spared."""

    def stub(self, pipe: Any, seed: int, *, is_new: bool) -> Any: ...


class Hold:
    """Keeps the bytes of a direction."""

    def __init__(self, effect: Effect) -> None:
        self.effect = effect


class Delay:
    """Adds `latency` ± `jitter`, as Toxiproxy's `latency` toxic draws it, from a stream per connection.

    Without `toxicity` handshakes are slowed down too, as on a long way. Toxiproxy answers those at once, and draws
    `toxicity` for each connection and direction.
    """

    def __init__(
        self, effect: Effect, latency_ms: float, jitter_ms: float, name: str, *, toxicity: float | None = None
    ) -> None:
        self.effect = effect
        self._latency_ns = round(latency_ms * NS_PER_MS)
        self._jitter_ns = round(jitter_ms * NS_PER_MS)
        self._name = name
        self._toxicity = toxicity
        self._draws: dict[str, random.Random] = {}
        self._slowed: dict[str, bool] = {}

    def slows(self, seed: int, pipe: str, *, is_handshake: bool) -> bool:
        if self._toxicity is None:
            return True
        return not is_handshake and is_toxic(seed, f"{pipe}/{self._name}", self._toxicity, self._slowed)

    def draw_ns(self, seed: int, pipe: str) -> int:
        if not self._jitter_ns:
            return self._latency_ns
        draws = self._draws.get(pipe)
        if draws is None:
            draws = self._draws[pipe] = stream(seed, f"{pipe}/{self._name}")
        return max(0, self._latency_ns + int((2 * draws.random() - 1) * self._jitter_ns))


class Link:
    """A direction, `mobile-1->relay`. The pipes of its live connections hear when a fault ends."""

    def __init__(self, name: str, latency_ns: int = LATENCY_NS, jitter_ns: int = JITTER_NS) -> None:
        self.name = name
        self.latency_ns, self.jitter_ns = latency_ns, jitter_ns
        self.holds: list[Hold] = []
        self.delays: list[Delay] = []
        self.toxics: list[Installed] = []
        self.rules = Rules()
        self.pipes: dict[Carrier, None] = {}
        self.bytes_sent = 0
        self.bytes_delivered = 0
        self.messages_sent = 0
        self.messages_delivered = 0

    def base_ns(self, draws: random.Random) -> int:
        return self.latency_ns + int(draws.random() * self.jitter_ns)

    # ---- faults ---------------------------------------------------------------------------------------------------

    def hold(self, hold: Hold) -> None:
        self.holds.append(hold)
        for pipe in self.pipes:
            pipe.count_stuck(hold)

    def release(self, hold: Hold) -> None:
        self.holds.remove(hold)
        if not self.holds:
            for pipe in list(self.pipes):
                pipe.release()

    def slow(self, delay: Delay) -> None:
        self.delays.append(delay)

    def hasten(self, delay: Delay) -> None:
        self.delays.remove(delay)
        for pipe in list(self.pipes):
            pipe.hasten(delay)

    def install(self, toxic: Installed) -> None:
        self.toxics.append(toxic)
        for pipe in self.pipes:
            pipe.install(toxic)

    def uninstall(self, toxic: Installed) -> None:
        self.toxics.remove(toxic)
        for pipe in list(self.pipes):
            pipe.uninstall(toxic)

    def meters(self) -> dict[str, int]:
        return {
            "bytes_sent": self.bytes_sent,
            "bytes_delivered": self.bytes_delivered,
            "messages_sent": self.messages_sent,
            "messages_delivered": self.messages_delivered,
        }


def poison(link: Link, toxic: faults.Toxic, name: str, effect: Effect) -> Callable[[], None]:
    """Put a toxic on a direction; what is returned takes it away. `name` is that of its random streams."""
    attributes, toxicity = toxic.attributes, toxic.toxicity
    if toxic.type == "latency":
        latency_ms, jitter_ms = attributes.get("latency", 0), attributes.get("jitter", 0)
        delay = Delay(effect, latency_ms, jitter_ms, name, toxicity=toxicity)
        link.slow(delay)
        return partial(link.hasten, delay)
    installed = toxics.Toxic(toxic.type, attributes, effect, name=name, toxicity=toxicity)
    link.install(installed)
    return partial(link.uninstall, installed)
