"""A clock that is wrong, or runs wrong."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from faults import (
    DURATION_PATTERN,
    Effect,
    Fault,
    Ground,
    Occurrence,
    OnNodes,
    Timed,
    format_duration,
    parse_duration_ns,
)
from faults._scopes import OverNodes, Scope


def _signed_ns(text: object) -> int:
    if isinstance(text, str) and text.startswith("-"):
        return -parse_duration_ns(text[1:])
    return parse_duration_ns(text)


def _signed_text(ns: int) -> str:
    return f"-{format_duration(-ns)}" if ns < 0 else format_duration(ns)


_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": DURATION_PATTERN.replace("^", "^-?", 1),
    "examples": ["-1h", "500ms"],
}
SignedDurationNs = Annotated[
    int,
    BeforeValidator(_signed_ns),
    PlainSerializer(_signed_text, return_type=str, when_used="json"),
    WithJsonSchema(_SCHEMA),
]


class ClockWords(OnNodes):
    """The wall clocks of `nodes` are off by `skew` (`-1h`: behind), and all their clocks run at `rate`.

    With rate 1.05 their timers go off early as well. At heal the wall clock steps to the true time; a monotonic clock
    keeps what it has gained. Times of the history are never skewed.
    """

    skew: SignedDurationNs = 0
    """How far the wall clock is off: `500ms` is ahead, `-1h` behind. The default, 0s, is the true time."""
    rate: float = Field(1.0, ge=0.1, le=10)
    """How fast all clocks of the node run, from 0.1 to 10. The default, 1, is as fast as time does."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.skew == 0 and self.rate == 1:
            raise ValueError("a clock that is right: give a skew other than 0s, or a rate other than 1")
        return self


class Clock(OverNodes):
    ACTION: ClassVar[str] = "clock"
    VERBS: ClassVar[frozenset[str]] = frozenset({"skew", "clock_rate"})
    EXAMPLE: ClassVar[str] = "{action: clock, nodes: [mobile-1], skew: -1h, at: 1s, for: 4s}"
    Params: ClassVar[type[Timed]] = ClockWords

    def needs(self, params: Any) -> frozenset[str]:
        return frozenset({"skew", "clock_rate"} if params.rate != 1 else {"skew"})

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.skew(target, words.skew / 1e6, words.rate, effect)


FAULT: Fault = Clock()
