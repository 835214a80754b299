"""What the document leaves open about the mobile although it changes outcomes: the profiles agree, variants differ."""

from __future__ import annotations

from typing import Protocol

from targets.policy import Slot


class CacheAndEvents(Protocol):
    drops: bool  # the cached lists, whenever an event is applied


class CacheUntouched:
    """Document, "Mobile Cache": a time to live and a background refresh; nothing is said of events."""

    drops = False


class DroppedByEvents:
    """An event that is applied drops the cached lists, so that no list is served that is older than what is shown."""

    drops = True


_UNTOUCHED = CacheUntouched()
CACHE_EVENTS: Slot[CacheAndEvents] = Slot(
    "list-cache.mobile-events",
    _UNTOUCHED,
    _UNTOUCHED,
    role="mobile",
    variants={"dropped-by-events": DroppedByEvents()},
)


class Refreshes(Protocol):
    apart: bool  # a refresh asked for during a fetch is a call of its own


class SharedFetch:
    """Document, "Response Deduplication (Critical for Streaming)": `refreshJob` is called and nowhere shown; it is read
    as `hydrateJob(force: true)`, which shares the fetch under way."""

    apart = False


class OwnCall:
    """A refresh is a `getJob` of its own, whatever is under way."""

    apart = True


_SHARED = SharedFetch()
REFRESHES: Slot[Refreshes] = Slot("refresh.shared", _SHARED, _SHARED, role="mobile", variants={"apart": OwnCall()})


class Relist(Protocol):
    asks: bool  # at a reconnection, for a list, though nobody looks


class ListsAtReconnection:
    """Document, "Edge Cases Verified, 5. Offline Gaps": "background hard refresh after reconnection"; but the refresh
    that is shown happens when a list is accessed."""

    asks = True


class OnAccess:
    """Nothing is listed at a reconnection: the refresh waits until somebody looks."""

    asks = False


_LISTS = ListsAtReconnection()
RELIST: Slot[Relist] = Slot("lost-events.relist", _LISTS, _LISTS, role="mobile", variants={"on-access": OnAccess()})
