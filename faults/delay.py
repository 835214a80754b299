"""Latency on a link, as Toxiproxy's `latency` toxic."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import model_validator

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnLinks, Timed
from faults._scopes import OverDirections, Scope

_NS_PER_MS = 1e6


class DelayWords(OnLinks):
    """Bytes of the named directions arrive `latency` later, give or take `jitter`; their order stays."""

    latency: DurationNs
    """How much later the bytes arrive: a duration such as `100ms`."""
    jitter: DurationNs = 0
    """How much more or less than `latency` it may be, drawn for each piece of data. The default, 0s, is none."""

    @model_validator(mode="after")
    def _delays_something(self) -> Self:
        if self.latency + self.jitter == 0:
            raise ValueError("a delay of nothing: give latency or jitter more than 0s")
        return self


class Delay(OverDirections):
    ACTION: ClassVar[str] = "delay"
    VERBS: ClassVar[frozenset[str]] = frozenset({"delay"})
    EXAMPLE: ClassVar[str] = "{action: delay, links: [mobile-1<->relay], latency: 60ms, jitter: 20ms, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = DelayWords

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.delay(target, words.latency / _NS_PER_MS, words.jitter / _NS_PER_MS, effect)


FAULT: Fault = Delay()
