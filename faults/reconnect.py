"""A client loses its connections and has to come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from faults import Cut, DurationNs, Effect, Fault, Ground, Occurrence, TargetError, Targets, Timed
from faults._scopes import OverNodes, Scope


class ReconnectWords(Timed):
    """The live connections of `clients` end, and new ones are refused for `downtime`.

    `how`: `close` an orderly end; `reset` an abrupt one; `half-open` one side's socket vanishes silently and that
    connection never resumes; `dead` half-open both ways: both sockets stay, and that connection carries nothing any
    more, not even its end; `timeout` the bytes stop and the connection is closed after `downtime`. The fault lasts for
    its `downtime`.
    """

    clients: list[str] = Field(min_length=1)
    """The desktops and mobiles whose connections end, by name; `*` is a wildcard: `mobile-*`."""
    how: Cut = "reset"
    """How a connection ends: `close` in order, `reset` abruptly (the default), `half-open` on one side only, `dead` on
    neither although nothing passes, `timeout` after a silence."""
    downtime: DurationNs = Field(1_000_000_000, gt=0)
    """For how long new connections are refused: a duration, and so long the fault lasts. The default is 1s."""

    @field_validator("for_", mode="before")
    @classmethod
    def _lasts_for_its_downtime(cls, value: object) -> object:
        raise ValueError("a reconnect lasts for its downtime; write downtime instead of for")


class Reconnect(OverNodes):
    ACTION: ClassVar[str] = "reconnect"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"
    VERBS: ClassVar[frozenset[str]] = frozenset({"cut"})
    EXAMPLE: ClassVar[str] = "{action: reconnect, clients: [mobile-1], how: half-open, downtime: 500ms, at: 4s}"
    Params: ClassVar[type[Timed]] = ReconnectWords
    LENGTH: ClassVar[str] = "downtime"

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        clients = [direction.partition("->")[0] for direction in links[::2]]
        for name in params.clients:
            if name not in nodes:
                raise TargetError(name, f"no node {name!r} in this topology", clients)
            if name not in clients:
                raise TargetError(name, f"{name!r} dials nobody; a reconnect is about clients", clients)
        return Targets(nodes=tuple(c for c in clients if c in params.clients))

    def lasts_ns(self, params: Any) -> int:
        return int(params.downtime)

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.cut(target, words.how, f"{occurrence.stream}:{target}", effect)


FAULT: Fault = Reconnect()
