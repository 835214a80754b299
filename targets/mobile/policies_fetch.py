"""When the replica asks the desktop, how often, and what becomes of the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from targets.mobile.policies import On, switch
from targets.policy import Slot
from targets.timing import Timing

# Fetches ---------------------------------------------------------------------------------------------------------


class FollowUp(On):
    """A refresh asked for during a fetch is done after it, once. Without it the fetch under way, which may have read
    the row before, is taken for the answer."""


FOLLOW_UP = switch(
    "refresh.follow-up",
    FollowUp(),
    "Hydration Queue (Prevents Duplicate Fetches)",
    masked_by="the next event of the job, or the next head",
)


class OneInFlight(On):
    """A fetch ends only its own entry. Without it the completion of one fetch clears the entry of the next, begun by a
    waiter, and a third goes out beside it."""


SINGLE_FLIGHT = switch(
    "traffic.single-flight",
    OneInFlight(),
    "Hydration Queue (Prevents Duplicate Fetches)",
    masked_by="answers that agree",
)


class Coalesced(Protocol):
    def wait_s(self, timing: Timing) -> float:
        """How long a fetch for an event waits for what may still arrive by itself."""
        ...


class AtOnce:
    """Document, "Fetch-on-Miss Pattern": every miss fetches."""

    def wait_s(self, timing: Timing) -> float:
        return 0.0


class MaximumWait:
    """A fetch waits a quarter of a second, and never longer, for the event that makes it needless. Without it every
    reordered pair costs a fetch."""

    def wait_s(self, timing: Timing) -> float:
        return timing.coalesce_max_s


COALESCE: Slot[Coalesced] = Slot("traffic.coalesce", AtOnce(), MaximumWait(), role="mobile")


class FailureReplaysNobody(On):
    """After a failed fetch events go on waiting. Without it they are applied to a job that is not there, which fetches
    again, for ever."""


FAILURE = switch("failed-fetch.replays-nobody", FailureReplaysNobody(), "Hydration Queue (Prevents Duplicate Fetches)")


class ErrorIsNoList(On):
    """A list that failed says nothing. Without it an error, which has no rows, is taken for an empty list, and the
    screen is wiped while the desktop is away."""


ERROR = switch("failed-fetch.error-is-no-list", ErrorIsNoList(), "Background Hard Refresh")


class Pause(Protocol):
    def before_retry_s(self, failures: int, timing: Timing) -> float: ...


class NoPause:
    """Document, "Hydration Queue (Prevents Duplicate Fetches)": a waiter that runs after a failure fetches at once."""

    def before_retry_s(self, failures: int, timing: Timing) -> float:
        return 0.0


class BackOff:
    """Failed fetches are repeated after 1, 2, 4 … coalescing times, 5 s at most. Without it an unreachable desktop is
    asked as fast as the answers say no."""

    def before_retry_s(self, failures: int, timing: Timing) -> float:
        return min(timing.fetch_backoff_max_s, timing.coalesce_max_s * 2.0 ** min(failures, 16))


BACKOFF: Slot[Pause] = Slot("failed-fetch.back-off", NoPause(), BackOff(), role="mobile")


class Patience(Protocol):
    def limit_s(self, late_s: float, timing: Timing) -> float:
        """Time-out of the replica's own fetch; `late_s`: what the slowest late answer was seen to take."""
        ...


class FixedPatience:
    """Document: silent; a fetch has one time-out."""

    def limit_s(self, late_s: float, timing: Timing) -> float:
        return timing.fetch_s


class AdaptivePatience:
    """Twice what a late answer was seen to take, at most a user call's time. Without it a large row on a slow path is
    fetched for ever, and each answer comes too late."""

    def limit_s(self, late_s: float, timing: Timing) -> float:
        return min(timing.call_s, max(timing.fetch_s, 2 * late_s))


PATIENCE: Slot[Patience] = Slot(
    "failed-fetch.adaptive-timeout",
    FixedPatience(),
    AdaptivePatience(),
    role="mobile",
)


