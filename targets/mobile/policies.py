"""The replica's safeguards, one slot each. This file holds what the others share: switches, and the order of events.

A switch is a safeguard that either is there or is not; `section` of its documented side says where the design document
of the system under test leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from targets.mobile.model import Event, Held
from targets.policy import Slot
from targets.protocol import CREATED, DELETED, ERROR_DETAILS, FINALIZED, METADATA_UPDATED, STREAM_PROGRESS

Fields = dict[str, Any]


class Switch(Protocol):
    def __bool__(self) -> bool: ...


@dataclass(frozen=True)
class Off:
    """As the section says: without it."""

    section: str

    def __bool__(self) -> bool:
        return False


class On:
    def __bool__(self) -> bool:
        return True


def switch(name: str, hardened: On, section: str, *, masked_by: str = "") -> Slot[Switch]:
    documented: Switch = Off(section)
    return Slot(name, documented, hardened, role="mobile", masked_by=masked_by)


class Decision(Enum):
    APPLY = "apply"
    DROP = "drop"
    WAIT = "wait"  # keep the event and fetch its job


# Order -----------------------------------------------------------------------------------------------------------


class Order(Protocol):
    def decide(self, event: Event, held: Held | None, floor: int) -> Decision:
        """`floor`: an absent job is known to be absent up to this revision."""
        ...

    def keep(self, waiters: list[Event], event: Event) -> None:
        """Add an event to those that wait for their job."""
        ...

    @property
    def buffers(self) -> bool:
        """Does an event that has to wait do so, or is its job fetched instead?"""
        ...

    @property
    def drains(self) -> bool:
        """Are waiters looked at again whenever their job changed, or only after its fetch?"""
        ...


class Arrival:
    """Document, "Fetch-on-Miss Pattern" and "Edge Cases Verified, 1. Duplicate Events": whatever arrives is applied to
    the job that is there; for a missing job the seven granular events wait for its fetch."""

    drains = False
    buffers = True

    def decide(self, event: Event, held: Held | None, floor: int) -> Decision:
        there = held is not None or event.type in (CREATED, DELETED)
        return Decision.APPLY if there else Decision.WAIT

    def keep(self, waiters: list[Event], event: Event) -> None:
        waiters.append(event)


class ByRevision:
    """An event is applied iff it follows what is held. Without it a duplicate or a late event takes fields back, and
    a lost one leaves a job that no event repairs."""

    drains = True
    buffers = True

    def decide(self, event: Event, held: Held | None, floor: int) -> Decision:
        sync = event.sync
        if sync is None:  # nothing to judge it by: the legacy slot lets such events pass, or not
            return ARRIVAL.decide(event, held, floor)
        if sync.rev <= (held.rev if held is not None else floor):
            return Decision.DROP
        if event.type == DELETED:  # ids are never used again: nothing can come after it
            return Decision.APPLY
        if event.snapshot is not None:
            return Decision.APPLY
        if held is None:
            return Decision.APPLY if event.type == CREATED and sync.prev == 0 else Decision.WAIT
        return Decision.APPLY if sync.prev == held.rev else Decision.WAIT

    def keep(self, waiters: list[Event], event: Event) -> None:
        if all(w.rev != event.rev for w in waiters):
            waiters.append(event)


class FetchInstead(ByRevision):
    """An event that does not follow what is held is forgotten, and its job fetched: the row has all of it."""

    buffers = False


ARRIVAL = Arrival()
REVISIONS: Slot[Order] = Slot(
    "order.revisions",
    ARRIVAL,
    ByRevision(),
    role="mobile",
    variants={"fetch-instead": FetchInstead()},
)


class Drain(Protocol):
    waits_on: bool  # does who is looked at before his turn go on waiting?

    def turn(self, waiters: list[Event]) -> list[Event]:
        """The order in which waiters are looked at again."""
        ...


class OnceAsTheyCame:
    """Document, "Hydration Queue (Prevents Duplicate Fetches)": `for waiter in waiters`, after `removeValue`: each has
    his turn once, in the order in which they came, and none is left."""

    waits_on = False

    def turn(self, waiters: list[Event]) -> list[Event]:
        return waiters


class InTurn:
    """Events that wait are looked at in the order of revisions, and who still does not fit waits on. Without it, of
    three events that come in one moment, the last of them first, the last has its turn before the second, and is lost
    for good: it has come, so that nothing tells of a hole."""

    waits_on = True

    def turn(self, waiters: list[Event]) -> list[Event]:
        return sorted(waiters, key=lambda event: event.rev)


DRAIN: Slot[Drain] = Slot("order.drain", OnceAsTheyCame(), InTurn(), role="mobile")


# What an event changes -------------------------------------------------------------------------------------------


class Changes(Protocol):
    reads_snapshots: bool  # whole rows in events other than `created`

    def handles(self, event: Event) -> bool: ...

    def of(self, event: Event, held: Held) -> Fields:
        """The row's fields after `event`, as far as they change; null means: no value. `response`: the whole text."""
        ...


