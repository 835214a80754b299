"""Latency on a link, as Toxiproxy's `latency` toxic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnLinks, Targets, Timed, match_directions

_NS_PER_MS = 1e6


class DelayWords(OnLinks):
    """Bytes of the named directions arrive `latency` later, give or take `jitter`; their order stays."""

    latency: DurationNs
    jitter: DurationNs = 0

    @model_validator(mode="after")
    def _delays_something(self) -> Self:
        if self.latency + self.jitter == 0:
            raise ValueError("a delay of nothing: give latency or jitter more than 0s")
        return self


class Delay:
    ACTION: ClassVar[str] = "delay"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"
    VERBS: ClassVar[frozenset[str]] = frozenset({"delay"})
    EXAMPLE: ClassVar[str] = "{action: delay, links: [mobile-1<->relay], latency: 60ms, jitter: 20ms, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = DelayWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        words = DelayWords.model_validate(occurrence.params)
        latency_ms, jitter_ms = words.latency / _NS_PER_MS, words.jitter / _NS_PER_MS
        effect = Effect()
        async with AsyncExitStack() as scope:
            for direction in occurrence.directions:
                await scope.enter_async_context(ground.delay(direction, latency_ms, jitter_ms, effect))
            yield effect


FAULT: Fault = Delay()
