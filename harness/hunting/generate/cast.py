"""Who is there: the nodes of a topology, as the draws of faults need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from harness.plan import load_topology
from harness.plan.systems.topology import system_of

TOPOLOGIES: dict[str, float] = {  # shipped ones that need nothing else, with their weights
    "one-user": 4,
    "one-session": 3,
    "two-mobiles": 4,
    "same-screen": 2,
    "many-sessions": 3,
    "two-desktops": 1.5,
    "households": 1,
    "short-tokens": 1,
    "rogue-device": 1,
    "rogue-among-strangers": 0.7,
    "capitals": 1,
    "far-counters": 0.7,
}


@dataclass(frozen=True)
class Cast:
    """Names of nodes. Nobody uses a `module` node, so no fault is aimed at it."""

    topology: str
    desktops: tuple[str, ...]
    mobiles: tuple[str, ...]

    @property
    def clients(self) -> tuple[str, ...]:
        return (*self.desktops, *self.mobiles)

    def one(self, random: Random) -> str:
        """A client; a phone twice as often as a desktop."""
        return random.choice((*self.desktops, *self.mobiles, *self.mobiles))

    def some(self, among: Sequence[str], random: Random) -> list[str]:
        """One of them, sometimes all."""
        return list(among) if random.random() < 0.2 else [random.choice(among)]


@lru_cache
def cast_of(topology: str) -> Cast:
    """Raises `PlanErrors`, `UnknownName`."""
    nodes = [node for node in system_of(load_topology(topology)).nodes if node.kind == "builtin"]
    names = {role: tuple(node.name for node in nodes if node.role == role) for role in ("desktop", "mobile")}
    return Cast(topology, names["desktop"], names["mobile"])
