"""A node that does not read what it is sent."""

from __future__ import annotations

from typing import ClassVar

from faults import Fault, OnNodes, Timed
from faults._scopes import OneVerb


class SlowConsumerWords(OnNodes):
    """The processes of `nodes` do not read their sockets: buffers and mailboxes of their peers fill.

    All else of them goes on; they still send. What waits is read at heal.
    """


class SlowConsumer(OneVerb):
    ACTION: ClassVar[str] = "slow_consumer"
    VERBS: ClassVar[frozenset[str]] = frozenset({"stall"})
    EXAMPLE: ClassVar[str] = "{action: slow_consumer, nodes: [mobile-1], at: 2s, for: 1s}"
    Params: ClassVar[type[Timed]] = SlowConsumerWords


FAULT: Fault = SlowConsumer()
