"""What the faults in force ask of one direction of a proxy, composed into the toxics it has from creation.

Those of a type that no fault asks for have toxicity 0: Toxiproxy then lets everything pass. What cannot be had so is
the wire's work (`harness.wire.hop_chain` says why).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import faults

HOLD_MS: Final = 86_400_000  # a day: bytes, FIN and abort are kept until it is patched away
_COMPOSED: Final = ("latency", "bandwidth", "slicer", "limit_data")
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

    def composes(self, toxic: faults.Toxic) -> bool:
        """Can a proxy have it too? Its toxics have no toxicity of their own, and two slicers or limits cannot be made
        one."""
        single = toxic.type in ("slicer", "limit_data")
        return toxic.type in _COMPOSED and toxic.toxicity >= 1 and not (single and self._of(toxic.type))

    def _of(self, type_: str) -> list[faults.Toxic]:
        return [toxic for toxic in self.toxics.values() if toxic.type == type_]

    def _first(self, type_: str, neutral: dict[str, int]) -> Setting:
        found = self._of(type_)
        return Setting({**dict.fromkeys(neutral, 0), **found[0].attributes}) if found else Setting(neutral, 0.0)
