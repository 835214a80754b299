"""What the desktop may do beyond the document, off by default, and the safeguards of each option."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from targets.desktop.policies_cache import Switch
from targets.policy import Slot
from targets.protocol import CREATED, DELETED, Row

Payload = dict[str, Any]
IDENTITY = ("jobId", "sessionId", "projectHash")
LENGTH = ("accumulatedLength", "accumulated_length")  # legacy producers spell it otherwise

# What an event carries ---------------------------------------------------------------------------------------------


class Removals(Protocol):
    def patch(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        """What a shallow merge, in which null deletes, takes to make `after` of `before`."""
        ...


class OnlyWhatIsThere:
    """The plain difference: the keys of the new object whose values are new."""

    def patch(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in after.items() if key not in before or before[key] != value}


class NullForRemoved(OnlyWhatIsThere):
    """A key that went is sent as null. Without it, with delta payloads, a key that was removed from a job's metadata
    stays on the mobile for as long as events alone keep it up to date."""

    def patch(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().patch(before, after), **dict.fromkeys(key for key in before if key not in after)}


REMOVALS: Slot[Removals] = Slot("delta.removals", OnlyWhatIsThere(), NullForRemoved(), role="desktop")


@dataclass(frozen=True)
class Told:
    """One event that has a revision. `held`: the columns before it; `row`: the whole row after it."""

    event: str
    held: Mapping[str, Any]
    row: Callable[[], Row]
    removals: Removals


class Shape(Protocol):
    def shaped(self, payload: Payload, told: Told) -> Payload: ...


class FullPayload:
    """Document, "Delta Compression": "Current: full event payloads"; beside them `sync.set` names every column that
    changed."""

    def shaped(self, payload: Payload, told: Told) -> Payload:
        return payload


class Delta:
    """Document, "Delta Compression": "send only changed fields". `sync.delta` holds the columns whose values differ, of
    `metadata` only the keys that do; the documented fields that repeat it are left out."""

    def shaped(self, payload: Payload, told: Told) -> Payload:
        if told.event in (CREATED, DELETED):
            return payload
        sync = dict(payload["sync"])
        changed = sync.pop("set")
        delta = {name: value for name, value in changed.items() if name == "response" or told.held.get(name) != value}
        if "metadata" in delta:
            delta["metadata"] = told.removals.patch(told.held["metadata"], delta["metadata"])
        kept = {n: payload[n] for n in (*IDENTITY, "chunk", *LENGTH, "response") if n in payload}
        return {**kept, "sync": {**sync, "delta": delta}}


class Snapshots:
    """Every event carries the whole row after it, and none needs those before it."""

    def shaped(self, payload: Payload, told: Told) -> Payload:
        if told.event == DELETED:
            return payload
        sync = {name: value for name, value in payload["sync"].items() if name != "set"}
        kept = {name: payload[name] for name in (*IDENTITY, *LENGTH) if name in payload}
        return {**kept, "job": told.row(), "sync": sync}


_FULL = FullPayload()
SHAPE: Slot[Shape] = Slot(
    "option.payload", _FULL, _FULL, role="desktop", variants={"delta": Delta(), "snapshots": Snapshots()}
)

# Batches -----------------------------------------------------------------------------------------------------------


class EachChunk:
    """Document, "Event Batching": "Current: each chunk sends individual event"."""

    on = False


class Batched:
    """Document, "Event Batching": "batch multiple chunks into single event during rapid streams"."""

    on = True


_EACH = EachChunk()
BATCHING: Slot[Switch] = Slot("option.batching", _EACH, _EACH, role="desktop", variants={"batched": Batched()})


class BatchPrev(Protocol):
    def of(self, batch: Sequence[Payload]) -> int:
        """The revision after which a batch is to be applied."""
        ...


class PrevOfLast:
    """The last chunk's event, with a longer text: it follows the chunk before it."""

    def of(self, batch: Sequence[Payload]) -> int:
        return int(batch[-1]["sync"]["prev"])


class PrevOfFirst:
    """A batch follows what its first chunk follows. Without it, with batching, no batch follows what the mobile holds,
    and each one costs a fetch."""

    def of(self, batch: Sequence[Payload]) -> int:
        return int(batch[0]["sync"]["prev"])


BATCH_PREV: Slot[BatchPrev] = Slot("batching.first-prev", PrevOfLast(), PrevOfFirst(), role="desktop")


class OvertakenByOthers:
    """A batch waits for its time, whatever else happens to its job."""

    on = False


class FlushedFirst:
    """A job's batch is sent before any other event of that job. Without it, with batching, the status that ends a
    stream overtakes the end of its text."""

    on = True


BATCH_FLUSH: Slot[Switch] = Slot(
    "batching.flush-first",
    OvertakenByOthers(),
    FlushedFirst(),
    role="desktop",
    masked_by="the order by revisions, which waits",
)


class WaitsForQuiet:
    """A batch is sent when its stream pauses."""

    on = False


class MaximumWait:
    """A batch waits a tenth of a second after its first chunk, and no longer. Without it, with batching, a stream that
    never pauses is not shown until it ends."""

    on = True


BATCH_WAIT: Slot[Switch] = Slot("batching.maximum-wait", WaitsForQuiet(), MaximumWait(), role="desktop")


class SaysLast:
    """A batch is known by its last revision alone."""

    on = False


class SaysAll:
    """A batch names every revision it stands for. Without it, with batching, the mobile takes all but the last for
    lost, and lists its scope for each batch."""

    on = True


BATCH_COVERS: Slot[Switch] = Slot("batching.covers", SaysLast(), SaysAll(), role="desktop")
