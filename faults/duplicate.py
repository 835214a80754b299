"""Whole WebSocket messages delivered more than once; Toxiproxy cannot do this, a message hop can."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from faults import DurationNs, Fault, MessageRule, Probability, Timed
from faults._messages import MessageFault, OnMessages


class DuplicateWords(OnMessages):
    """Each matching message is delivered again with probability `chance`: `copies` times, each `delay` after the last.

    Copies that are still to come when the fault heals come then. Only data messages after the upgrade are touched,
    never pings or the handshake.
    """

    chance: Probability = 0.1
    """The probability with which a matching message comes again, from 0 to 1 or in percent. The default is 10%."""
    copies: int = Field(1, ge=1, le=10)
    """How many copies follow the original, from 1 to 10. The default is 1."""
    delay: DurationNs = 0
    """How long after the message before it each copy comes: a duration. The default, 0s, is at once."""

    def rule(self) -> MessageRule:
        return MessageRule("duplicate", **dict(self.match), chance=self.chance, copies=self.copies, delay_ns=self.delay)


class Duplicate(MessageFault):
    ACTION: ClassVar[str] = "duplicate"
    EXAMPLE: ClassVar[str] = (
        "{action: duplicate, links: [relay->mobile-1], chance: 30%, delay: 50ms, "
        'match: {type: "job:*"}, at: 1s, for: 6s}'
    )
    Params: ClassVar[type[Timed]] = DuplicateWords


FAULT: Fault = Duplicate()
