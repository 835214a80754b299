"""Any of Toxiproxy's toxics, in its own words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from faults import (
    TOXIC_TYPES,
    TOXIC_VERBS,
    Fault,
    OnLinks,
    Probability,
    Targets,
    Timed,
    Toxic,
    match_directions,
)
from faults._scopes import ToxicOver
from faults._words import check_slicer

Type = Literal["latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"]

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "latency": ("latency", "jitter"),  # ms
    "bandwidth": ("rate",),  # KB/s
    "slow_close": ("delay",),  # ms
    "timeout": ("timeout",),  # ms; 0: until it heals
    "reset_peer": ("timeout",),  # ms
    "slicer": ("average_size", "size_variation", "delay"),  # bytes, bytes, µs
    "limit_data": ("bytes",),
}
assert set(ATTRIBUTES) == set(get_args(Type)) == set(TOXIC_TYPES)


class ToxicWords(OnLinks):
    """A toxic of Toxiproxy on the named links: its types, its attributes, its units (ms, KB/s, bytes; slicer: µs).

    `links` name links, by either arrow; `stream` says which of their directions is meant: `upstream` goes to the
    server, `downstream` to the client that dials. `toxicity` is drawn for each connection and direction.
    latency: latency, jitter. bandwidth: rate. slow_close: delay. timeout: timeout (0: drops data until it heals, and
    then closes). reset_peer: timeout. slicer: average_size, size_variation, delay. limit_data: bytes.
    """

    type: Type
    """Which toxic of Toxiproxy it is, by the name that Toxiproxy gives it."""
    stream: Literal["upstream", "downstream"] = "downstream"
    """Which direction of the link it is put on: `downstream`, the default, goes to the client that dials, `upstream` to
    the server."""
    toxicity: Probability = 1.0
    """The probability with which a connection's direction gets the toxic, from 0 to 1 or in percent. The default, 1, is
    all of them."""
    attributes: dict[str, Annotated[int, Field(ge=0, lt=2**53)]] = Field(default_factory=dict)
    """The toxic's attributes with Toxiproxy's names and units (ms, KB/s, bytes; of a slicer µs). One that is left out
    is 0."""

    @model_validator(mode="after")
    def _attributes_are_toxiproxys(self) -> Self:
        """Toxiproxy itself ignores what it does not know."""
        known = ATTRIBUTES[self.type]
        for name in self.attributes:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {close[0]}?" if close else f"it has: {', '.join(known)}"
                raise ValueError(f"{self.type} has no attribute {name!r}; {hint}")
        if self.type == "slicer":
            check_slicer(self.attributes.get("average_size", 0), self.attributes.get("size_variation", 0))
        return self


class ToxicFault(ToxicOver):
    ACTION: ClassVar[str] = "toxic"
    VERBS: ClassVar[frozenset[str]] = TOXIC_VERBS
    EXAMPLE: ClassVar[str] = (
        "{action: toxic, links: [mobile-1->relay], type: latency, stream: downstream, toxicity: 1, "
        "attributes: {latency: 100, jitter: 40}, at: 1s, for: 6s}"
    )
    Params: ClassVar[type[Timed]] = ToxicWords

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        named = match_directions(params.links, links)
        of_stream = links[params.stream == "downstream" :: 2]
        pairs = zip(links[::2], links[1::2], of_stream, strict=True)
        return Targets(directions=tuple(way for a, b, way in pairs if a in named or b in named))

    def needs(self, params: Any) -> frozenset[str]:
        return frozenset({f"toxic.{params.type}"} | ({"toxicity"} if params.toxicity < 1 else set()))

    def is_idle(self, params: Any) -> bool:
        return bool(params.toxicity == 0)

    def toxic(self, words: Any) -> Toxic:
        return Toxic(words.type, words.attributes, words.toxicity)


FAULT: Fault = ToxicFault()
