"""Where the desktop's profiles differ. `documented` objects cite the section of the document they follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from targets.policy import Slot

# The list cache: keys ----------------------------------------------------------------------------------------------


class CacheKeys(Protocol):
    def variant(self, filters: str) -> str:
        """The part of a key that stands for filters and page; `filters` is their canonical text."""
        ...


class PlainKeys:
    """Document, "Cache Keys": `jobs::session::<id>`, `jobs::project::<hash>`, and nothing of the filters."""

    def variant(self, filters: str) -> str:
        return ""


class FiltersInKey:
    """Filters and page are part of the key. Without it the list of failed jobs answers the next request for all."""

    def variant(self, filters: str) -> str:
        return filters


CACHE_KEYS: Slot[CacheKeys] = Slot(
    "list-cache.filters-in-key", PlainKeys(), FiltersInKey(), role="desktop", shown_by="linearizable"
)


class Invalidated(Protocol):
    def of(self, session_key: str, project_key: str) -> tuple[str, ...]:
        """The keys a change of a job concerns."""
        ...


class SessionKey:
    """Document, "Cache Invalidation Function": `invalidate_job_list_cache_for_session`."""

    def of(self, session_key: str, project_key: str) -> tuple[str, ...]:
        return (session_key,)


class BothKeys:
    """The session's and the project's lists are dropped. Without it global mode, which lists by project, reads lists
    that are up to the TTL old."""

    def of(self, session_key: str, project_key: str) -> tuple[str, ...]:
        return (session_key, project_key)


INVALIDATED: Slot[Invalidated] = Slot(
    "list-cache.project-key", SessionKey(), BothKeys(), role="desktop", shown_by="linearizable"
)


# The list cache: generations ---------------------------------------------------------------------------------------


class Switch(Protocol):
    """A safeguard that is there or is not."""

    on: bool


class OnlyAfter:
    """Document, "Desktop": the emitters invalidate, so nothing happens before the write."""

    on = False


class BeforeWrite:
    """Lists are dropped and their generation bumped before a write is submitted. Without it a list read before the
    write is served while the write is on its way, and after its commit."""

    on = True


BEFORE_WRITE: Slot[Switch] = Slot(
    "list-cache.before-write", OnlyAfter(), BeforeWrite(), role="desktop", shown_by="linearizable"
)


class AlwaysOpen:
    """Document, "Desktop": silent; the cache serves and fills at any time."""

    on = False


class ClosedWhileWriting:
    """Nothing is served from or filled into a key while a write that concerns it is under way. Without it a list
    read just before the commit is filled in between the first invalidation and the commit."""

    on = True


CLOSED: Slot[Switch] = Slot(
    "list-cache.closed-while-writing", AlwaysOpen(), ClosedWhileWriting(), role="desktop", shown_by="linearizable"
)


class DropsOnly:
    """Document, "Cache Invalidation": the key is removed from the map after the event; nothing remembers that."""

    on = False


class BumpsAfter:
    """The generation is bumped again when the write returns. Without it a list read before the commit is filled in
    after it."""

    on = True


AFTER_WRITE: Slot[Switch] = Slot(
    "list-cache.generation-after",
    DropsOnly(),
    BumpsAfter(),
    role="desktop",
    shown_by="linearizable with --without list-cache.before-write",
)


class FillsAnyway:
    """Document, "Desktop": silent; what was read is cached, whatever happened meanwhile."""

    on = False


class FillsIfUnchanged:
    """A list is cached only if its key's generation is that of before its read. Without it a slow read caches what
    an invalidation has just thrown out, for a whole TTL."""

    on = True


FILL: Slot[Switch] = Slot(
    "list-cache.fill-checked", FillsAnyway(), FillsIfUnchanged(), role="desktop", shown_by="linearizable"
)


class ServesAsRead:
    """Document, "Desktop": a hit returns what is cached, with the counter of the time it was read."""

    on = False


class HitReadsCounter:
    """A hit reads the committed counter as its `asOf` and checks the generation again, else it goes to the database.
    Without it a hit says it is older than answers its caller already has."""

    on = True


HIT: Slot[Switch] = Slot(
    "list-cache.hit-as-of", ServesAsRead(), HitReadsCounter(), role="desktop", shown_by="linearizable"
)


# Snapshots ---------------------------------------------------------------------------------------------------------


class CounterApart:
    """Document: silent; rows and counter are two reads."""

    on = False


class CounterInTransaction:
    """`asOf` is read in the rows' own transaction. Without it a commit between the two reads is claimed to be in the
    rows: the replica takes a job that the rows do not have yet for deleted."""

    on = True


AS_OF: Slot[Switch] = Slot(
    "snapshots.as-of-in-transaction", CounterApart(), CounterInTransaction(), role="desktop", shown_by="linearizable"
)


class NoProject:
    """Document, "Data Flow Sequence": payloads carry the session only."""

    on = False


class ProjectHash:
    """Events carry the job's `projectHash`. Without it a replica in global mode shows jobs of other projects."""

    on = True


