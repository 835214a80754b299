"""What the faults of the message layer share: they install one rule on every direction that they name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, ClassVar, Literal

from faults import Effect, Ground, Match, MessageRule, Occurrence, OnLinks, Targets, Timed, match_directions


class OnMessages(OnLinks):
    match: Match = Match()

    def rule(self) -> MessageRule:
        raise NotImplementedError


class MessageFault:
    """Base of the plug-ins: a subclass adds `ACTION`, `EXAMPLE` and `Params`, a subclass of `OnMessages`."""

    LAYER: ClassVar[Literal["byte", "message", "process"]] = "message"
    VERBS: ClassVar[frozenset[str]] = frozenset({"messages"})
    Params: ClassVar[type[Timed]] = OnMessages

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    def is_idle(self, params: Any) -> bool:
        return bool(params.rule().chance == 0)

    @asynccontextmanager
    async def inject(self, ground: Ground, occurrence: Occurrence) -> AsyncIterator[Effect]:
        words = self.Params.model_validate(occurrence.params)
        assert isinstance(words, OnMessages)
        effect = Effect()
        async with AsyncExitStack() as scope:
            for direction in occurrence.directions:
                stream = f"{occurrence.stream}:{direction}"
                await scope.enter_async_context(ground.messages(direction, words.rule(), stream, effect))
            yield effect
