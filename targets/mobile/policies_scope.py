"""What belongs to the screen: gates, visits, and which part of a reply may change what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from targets.mobile.model import Held, Key, Row, Scope, list_key
from targets.mobile.policies import On, switch
from targets.policy import Slot
from targets.protocol import PAGE_SIZE_MAX

# Gates -----------------------------------------------------------------------------------------------------------


class ActiveDesktop(On):
    """Only the active desktop's events count. Without it jobs of another desktop of the same user appear."""


DESKTOP = switch("session-switch.desktop-gate", ActiveDesktop(), "Global Mode Bypass")


class SameProject(On):
    """In global mode events of other projects are gated. Without it a screen that lists one project fills with the
    jobs of all."""


PROJECT = switch("session-switch.project-gate", SameProject(), "Global Mode Bypass")


class JobDecides(On):
    """For an event without a session the job's own session decides. Without it such an event brings the job of
    another session onto the screen."""


SESSION = switch("without-session.job-decides", JobDecides(), "Global Mode Bypass")

# Visits ----------------------------------------------------------------------------------------------------------


class KeyedByVisit(On):
    """A reply belongs to the visit that asked, so that a late one finds nobody. Without it the list of the former
    session replaces that of the present one."""


KEYED = switch("session-switch.visits", KeyedByVisit(), "Background Hard Refresh")


class EarlyEventsWait(On):
    """A newly opened scope buffers events until its first list. Without it each early event costs a fetch, and one for
    a job that was deleted meanwhile brings it back."""


EARLY = switch("session-switch.early-events", EarlyEventsWait(), "Unconditional Forwarding")


class FirstListAsked(On):
    """A newly opened scope is listed by the desktop. Without it a list from the cache, minutes old, is taken for the
    state from which events go on."""


FIRST_LIST = switch("session-switch.first-list", FirstListAsked(), "Background Hard Refresh")

# Snapshots -------------------------------------------------------------------------------------------------------


class Newer(On):
    """A row is installed iff it is newer than what is known of its job. Without it a slow reply takes fields and text
    back to what they were."""


NEWER = switch("snapshots.newer", Newer(), "Hydration Queue (Prevents Duplicate Fetches)")


class RemovesAsOf(On):
    """A list removes a job only when it is as new as the job. Without it a job created while the list was under way
    vanishes again."""


AS_OF = switch("snapshots.as-of", RemovesAsOf(), "Edge Cases Verified, 5. Offline Gaps")


class Audience(Protocol):
    """Is the list that a user asked for shown, or does it answer its caller only?"""

    @property
    def shows_reply(self) -> bool: ...

    @property
    def shows_cached(self) -> bool: ...


class ShowsAll:
    """Document, "Background Hard Refresh": what `listJobs` returns is what the screen shows, cached or not."""

    shows_reply = shows_cached = True


class ShowsReply:
    """The document leaves open whether a cache hit is shown as well; here it answers its caller only."""

    shows_reply, shows_cached = True, False


class CallerOnly:
    """A user's own listing answers its caller and nobody else. Without it a page, or a filtered or cached list, becomes
    what is shown."""

    shows_reply = shows_cached = False


CALLER_ONLY: Slot[Audience] = Slot(
    "snapshots.caller-only",
    ShowsAll(),
    CallerOnly(),
    role="mobile",
    variants={"cached-answers-only": ShowsReply()},
)


@dataclass(frozen=True, slots=True)
class Page:
    """A reply to `job.list`. `after` and `last` bound its keys (None: open); `whole`: neither filtered nor cut."""

    rows: list[Row]
    as_of: int
    filtered: bool
    after: Key | None
    more: bool

    @property
    def last(self) -> Key | None:
        return list_key(self.rows[-1]) if self.more and self.rows else None


class Coverage(Protocol):
    def covers(self, held: Held, page: Page) -> bool:
        """Would this job be in that page if it existed?"""
        ...


class Everything:
    """Document, "Background Hard Refresh": "full replacement", whatever was asked for."""

    def covers(self, held: Held, page: Page) -> bool:
        return True


class KeyRange:
    """A page removes only jobs strictly inside its own key range, a filtered list none. Without it the second page
    removes the first."""

    def covers(self, held: Held, page: Page) -> bool:
        if page.filtered or (page.more and not page.rows):
            return False
        above = page.after is None or page.after < held.key
        return above and (page.last is None or held.key < page.last)


RANGE: Slot[Coverage] = Slot("snapshots.range", Everything(), KeyRange(), role="mobile")


class Extent(Protocol):
    def params(self, scope: Scope, after: Row | None) -> dict[str, Any]:
        """Of the next `job.list` of a reconcile; `after`: the last row so far."""
        ...

    def goes_on(self, page: Page) -> bool: ...


class OnePage:
    """Document, "Background Hard Refresh": one `job.list`, and its page is the list."""

    def params(self, scope: Scope, after: Row | None) -> dict[str, Any]:
        return {**scope.params(), "bypassCache": True}

    def goes_on(self, page: Page) -> bool:
        return False


class WholeScope:
    """The replica's scope is fetched in key-range pages to its end. Without it a session of more jobs than a page holds
    is never shown whole."""

    def params(self, scope: Scope, after: Row | None) -> dict[str, Any]:
        params = {**scope.params(), "bypassCache": True, "pageSize": PAGE_SIZE_MAX}
        if after is not None:
            params["after"] = {"createdAt": after.get("createdAt"), "id": after.get("id")}
        return params

    def goes_on(self, page: Page) -> bool:
        return page.more


EXTENT: Slot[Extent] = Slot("snapshots.whole-scope", OnePage(), WholeScope(), role="mobile")


class PageTombstone(On):
    """A job that a page removed stays removed up to that page's `asOf`. Without it a late `created` brings it back: the
    scope's own `asOf` is smaller."""


PAGE_TOMB = switch("snapshots.page-tombstone", PageTombstone(), "Background Hard Refresh")


class Tombstone(On):
    """A deleted job is remembered by its revision. Without it a late reply or event brings it back."""


TOMBSTONE = switch("delete.tombstone", Tombstone(), "Memory Cleanup")