PROJECT_HASH: Slot[Switch] = Slot(
    "session-switch.project-hash", NoProject(), ProjectHash(), role="desktop", shown_by="isolation"
)


# Heads -------------------------------------------------------------------------------------------------------------


class NoHeads:
    """Document: silent; what is lost on the way stays lost until somebody lists."""

    on = False


class Heads:
    """The desktop says at registration and every few seconds how far it is. Without it the loss of a job's last
    event is seen by nobody."""

    on = True


HEADS: Slot[Switch] = Slot("lost-events.heads", NoHeads(), Heads(), role="desktop", shown_by="staleness")


class HeadRev(Protocol):
    def rev(self, handed: int, committed: int) -> int: ...


class HeadCommitted:
    """Document: silent; the plain reading of "how far is the desktop" is its committed counter."""

    def rev(self, handed: int, committed: int) -> int:
        return committed


class HeadHanded:
    """A head names the last revision whose event was handed to the link. Without it a head overtakes the events of
    commits that are just being emitted, and the replica fetches what is on its way."""

    def rev(self, handed: int, committed: int) -> int:
        return handed


HEAD_REV: Slot[HeadRev] = Slot(
    "lost-events.handed-head", HeadCommitted(), HeadHanded(), role="desktop", shown_by="resources"
)


class AfterStart(Protocol):
    def handed(self, committed: int) -> int | None:
        """What counts as handed to the link after a start; None: nothing, and no head is sent until an event is."""
        ...


class NothingHanded:
    """Document: silent; an event that was not emitted before the crash is not emitted after it."""

    def handed(self, committed: int) -> int | None:
        return None


class CommittedAtStart:
    """The first head after a start names the committed counter. Without it a commit whose event was lost in the crash
    is seen only when something else happens."""

    def handed(self, committed: int) -> int | None:
        return committed


FIRST_HEAD: Slot[AfterStart] = Slot(
    "crash-before-emit.first-head", NothingHanded(), CommittedAtStart(), role="desktop", shown_by="staleness"
)


# Calls -------------------------------------------------------------------------------------------------------------


class ExecutesAgain:
    """Document: silent; a duplicated request is a request."""

    on = False


class IdempotencyKey:
    """Cancel and delete carry a key that is stored with its outcome, definite failures too, in the desktop's
    transaction. Without it the duplicate of a delete is answered `not_found`, although the job was deleted."""

    on = True


IDEMPOTENCY: Slot[Switch] = Slot(
    "rpc.idempotency-key", ExecutesAgain(), IdempotencyKey(), role="desktop", shown_by="rpc"
)


# Frames from the relay ---------------------------------------------------------------------------------------------


class Stamp(Protocol):
    def stamped(self, event: Mapping[str, Any]) -> dict[str, Any]: ...


class StampsRemote:
    """Document, "Relay Origin Filter": events that came from the relay are marked, so that they are not sent back.
    Nothing breaks in either profile; the variant `nobody` shows two desktops sending one event round for ever."""

    def stamped(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {**event, "relayOrigin": "remote"}


class StampsNothing:
    """Nobody stamps: the filter never finds anything."""

    def stamped(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return dict(event)


_STAMP = StampsRemote()
RELAY_ORIGIN: Slot[Stamp] = Slot(
    "transport.relay-origin", _STAMP, _STAMP, role="desktop", shown_by="isolation", variants={"nobody": StampsNothing()}
)
