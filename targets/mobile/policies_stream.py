"""How a chunk finds its place in the text: units of length, tracker or offset, attempts."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from targets.mobile.model import Event, Held
from targets.mobile.text import Text, graphemes, utf8
from targets.policy import Slot


class Unit(Protocol):
    def of(self, text: Text) -> int: ...

    def size(self, chunk: str) -> int: ...


class Graphemes:
    """Document, "Response Deduplication (Critical for Streaming)": `currentResponse.count`, and Swift's `String.count`
    counts grapheme clusters, while the desktop's `accumulated_response.len()` counts bytes."""

    def of(self, text: Text) -> int:
        return text.graphemes

    def size(self, chunk: str) -> int:
        return graphemes(chunk)


class Bytes:
    """The replica counts in the desktop's unit. Without it every non-ASCII chunk is a gap, and one whose lengths happen
    to add up is appended twice."""

    def of(self, text: Text) -> int:
        return text.size_bytes

    def size(self, chunk: str) -> int:
        return len(utf8(chunk))


UNIT: Slot[Unit] = Slot("length.bytes", Graphemes(), Bytes(), role="mobile")


class Place(Enum):
    APPEND = "append"
    DROP = "drop"
    REFRESH = "refresh"


class Tracking(Protocol):
    """Where a chunk goes; `trackers` is job → length, in the unit in use."""

    def place(self, event: Event, held: Held, unit: Unit, trackers: dict[str, int]) -> Place: ...

    def appended(self, event: Event, before: int, unit: Unit, trackers: dict[str, int]) -> None:
        """`before`: the text's length before the chunk, in `unit`."""
        ...

    def installed(self, job: str, text: Text, unit: Unit, trackers: dict[str, int]) -> None: ...


class Tracker:
    """Document, "Response Deduplication (Critical for Streaming)", to the letter."""

    def place(self, event: Event, held: Held, unit: Unit, trackers: dict[str, int]) -> Place:
        accumulated = event.length
        if accumulated is None:
            return Place.APPEND
        current = unit.of(held.text)
        if accumulated <= trackers.get(event.job, current):
            return Place.DROP
        return Place.APPEND if current + unit.size(event.chunk) == accumulated else Place.REFRESH

    def appended(self, event: Event, before: int, unit: Unit, trackers: dict[str, int]) -> None:
        accumulated = event.length
        trackers[event.job] = before + unit.size(event.chunk) if accumulated is None else accumulated

    def installed(self, job: str, text: Text, unit: Unit, trackers: dict[str, int]) -> None:
        """`insertOrReplace` "updates lastAccumulatedLengths": the length of the response installed."""
        trackers[job] = unit.of(text)


class TrackerKept(Tracker):
    """A row that replaces another leaves the tracker as it is: the document shows `insertOrReplace` and says that it
    "updates lastAccumulatedLengths", but not with what, and a whole list is replaced elsewhere."""

    def installed(self, job: str, text: Text, unit: Unit, trackers: dict[str, int]) -> None:
        trackers.setdefault(job, unit.of(text))


class Offset:
    """A chunk says where it starts, and the text itself says how long it is: two numbers of one kind, and no tracker to
    go stale. Without it, and without an order by revisions, a wrong tracker lets a chunk in twice."""

    def place(self, event: Event, held: Held, unit: Unit, trackers: dict[str, int]) -> Place:
        length, have = len(utf8(event.chunk)), held.text.size_bytes
        start = event.sync.start if event.sync else None
        if start is None:
            if event.length is None:
                return Place.APPEND
            start = event.length - length
        if start == have:
            return Place.APPEND
        return Place.DROP if start + length <= have else Place.REFRESH

    def appended(self, event: Event, before: int, unit: Unit, trackers: dict[str, int]) -> None:
        pass

    def installed(self, job: str, text: Text, unit: Unit, trackers: dict[str, int]) -> None:
        pass


OFFSET: Slot[Tracking] = Slot(
    "length.offset",
    Tracker(),
    Offset(),
    role="mobile",
    masked_by="the order by revisions",
    variants={"tracker-kept": TrackerKept()},
)


class Attempts(Protocol):
    def place(self, event: Event, held: Held) -> Place: ...


class AnyAttempt:
    """Document, "Response Deduplication (Critical for Streaming)": a stream is known by its job alone."""

    def place(self, event: Event, held: Held) -> Place:
        return Place.APPEND


class SameAttempt:
    """A chunk of another attempt never extends this one. Without it, and without an order by revisions, a late chunk of
    a failed attempt lands in the text of its retry."""

    def place(self, event: Event, held: Held) -> Place:
        if event.sync is None or event.sync.attempt == held.attempt:
            return Place.APPEND
        return Place.DROP if event.sync.attempt < held.attempt else Place.REFRESH


ATTEMPT: Slot[Attempts] = Slot(
    "stream.attempt",
    AnyAttempt(),
    SameAttempt(),
    role="mobile",
)
