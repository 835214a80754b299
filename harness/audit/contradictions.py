"""Where the design document contradicts itself: no run is needed to see it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Contradiction(NamedTuple):
    """What it says in one place, what it says in another, and why both cannot be."""

    one: str
    other: str
    why: str


CONTRADICTIONS: Final = (
    Contradiction(
        "ALL emitters call `invalidate_job_list_cache_for_session(&payload.session_id)` immediately",
        "Add project-level invalidation for global mode",
        "Lists are also cached by project, and the enhancement says that nothing invalidates those.",
    ),
    Contradiction(
        "Desktop → Server: 20-50ms, Server → Mobile: 20-50ms, Mobile Processing: < 10ms",
        "Total: 50-150ms desktop action → mobile UI",
        "The parts add up to something from 40 to 110 ms.",
    ),
    Contradiction(
        "Background Refresh: 100-300ms",
        "Cache Miss: 200-500ms (RPC roundtrip)",
        "Both are the same call over the same links: a refresh is no quicker than the miss that makes it.",
    ),
    Contradiction(
        "lastAccumulatedLengths: One Int per active streaming job",
        "Reset tracking on finalization with full response",
        "What is set again when a stream ends is kept for a job that streams no more.",
    ),
    Contradiction(
        "Event Types: Complete coverage",
        "Used in: job:status-changed, job:tokens-updated, job:cost-updated, job:metadata-updated, "
        "job:response-appended, job:stream-progress, job:finalized",
        "Creations and deletions are handled elsewhere; what a phone does with an error is said nowhere.",
    ),
    Contradiction(
        "Background refresh if > 5s old when accessed",
        "lastJobsFetch[cacheKey].map { now.timeIntervalSince($0) > 5.0 }",
        "What is measured is the time since the last attempt, which may have failed, and not the age of the data.",
    ),
    Contradiction(
        "Mobile never writes job data directly",
        "Apply updates optimistically, rollback on conflict",
        "A replica that shows what nobody stored has written.",
    ),
    Contradiction(
        "Queues callbacks to preserve event order",
        "Callback mechanism: Re-applies event after fetch completes",
        "Creations and deletions do not wait in that queue, and overtake what does.",
    ),
)
