"""What each mobile shows against what its desktop stores: which revision of which job, and since when it is behind.

One `Screen` per mobile, for its latest incarnation and visit. `pending` holds, by job, the first commit that it does
not show yet; everything is O(1) per op but the opening of a scope, which looks at every job of the desktop once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from checkers.past.ledger import Ledger, Sight
from checkers.past.scope import in_scope
from checkers.past.truth import Entry, JobTruth
from harness.history import Op


@dataclass(slots=True)
class Missing:
    """A commit that is not shown yet; `from_ns`: since when it could be."""

    job: JobTruth
    entry: Entry
    from_ns: int


@dataclass(slots=True)
class Screen:
    """`opened`, `listed`: the observations that opened this visit and merged its first list."""

    mobile: str
    desktop: str
    scope: dict[str, Any] | None = None
    opened: Op | None = None
    listed: Op | None = None
    ever_listed: bool = False
    shown: dict[str, int] = field(default_factory=dict)
    pending: dict[str, Missing] = field(default_factory=dict)

    def enter(self, scope: dict[str, Any] | None, op: Op | None) -> None:
        self.scope, self.opened, self.listed = scope or None, op if scope else None, None
        self.shown, self.pending = {}, {}

    def holds(self, job: JobTruth) -> bool:
        if self.scope is None or job.desktop != self.desktop or not job.revs:
            return False
        last = job.revs[-1]
        row = {name: job.value_at(name, last) for name in ("sessionId", "projectHash")}
        return in_scope(row if row["sessionId"] is not None else {**row, "sessionId": job.session}, self.scope)

    def committed(self, job: JobTruth, entry: Entry, time_ns: int) -> None:
        """The desktop committed."""
        if self.listed is None or not self.holds(job) or entry.n <= self.shown.get(job.job, 0):
            return
        if job.deleted is not None and job.job not in self.shown:
            self.pending.pop(job.job, None)
        elif job.job not in self.pending:
            self.pending[job.job] = Missing(job, entry, time_ns)

    def first_list(self, op: Op, jobs: Iterator[JobTruth]) -> None:
        """From now on what it does not show of its scope is missing."""
        self.listed, self.ever_listed = op, True
        for job in jobs:
            if self.holds(job) and not (job.deleted is not None and job.job not in self.shown):
                self._behind(job, self.shown.get(job.job, 0))

    def shows(self, sight: Sight, revision: int | None) -> Missing | None:
        """It shows `revision` of a job (None: it does not say which, and is believed to be up to date). What was
        missing until now."""
        job = sight.job
        if job is None or job.desktop != self.desktop:
            return None
        missing = self.pending.get(job.job)
        shown = self.shown[job.job] = max(self.shown.get(job.job, 0), _latest(job) if revision is None else revision)
        if missing is None or (missing.entry.n > shown and missing.job is job):
            return None
        del self.pending[job.job]
        if self.listed is not None and self.holds(job):
            self._behind(job, shown)
        return missing

    def removes(self, job_id: str, job: JobTruth | None, time_ns: int) -> Missing | None:
        """A job is shown as deleted."""
        self.shown.pop(job_id, None)
        missing = self.pending.pop(job_id, None)
        if job is None or job.deleted is not None or self.listed is None or not self.holds(job):
            return missing
        self._behind(job, 0)
        if job_id in self.pending:
            self.pending[job_id].from_ns = time_ns
        return None

    def evicts(self, job_id: str) -> None:
        self.shown.pop(job_id, None)
        self.pending.pop(job_id, None)

    def versions(self, job: JobTruth) -> int:
        """How many revisions a read of this job is behind, plus one: 1 is the newest."""
        return len(job.revs) - bisect_right(job.revs, self.shown.get(job.job, 0)) + 1

    def _behind(self, job: JobTruth, shown: int) -> None:
        """Note the first answered commit above `shown`."""
        for n in job.revs[bisect_right(job.revs, shown) :]:
            entry = job.entries[n]
            if entry.state == "ok":
                self.pending[job.job] = Missing(job, entry, entry.op.time_ns)
                return


def _latest(job: JobTruth) -> int:
    return next((n for n in reversed(job.revs) if job.entries[n].state == "ok"), 0)


def revision_of(ledger: Ledger, screen: Screen, sight: Sight) -> int | None:
    """The revision of the screen's own desktop that an observation names, if it does."""
    rev = sight.op.rev
    if rev is None or sight.job is None or sight.job.desktop != screen.desktop:
        return None
    return rev.n
