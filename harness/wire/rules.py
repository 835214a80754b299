"""Message-layer rules: for each message, what to deliver and when. Pure but for the random streams it is given.

A rule sees the original message only, never a copy that another rule made. Only whole, readable data messages are asked
about: copying a compressed one would corrupt every later one, and control frames belong to the connection.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fnmatch import fnmatchcase

from faults import Duplicates, Effect
from harness.wire.splitter import Kind, Piece

Delivery = tuple[int, bytes]  # delay in ns, raw bytes


@dataclass(eq=False)
class ActiveRule:
    """A rule with its own random stream, so that another one moves none of its draws."""

    rule: Duplicates
    draws: random.Random
    effect: Effect

    def copies(self, kind: str) -> list[int]:
        """Delays of the copies that this rule wants of a message of type `kind`."""
        rule = self.rule
        if not fnmatchcase(kind, rule.match.type):
            return []
        self.effect.met(messages_matched=1)
        if self.draws.random() >= rule.chance:
            return []
        self.effect.note(messages_duplicated=1, copies=rule.copies)
        return [rule.delay_ns * n for n in range(1, rule.copies + 1)]


class Rules:
    """The rules in force on one direction. False while there are none."""

    def __init__(self) -> None:
        self._active: list[ActiveRule] = []

    def __bool__(self) -> bool:
        return bool(self._active)

    def add(self, rule: ActiveRule) -> None:
        self._active.append(rule)

    def remove(self, rule: ActiveRule) -> None:
        self._active.remove(rule)

    def decide(self, piece: Piece, kind: str) -> list[Delivery]:
        """The original first; then copies, by delay, the older rule's first among equals."""
        original = (0, piece.raw)
        if not self._active or piece.kind is not Kind.MESSAGE or piece.compressed:
            return [original]
        delays = sorted(delay for active in self._active for delay in active.copies(kind))
        return [original, *((delay, piece.raw) for delay in delays)]
