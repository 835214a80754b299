"""Connections that take long to close, as Toxiproxy's `slow_close` toxic."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Literal

from pydantic import Field

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnLinks, Targets, Timed, Toxic, match_directions
from faults.toxic import installed

_NS_PER_MS = 1_000_000


class SlowCloseWords(OnLinks):
    """When a connection is closed or aborted, the far end of the named directions hears of it `delay` later.

    It meets only connections that a component closes while it lasts. `delay` is in whole milliseconds.
    """

    delay: DurationNs = Field(ge=_NS_PER_MS, multiple_of=_NS_PER_MS)


class SlowClose:
    ACTION: ClassVar[str] = "slow_close"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.slow_close"})
    EXAMPLE: ClassVar[str] = "{action: slow_close, links: [mobile-1<->relay], delay: 2s, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = SlowCloseWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    def inject(self, ground: Ground, occurrence: Occurrence) -> AbstractAsyncContextManager[Effect]:
        words = SlowCloseWords.model_validate(occurrence.params)
        return installed(ground, occurrence, Toxic("slow_close", {"delay": words.delay // _NS_PER_MS}))


FAULT: Fault = SlowClose()
