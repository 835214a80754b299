"""Connections that take long to close, as Toxiproxy's `slow_close` toxic."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from faults import DurationNs, Fault, OnLinks, Timed, Toxic
from faults._scopes import ToxicOver

_NS_PER_MS = 1_000_000


class SlowCloseWords(OnLinks):
    """When a connection is closed or aborted, the far end of the named directions hears of it `delay` later.

    It meets only connections that a component closes while it lasts. `delay` is in whole milliseconds.
    """

    delay: DurationNs = Field(ge=_NS_PER_MS, multiple_of=_NS_PER_MS)
    """How much later the far end hears that a connection was closed: a duration in whole milliseconds."""


class SlowClose(ToxicOver):
    ACTION: ClassVar[str] = "slow_close"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.slow_close"})
    EXAMPLE: ClassVar[str] = "{action: slow_close, links: [mobile-1<->relay], delay: 2s, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = SlowCloseWords

    def toxic(self, words: Any) -> Toxic:
        return Toxic("slow_close", {"delay": words.delay // _NS_PER_MS})


FAULT: Fault = SlowClose()
