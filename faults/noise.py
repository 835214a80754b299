"""A scheduler that lets some of a process's tasks wait, while others that became ready later go first."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnNodes, Probability, Timed
from faults._scopes import OverNodes, Scope


class NoiseWords(OnNodes):
    """Each task of `nodes` that is ready to go on is kept waiting with this `chance`, up to `delay` (drawn uniformly).

    So tasks of one process overtake each other, as they do on several threads; what one task does keeps its order, and
    so do the bytes of a connection.
    """

    chance: Probability = 0.1
    """The probability with which a task that is ready is kept waiting, above 0 and up to 1 or in percent. The default
    is 10%."""
    delay: DurationNs = Field(2_000_000, gt=0)
    """How long it is kept waiting at most: a duration, drawn uniformly up to it. The default is 2ms."""

    @field_validator("chance")
    @classmethod
    def _some(cls, value: float) -> float:
        if value == 0:
            raise ValueError("expected a chance above 0")
        return value


class Noise(OverNodes):
    ACTION: ClassVar[str] = "noise"
    VERBS: ClassVar[frozenset[str]] = frozenset({"disturb"})
    EXAMPLE: ClassVar[str] = "{action: noise, nodes: [mobile-1], chance: 10%, delay: 2ms, at: 2s, for: 3s}"
    Params: ClassVar[type[Timed]] = NoiseWords

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.disturb(target, words.chance, words.delay / 1e6, f"{occurrence.stream}:{target}", effect)


FAULT: Fault = Noise()