class NotFoundIsTombstone(On):
    """`not_found` says that the job is gone, and as of when. Without it a deleted job whose event was lost is fetched
    for ever and shown for ever."""


NOT_FOUND = switch("delete.not-found", NotFoundIsTombstone(), "Hydration Queue (Prevents Duplicate Fetches)")

# Triggers --------------------------------------------------------------------------------------------------------

_OFFLINE_GAPS = "Edge Cases Verified, 5. Offline Gaps"


class GapReconciles(On):
    """A gap named by the relay is fetched. Without it what a full mailbox dropped is missing until the next head."""


GAP = switch("lost-events.gap", GapReconciles(), _OFFLINE_GAPS, masked_by="the next head")


class HeadsReconcile(On):
    """A head beyond what was seen is fetched. Without it the loss of a job's last event is never noticed."""


HEADS = switch(
    "lost-events.head-ahead",
    HeadsReconcile(),
    _OFFLINE_GAPS,
)


class HolesReconcile(On):
    """A missing revision is fetched. Without it a lost event of a job that is not shown
    is missing until the next head."""


HOLES = switch("lost-events.holes", HolesReconcile(), _OFFLINE_GAPS, masked_by="the next head")


class ReconnectReconciles(On):
    """An own reconnect lists the scope, whatever the age of the last list. Without it a second disconnection within
    five seconds goes unrepaired."""


RECONNECT = switch(
    "lost-events.own-reconnect", ReconnectReconciles(), "Background Hard Refresh", masked_by="the next head"
)


class PresenceReconciles(On):
    """A desktop that comes online is listed. Without it what happened while its link was down waits for a head."""


PRESENCE = switch("lost-events.presence", PresenceReconciles(), _OFFLINE_GAPS, masked_by="the next head")


class PresenceByEpoch(On):
    """A presence older than the one known is ignored. Without it a late word of a former connection is believed."""


PRESENCE_EPOCH = switch("lost-events.presence-epoch", PresenceByEpoch(), _OFFLINE_GAPS, masked_by="the next head")

# Calls -----------------------------------------------------------------------------------------------------------


class CompletedOnce(On):
    """A call ends once: by its answer, by its time-out, or by the disconnection. Without it a late answer completes a
    call that was already reported as timed out."""


ONCE = switch("rpc.completed-once", CompletedOnce(), "Mobile Client")


class FailsAtDisconnect(On):
    """Calls under way fail when the link is lost. Without it a caller waits for a time-out, and the replica's own fetch
    blocks the next one."""


AT_DISCONNECT = switch("rpc.fail-pending", FailsAtDisconnect(), "Mobile Client", masked_by="the call's time-out")

# The list cache --------------------------------------------------------------------------------------------------


class CacheKey(Protocol):
    def request_key(self, params: Mapping[str, Any]) -> str: ...


class ScopeKey:
    """Document, "Cache Strategy": `dev_<device_id>_jobs_<request_key>`, keyed as the desktop's cache is: by session or
    project."""

    def request_key(self, params: Mapping[str, Any]) -> str:
        session = params.get("sessionId")
        return f"session_{session}" if session is not None else f"project_{params.get('projectDirectory')}"


class RequestKey:
    """The whole request is the key. Without it a filtered list is answered from an unfiltered one."""

    def request_key(self, params: Mapping[str, Any]) -> str:
        asked = {k: v for k, v in params.items() if k != "bypassCache" and v is not None}
        return json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


CACHE_KEY: Slot[CacheKey] = Slot("list-cache.mobile-key", ScopeKey(), RequestKey(), role="mobile")


class MonotonicAge(On):
    """The age of a cached list is measured by a clock that nobody sets. Without it a stepped clock serves a list for
    ever, or never."""


CACHE_CLOCK = switch("list-cache.mobile-clock", MonotonicAge(), "Background Hard Refresh")
