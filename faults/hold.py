"""Whole WebSocket messages kept back until the fault heals, while others go on and pass them."""

from __future__ import annotations

from typing import ClassVar

from faults import Fault, MessageRule, Release, Timed
from faults._messages import MessageFault, OnMessages


class HoldWords(OnMessages):
    """Every matching message is kept until heal, then delivered in the order of `release`.

    Messages that do not match pass the kept ones. `release` is `in-order`, `reversed` or `shuffled`, for each
    connection; what a connection kept is lost with it. Only data messages after the upgrade are touched, never pings
    or the handshake.
    """

    release: Release = "in-order"
    """In which order the kept messages of a connection are delivered at heal: `in-order` (the default), `reversed` or
    `shuffled`."""

    def rule(self) -> MessageRule:
        return MessageRule("hold", **dict(self.match), release=self.release)


class Hold(MessageFault):
    ACTION: ClassVar[str] = "hold"
    EXAMPLE: ClassVar[str] = (
        '{action: hold, links: [relay->mobile-1], release: reversed, match: {type: "job:*"}, at: 1s, for: 3s}'
    )
    Params: ClassVar[type[Timed]] = HoldWords


FAULT: Fault = Hold()
