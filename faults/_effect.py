"""What became of a fault: one that met nothing was not survived."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Effect:
    """What a fault met and did while it was active; `candidates` > 0 means exercised."""

    candidates: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def met(self, **counts: int) -> None:
        """Count things that the fault acted on; every one of them was a candidate."""
        for name, n in counts.items():
            self.counts[name] = self.counts.get(name, 0) + n
            self.candidates += n

    def note(self, **counts: int) -> None:
        """Count outcomes that are no candidates of their own (copies made, of messages already met)."""
        for name, n in counts.items():
            self.counts[name] = self.counts.get(name, 0) + n
