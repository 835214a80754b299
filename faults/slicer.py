"""Small packets, as Toxiproxy's `slicer` toxic cuts them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from faults import DurationNs, Effect, Fault, Ground, Occurrence, OnLinks, Targets, Timed, Toxic, match_directions
from faults.toxic import check_slicer, installed

_NS_PER_US = 1_000


class SlicerWords(OnLinks):
    """Data of the named directions arrives in pieces of `average_size` ± `size_variation` bytes.

    `delay` is the pause after each piece, in whole microseconds.
    """

    average_size: int = Field(ge=1, le=10**9)
    size_variation: int = Field(0, ge=0)
    delay: DurationNs = Field(0, multiple_of=_NS_PER_US)

    @model_validator(mode="after")
    def _varies_less_than_it_cuts(self) -> Self:
        check_slicer(self.average_size, self.size_variation)
        return self


class Slicer:
    ACTION: ClassVar[str] = "slicer"
    LAYER: ClassVar[Literal["byte", "message", "process"]] = "byte"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.slicer"})
    EXAMPLE: ClassVar[str] = (
        "{action: slicer, links: [relay->mobile-1], average_size: 64, size_variation: 32, delay: 200us, "
        "at: 1s, for: 6s}"
    )
    Params: ClassVar[type[Timed]] = SlicerWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        return Targets(directions=match_directions(params.links, links))

    def inject(self, ground: Ground, occurrence: Occurrence) -> AbstractAsyncContextManager[Effect]:
        words = SlicerWords.model_validate(occurrence.params)
        attributes = {
            "average_size": words.average_size,
            "size_variation": words.size_variation,
            "delay": words.delay // _NS_PER_US,
        }
        return installed(ground, occurrence, Toxic("slicer", attributes))


FAULT: Fault = Slicer()
