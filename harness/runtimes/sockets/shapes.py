"""What the faults in force ask of one direction of a proxy, composed into the toxics it has from creation.

Those of a type that no fault asks for have toxicity 0: Toxiproxy then lets everything pass. `timeout` and `reset_peer`
cannot be had so: the one closes connections only when it is deleted, which can panic the server, and the other turns
every end of a connection into a reset by its mere presence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import faults

HOLD_MS: Final = 86_400_000  # a day: bytes, FIN and abort are kept until it is patched away
VERBS: Final = frozenset({"toxic.latency", "toxic.bandwidth", "toxic.slicer", "toxic.limit_data"})
WHY_NOT: Final[Mapping[str, str]] = {
    "toxic.timeout": "no `timeout`: Toxiproxy closes connections only when it is deleted, which can panic a server",
    "toxic.reset_peer": "no `reset_peer`: by its mere presence every end of a connection is a reset",
    "toxic.slow_close": "no `slow_close`: nobody sees which connections close meanwhile, so it may have met none",
    "toxicity": "no `toxicity` below 1: the faults of a direction share one toxic of each type",
}
_NO_RATE = {"rate": 1_000_000_000}
_NO_CUT = {"average_size": 1_000_000_000, "size_variation": 0, "delay": 0}
_NO_LIMIT = {"bytes": 1_000_000_000_000}


class Setting(NamedTuple):
    attributes: dict[str, int]
    toxicity: float = 1.0


@dataclass
class Shape:
    """Faults by a number of their own."""

    holds: int = 0
    delays: dict[int, tuple[float, float]] = field(default_factory=dict)
    toxics: dict[int, faults.Toxic] = field(default_factory=dict)

    def settings(self) -> dict[str, Setting]:
        """By type, in the order of the chain. Holding wins; delays add up, jitter too; of rates the lowest counts."""
        latency_ms = round(sum(latency for latency, _ in self.delays.values()))
        jitter_ms = round(sum(jitter for _, jitter in self.delays.values()))
        if self.holds:
            latency_ms, jitter_ms = HOLD_MS, 0
        rates = [toxic.attributes.get("rate", 0) for toxic in self._of("bandwidth")]
        return {
            "latency": Setting({"latency": latency_ms, "jitter": jitter_ms}),
            "bandwidth": Setting({"rate": min(rates)}) if rates else Setting(_NO_RATE, 0.0),
            "slicer": self._first("slicer", _NO_CUT),
            "limit_data": self._first("limit_data", _NO_LIMIT),
            "slow_close": Setting({"delay": latency_ms}),
        }

    def clashes(self, toxic: faults.Toxic) -> bool:
        """A proxy has one slicer and one limit for each direction, and two of them cannot be made one."""
        return toxic.type in ("slicer", "limit_data") and bool(self._of(toxic.type))

    def _of(self, type_: str) -> list[faults.Toxic]:
        return [toxic for toxic in self.toxics.values() if toxic.type == type_]

    def _first(self, type_: str, neutral: dict[str, int]) -> Setting:
        found = self._of(type_)
        return Setting({**dict.fromkeys(neutral, 0), **found[0].attributes}) if found else Setting(neutral, 0.0)
