"""A slow link, as Toxiproxy's `bandwidth` toxic."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from faults import Fault, OnLinks, Timed, Toxic
from faults._scopes import ToxicOver

_MOST_KB_S = 10**9


class BandwidthWords(OnLinks):
    """Bytes of each named direction pass at `rate` KB/s (of 1000 bytes) per connection; 0 lets none pass until heal."""

    rate: int = Field(ge=0, le=_MOST_KB_S)
    """How much passes in a direction of each connection, in KB/s of 1000 bytes. 0 lets nothing pass until it heals."""


class Bandwidth(ToxicOver):
    ACTION: ClassVar[str] = "bandwidth"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.bandwidth"})
    EXAMPLE: ClassVar[str] = "{action: bandwidth, links: [relay->mobile-1], rate: 4, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = BandwidthWords

    def toxic(self, words: Any) -> Toxic:
        return Toxic("bandwidth", {"rate": words.rate})


FAULT: Fault = Bandwidth()
