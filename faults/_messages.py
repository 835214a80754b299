"""What the faults of the message layer share: they install one rule on every direction that they name."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from faults import Effect, Ground, Match, MessageRule, Occurrence, OnLinks, Timed
from faults._scopes import OverDirections, Scope


class OnMessages(OnLinks):
    match: Match = Match()
    """Which messages it touches: globs on their type and job, `{type: "job:*"}`. Left out, it touches all of them."""

    def rule(self) -> MessageRule:
        raise NotImplementedError


class MessageFault(OverDirections):
    """Base of the plug-ins: a subclass adds `ACTION`, `EXAMPLE` and `Params`, a subclass of `OnMessages`."""

    LAYER: ClassVar[Literal["byte", "message", "process"]] = "message"
    VERBS: ClassVar[frozenset[str]] = frozenset({"messages"})
    Params: ClassVar[type[Timed]] = OnMessages

    def is_idle(self, params: Any) -> bool:
        return bool(params.rule().chance == 0)

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.messages(target, words.rule(), f"{occurrence.stream}:{target}", effect)
