"""Who is there: the desktops and phones of a topology."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from harness import plan as parsing
from harness.plan.systems.topology import system_of
from harness.schedule import System


@dataclass(frozen=True)
class Cast:
    system: System
    desktops: tuple[str, ...]
    phones: tuple[str, ...]

    @property
    def clients(self) -> tuple[str, ...]:
        return (*self.phones, *self.desktops)

    def desktop_of(self, client: str) -> str:
        return self.system.node(client).desktop or client


@cache
def cast_of(topology: str) -> Cast:
    system = system_of(parsing.load_topology(topology))
    names = {role: tuple(n.name for n in system.nodes if n.role == role) for role in ("desktop", "mobile")}
    if not names["mobile"]:
        raise ValueError(f"{topology}: nobody would see anything; plans are drawn for topologies with a mobile")
    return Cast(system, names["desktop"], names["mobile"])
