"""Connections that end after so many bytes, as Toxiproxy's `limit_data` toxic."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Literal

from pydantic import Field

from faults import Effect, Fault, Ground, Occurrence, OnLinks, Targets, Timed, Toxic, match_directions
from faults.toxic import installed


class LimitDataWords(OnLinks):
    """A connection is closed once `bytes` bytes have passed in a named direction since the fault met it.

    The cut falls on the exact byte, in the midst of a message as a rule.
    """

    bytes: int = Field(ge=0, lt=2**53)


class LimitData:
    ACTION: ClassVar[str] = "limit_data"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.limit_data"})
    EXAMPLE: ClassVar[str] = "{action: limit_data, links: [relay->mobile-1], bytes: 20000, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = LimitDataWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    def inject(self, ground: Ground, occurrence: Occurrence) -> AbstractAsyncContextManager[Effect]:
        words = LimitDataWords.model_validate(occurrence.params)
        return installed(ground, occurrence, Toxic("limit_data", {"bytes": words.bytes}))


FAULT: Fault = LimitData()
