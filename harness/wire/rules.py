"""Message-layer rules: what becomes of each message. Pure but for the random streams it is given.

`Rules` are those in force on one direction of a link; a `Lane` applies them to one connection of it. When a message
comes, every rule that it matches draws, so that one rule moves no draw of another. Then the message meets them in a
fixed order, whatever order they began in: `lose`, `hold`, `reorder`, `duplicate`; among equals the older rule is first.
A rule that keeps a message hands it on to the next one afterwards. What a rule does is counted when the message
reaches it, so a rule behind one that loses everything met nothing.

Only whole, readable data messages are touched: a compressed one cannot be copied or left out without corrupting every
later one, and control frames belong to the connection.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Protocol

from faults import Effect, MessageRule
from harness.wire.classify import Classified

ORDER: Final = ("lose", "hold", "reorder", "duplicate")
COMPRESSED: Final = "compressed messages can be neither read nor changed"
GARBAGE: Final = "bytes that are no WebSocket pass unread"


@dataclass(eq=False)
class ActiveRule:
    """A rule with its own random stream. `blind` are the reasons why it could not act on what came by."""

    rule: MessageRule
    draws: random.Random
    effect: Effect
    blind: dict[str, None] = field(default_factory=dict)

    def matches(self, what: Classified) -> bool:
        rule = self.rule
        return _fits(what.type, rule.type) and _fits(what.job or "", rule.job)

    def chosen(self) -> bool:
        """Does it act on this message, which it matches?"""
        return self.rule.does == "hold" or self.draws.random() < self.rule.chance


def _fits(text: str, pattern: str) -> bool:
    """An absent text fits nothing but `*`."""
    return pattern == "*" or (text != "" and fnmatchcase(text, pattern))


class Keeps(Protocol):
    """A connection's messages that wait for a rule."""

    def heal(self, rule: ActiveRule) -> None: ...


class Rules:
    """The rules in force on one direction. False while there are none."""

    def __init__(self) -> None:
        self._active: list[ActiveRule] = []
        self.lanes: dict[Keeps, None] = {}  # those that keep something

    def __bool__(self) -> bool:
        return bool(self._active)

    def __contains__(self, rule: ActiveRule) -> bool:
        return rule in self._active

    def add(self, rule: ActiveRule) -> None:
        """Begin. The list stands in the order in which a message meets the rules."""
        self._active.append(rule)
        self._active.sort(key=lambda active: ORDER.index(active.rule.does))

    def remove(self, rule: ActiveRule) -> None:
        """Heal: what the rule keeps is delivered now, connection by connection."""
        self._active.remove(rule)
        for lane in list(self.lanes):
            lane.heal(rule)

    def matching(self, what: Classified) -> list[tuple[ActiveRule, bool]]:
        """The rules that a message meets, each with what it drew."""
        return [(active, active.chosen()) for active in self._active if active.matches(what)]

    def blind(self, why: str) -> None:
        """Something came by that no rule could act on."""
        for active in self._active:
            active.blind[why] = None
