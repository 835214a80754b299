"""How long tasks of a disturbed node wait, when they could go on."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from faults import Effect


@dataclass(eq=False)
class Disturbance:
    """One fault's part; overlapping ones on a node draw each for itself, and their waits add up."""

    chance: float
    delay_ns: int
    draws: random.Random
    effect: Effect

    def draw_ns(self) -> int:
        self.effect.met(tasks_ready=1)
        if self.draws.random() >= self.chance:
            return 0
        self.effect.note(tasks_kept_waiting=1)
        return 1 + int(self.delay_ns * self.draws.random())


@dataclass(eq=False)
class Disturbances:
    """All that disturb one node now."""

    active: list[Disturbance] = field(default_factory=list)

    def draw_ns(self) -> int:
        return sum(one.draw_ns() for one in self.active)
