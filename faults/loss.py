"""Whole WebSocket messages that never arrive, on a connection that goes on as if nothing had happened."""

from __future__ import annotations

from typing import ClassVar

from faults import Fault, MessageRule, Probability, Timed
from faults._messages import MessageFault, OnMessages


class LossWords(OnMessages):
    """Each matching message is dropped with probability `chance`; the connection lives on and nobody is told.

    TCP loses nothing, so this stands for what loses messages above it: a full queue, a crashed worker, a handler that
    failed. Only data messages after the upgrade are touched, never pings or the handshake.
    """

    chance: Probability = 0.1
    """The probability with which a matching message is dropped, from 0 to 1 or in percent. The default is 10%."""

    def rule(self) -> MessageRule:
        return MessageRule("lose", **dict(self.match), chance=self.chance)


class Loss(MessageFault):
    ACTION: ClassVar[str] = "loss"
    EXAMPLE: ClassVar[str] = (
        '{action: loss, links: [relay->mobile-1], chance: 20%, match: {type: "job:*"}, at: 1s, for: 6s}'
    )
    Params: ClassVar[type[Timed]] = LossWords


FAULT: Fault = Loss()