_FINAL_FIELDS = ("status", "response", "actualCost", "tokensSent", "tokensReceived", "cacheReadTokens")
PAYLOAD_FIELDS: dict[str, tuple[str, ...]] = {
    "job:status-changed": ("status", "startTime", "endTime", "subStatusMessage"),
    "job:tokens-updated": ("tokensSent", "tokensReceived", "cacheReadTokens", "cacheWriteTokens"),
    "job:cost-updated": ("actualCost", "isFinalized"),
    FINALIZED: (*_FINAL_FIELDS, "cacheWriteTokens"),
}
STREAM_FIELDS = ("progress", "responseLength", "lastStreamUpdateTime")


class FromPayload:
    """Document, "Fetch-on-Miss Pattern": each granular event carries a few fields, and the replica sets those; there is
    no handler for `job:error-details`, in no section."""

    reads_snapshots = False

    def handles(self, event: Event) -> bool:
        return event.type != ERROR_DETAILS

    def of(self, event: Event, held: Held) -> Fields:
        payload = event.payload
        if event.type == METADATA_UPDATED:
            return {"metadata": merged(held.row.get("metadata"), payload.get("metadataPatch"))}
        if event.type == STREAM_PROGRESS:
            stream = {name: payload[name] for name in STREAM_FIELDS if name in payload}
            before = _mapping(held.row.get("metadata"))
            return {"metadata": {**before, "stream": {**_mapping(before.get("stream")), **stream}}}
        return {name: payload[name] for name in PAYLOAD_FIELDS.get(event.type, ()) if name in payload}


class FromSet:
    """`sync.set` names every column that changed. Without it `updatedAt`, `attempt`, error details and the emptied
    response of a retry never reach the replica by an event."""

    reads_snapshots = True

    def handles(self, event: Event) -> bool:
        return True

    def of(self, event: Event, held: Held) -> Fields:
        sync = event.sync
        changed = None if sync is None else sync.set if sync.delta is None else _whole(sync.delta, held)
        if changed is None:
            return FROM_PAYLOAD.of(event, held)
        fields = dict(changed)
        fields.pop("attempt", None)  # no column: a row tells it in its `sync`, and so does the event
        if event.type == FINALIZED and isinstance(event.payload.get("response"), str):
            fields["response"] = event.payload["response"]
        return fields


def _whole(delta: Mapping[str, Any], held: Held) -> Fields:
    """The columns after a delta, in which `metadata` is a patch."""
    if "metadata" not in delta:
        return dict(delta)
    return {**delta, "metadata": merged(held.row.get("metadata"), delta["metadata"])}


def merged(before: object, patch: object) -> Fields:
    """A shallow merge; null deletes."""
    after = {**_mapping(before), **_mapping(patch)}
    return {name: value for name, value in after.items() if value is not None}


def _mapping(value: object) -> Fields:
    return dict(value) if isinstance(value, dict) else {}


FROM_PAYLOAD = FromPayload()
CHANGES: Slot[Changes] = Slot("order.set", FROM_PAYLOAD, FromSet(), role="mobile")


class Completeness(Protocol):
    def complete(self, event: Event, held: Held) -> bool:
        """Is the text whole after this `job:finalized`?"""
        ...


class AlwaysComplete:
    """Document, "Memory Cleanup": the tracker is dropped, and the text is whatever it is."""

    def complete(self, event: Event, held: Held) -> bool:
        return True


class CompleteIfNext:
    """A finalized event without the text is applied only right after the revision held, else the job is fetched.
    Without it a job whose last chunk was lost ends with half a text. The order by revisions hides it."""

    def complete(self, event: Event, held: Held) -> bool:
        if isinstance(event.payload.get("response"), str) or event.sync is None:
            return True
        return event.sync.prev == held.rev


FINAL: Slot[Completeness] = Slot(
    "finalized.next-or-fetch",
    AlwaysComplete(),
    CompleteIfNext(),
    role="mobile",
)


class Hints(Protocol):
    def is_hint(self, event: Event) -> bool:
        """Is this event a mere reason to fetch?"""
        ...


class NoHints:
    """Document, "Response Deduplication (Critical for Streaming)": "Fallback: append without validation"."""

    def is_hint(self, event: Event) -> bool:
        return False


class LegacyIsHint:
    """An event without length or revision is a reason to fetch and never applied. Without it a duplicate of a legacy
    chunk is appended twice."""

    def is_hint(self, event: Event) -> bool:
        return event.sync is None or (event.type == "job:response-appended" and event.length is None)


LEGACY: Slot[Hints] = Slot("legacy.hint", NoHints(), LegacyIsHint(), role="mobile")


class StoreIdentity(On):
    """Another store id of a desktop voids all that was known of it. Without it a replica compares revisions of a new
    database with those of a wiped one, and refuses everything until the counter has caught up."""


STORE = switch("order.store", StoreIdentity(), "Data Integrity")

Clock = Callable[[], float]
