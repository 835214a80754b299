"""Small packets, as Toxiproxy's `slicer` toxic cuts them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from faults import DurationNs, Fault, OnLinks, Timed, Toxic
from faults._scopes import ToxicOver
from faults._words import check_slicer

_NS_PER_US = 1_000


class SlicerWords(OnLinks):
    """Data of the named directions arrives in pieces of `average_size` ± `size_variation` bytes.

    `delay` is the pause after each piece, in whole microseconds.
    """

    average_size: int = Field(ge=1, le=10**9)
    """How many bytes a piece has on average, at least 1."""
    size_variation: int = Field(0, ge=0)
    """How many bytes more or less than the average a piece may have; less than the average. The default, 0, is none."""
    delay: DurationNs = Field(0, multiple_of=_NS_PER_US)
    """The pause after each piece: a duration in whole microseconds. The default, 0s, is none."""

    @model_validator(mode="after")
    def _varies_less_than_it_cuts(self) -> Self:
        check_slicer(self.average_size, self.size_variation)
        return self


class Slicer(ToxicOver):
    ACTION: ClassVar[str] = "slicer"
    VERBS: ClassVar[frozenset[str]] = frozenset({"toxic.slicer"})
    EXAMPLE: ClassVar[str] = (
        "{action: slicer, links: [relay->mobile-1], average_size: 64, size_variation: 32, delay: 200us, "
        "at: 1s, for: 6s}"
    )
    Params: ClassVar[type[Timed]] = SlicerWords

    def toxic(self, words: Any) -> Toxic:
        attributes = {
            "average_size": words.average_size,
            "size_variation": words.size_variation,
            "delay": words.delay // _NS_PER_US,
        }
        return Toxic("slicer", attributes)


FAULT: Fault = Slicer()
