"""Whole WebSocket messages delivered more than once; Toxiproxy cannot do this, a message hop can."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from pydantic import Field

from faults import (
    Duplicates,
    DurationNs,
    Effect,
    Fault,
    Ground,
    Match,
    Occurrence,
    OnLinks,
    Probability,
    Targets,
    Timed,
    match_directions,
)


class DuplicateWords(OnLinks):
    """Each matching message is delivered again with probability `chance`: `copies` times, each `delay` after the last.

    Only data messages after the upgrade are touched, never pings or the handshake.
    """

    chance: Probability = 0.1
    copies: int = Field(1, ge=1, le=10)
    delay: DurationNs = 0
    match: Match = Match()


class Duplicate:
    ACTION: ClassVar[str] = "duplicate"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "message"
    VERBS: ClassVar[frozenset[str]] = frozenset({"duplicate"})
    EXAMPLE: ClassVar[str] = (
        "{action: duplicate, links: [relay->mobile-1], chance: 30%, delay: 50ms, "
        'match: {type: "job:*"}, at: 1s, for: 6s}'
    )
    Params: ClassVar[type[Timed]] = DuplicateWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    def is_idle(self, params: Any) -> bool:
        return bool(params.chance == 0)

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        words = DuplicateWords.model_validate(occurrence.params)
        rule = Duplicates(chance=words.chance, copies=words.copies, delay_ns=words.delay, match=words.match)
        effect = Effect()
        async with AsyncExitStack() as scope:
            for direction in occurrence.directions:
                stream = f"{occurrence.stream}:{direction}"
                await scope.enter_async_context(ground.duplicate(direction, rule, stream, effect))
            yield effect


FAULT: Fault = Duplicate()
