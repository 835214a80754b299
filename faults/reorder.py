"""Whole WebSocket messages delivered after later ones; TCP keeps the order of bytes, so only a message hop can."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, WithJsonSchema

from faults import DURATION_PATTERN, Fault, MessageRule, Probability, Timed, parse_duration_ns
from faults._messages import MessageFault, OnMessages

MOST_MESSAGES = 10_000


def _window(value: object) -> object:
    """A count of messages, or the text of a duration. Raises `ValueError` for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_MESSAGES:
        return value
    if isinstance(value, str) and parse_duration_ns(value) > 0:
        return value
    raise ValueError(f"expected a number of messages (1 to {MOST_MESSAGES}) or a duration such as 250ms")


_SCHEMA: dict[str, Any] = {
    "oneOf": [
        {"type": "integer", "minimum": 1, "maximum": MOST_MESSAGES},
        {"type": "string", "pattern": DURATION_PATTERN},
    ]
}


class ReorderWords(OnMessages):
    """A matching message is kept back with probability `chance` until `window` is over; what comes meanwhile passes it.

    `window: 3` is over when three further messages came on its connection, `window: 500ms` after that time; at heal it
    is over anyway. Only data messages after the upgrade are touched, never pings or the handshake.
    """

    chance: Probability = 0.1
    """The probability with which a matching message is kept back, from 0 to 1 or in percent. The default is 10%."""
    window: Annotated[int | str, BeforeValidator(_window), WithJsonSchema(_SCHEMA)] = 1
    """How long a message is kept back: so many further messages of its connection, or a duration such as `500ms`. The
    default is 1 message."""

    def rule(self) -> MessageRule:
        window = self.window
        count, span_ns = (window, 0) if isinstance(window, int) else (0, parse_duration_ns(window))
        return MessageRule("reorder", **dict(self.match), chance=self.chance, window=count, window_ns=span_ns)


class Reorder(MessageFault):
    ACTION: ClassVar[str] = "reorder"
    EXAMPLE: ClassVar[str] = (
        '{action: reorder, links: [relay->mobile-1], chance: 30%, window: 2, match: {type: "job:*"}, at: 1s, for: 6s}'
    )
    Params: ClassVar[type[Timed]] = ReorderWords


FAULT: Fault = Reorder()
