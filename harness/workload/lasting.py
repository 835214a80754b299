"""Streams that last: chunk after chunk at a steady pace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from pydantic import Field, model_validator

from faults import DurationNs, Words, format_duration

_MOST = 10_000  # chunks of one stream


class Lasting(Words):
    """A chunk every `every`, the first at once, for as long as `for` says: `{for: 30s, every: 500ms}` has 60."""

    for_: DurationNs = Field(alias="for", gt=0)
    """For how long the chunks come: a duration such as `30s`."""
    every: DurationNs = Field(gt=0)
    """How long it is from one chunk to the next: a duration such as `500ms`, no longer than `for`."""

    @model_validator(mode="after")
    def _has_chunks(self) -> Self:
        if self.every > self.for_:
            raise ValueError(f"a chunk every {format_duration(self.every)} does not come twice in so short a stream")
        if self.chunks > _MOST:
            raise ValueError(f"a stream of more than {_MOST} chunks")
        return self

    @property
    def chunks(self) -> int:
        return -(-self.for_ // self.every)

    def times_ns(self, at_ns: int) -> Iterator[int]:
        """When its chunks come, if the first comes at `at_ns`."""
        return (at_ns + n * self.every for n in range(self.chunks))
