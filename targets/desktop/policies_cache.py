"""Where the desktop's profiles differ: the list cache. `documented` objects cite the document's section."""

from __future__ import annotations

from typing import Protocol

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


CACHE_KEYS: Slot[CacheKeys] = Slot("list-cache.filters-in-key", PlainKeys(), FiltersInKey(), role="desktop")


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


INVALIDATED: Slot[Invalidated] = Slot("list-cache.project-key", SessionKey(), BothKeys(), role="desktop")


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
    "list-cache.before-write",
    OnlyAfter(),
    BeforeWrite(),
    role="desktop",
    masked_by="list-cache.closed-while-writing",
)


class AlwaysOpen:
    """Document, "Desktop": silent; the cache serves and fills at any time."""

    on = False


class ClosedWhileWriting:
    """Nothing is served from or filled into a key while a write that concerns it is under way. Without it a list
    read just before the commit is filled in between the first invalidation and the commit."""

    on = True


CLOSED: Slot[Switch] = Slot("list-cache.closed-while-writing", AlwaysOpen(), ClosedWhileWriting(), role="desktop")


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
    masked_by="list-cache.before-write",
)


class FillsAnyway:
    """Document, "Desktop": silent; what was read is cached, whatever happened meanwhile."""

    on = False


class FillsIfUnchanged:
    """A list is cached only if its key's generation is that of before its read. Without it a slow read caches what
    an invalidation has just thrown out, for a whole TTL."""

    on = True


FILL: Slot[Switch] = Slot("list-cache.fill-checked", FillsAnyway(), FillsIfUnchanged(), role="desktop")


class ServesAsRead:
    """Document, "Desktop": a hit returns what is cached, with the counter of the time it was read."""

    on = False


class HitReadsCounter:
    """A hit reads the committed counter as its `asOf` and checks the generation again, else it goes to the database.
    Without it a hit says it is older than answers its caller already has."""

    on = True


HIT: Slot[Switch] = Slot("list-cache.hit-as-of", ServesAsRead(), HitReadsCounter(), role="desktop")
