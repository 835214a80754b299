"""Connections that end after so many bytes, as Toxiproxy's `limit_data` toxic."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from faults import Fault, OnLinks, Timed, Toxic
from faults._scopes import ToxicOver


class LimitDataWords(OnLinks):
    """A connection is closed once `bytes` bytes have passed in a named direction since the fault met it.

    The cut falls on the exact byte, in the midst of a message as a rule.
    """

    bytes: int = Field(ge=0, lt=2**53)
    """After how many bytes in a named direction the connection is closed, counted since the fault met it."""


class LimitData(ToxicOver):
    ACTION: ClassVar[str] = "limit_data"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.limit_data"})
    EXAMPLE: ClassVar[str] = "{action: limit_data, links: [relay->mobile-1], bytes: 20000, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = LimitDataWords

    def toxic(self, words: Any) -> Toxic:
        return Toxic("limit_data", {"bytes": words.bytes})


FAULT: Fault = LimitData()
