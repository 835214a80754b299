"""A slow link, as Toxiproxy's `bandwidth` toxic."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Literal

from pydantic import Field

from faults import Effect, Fault, Ground, Occurrence, OnLinks, Targets, Timed, Toxic, match_directions
from faults.toxic import installed

_MOST_KB_S = 10**9


class BandwidthWords(OnLinks):
    """Bytes of each named direction pass at `rate` KB/s (of 1000 bytes) per connection; 0 lets none pass until heal."""

    rate: int = Field(ge=0, le=_MOST_KB_S)


class Bandwidth:
    ACTION: ClassVar[str] = "bandwidth"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.bandwidth"})
    EXAMPLE: ClassVar[str] = "{action: bandwidth, links: [relay->mobile-1], rate: 4, at: 1s, for: 6s}"
    Params: ClassVar[type[Timed]] = BandwidthWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    def inject(self, ground: Ground, occurrence: Occurrence) -> AbstractAsyncContextManager[Effect]:
        words = BandwidthWords.model_validate(occurrence.params)
        return installed(ground, occurrence, Toxic("bandwidth", {"rate": words.rate}))


FAULT: Fault = Bandwidth()
