"""Snapshots: which rows of a reply are installed, which jobs it removes, and how long a removal is remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from targets.mobile.board import Board
from targets.mobile.model import Row, parse_sync
from targets.mobile.policies_scope import AS_OF, KEYED, NEWER, PAGE_TOMB, RANGE, SESSION, TOMBSTONE, Page
from targets.policy import Policies


class Merge:
    """`changed(job)` is told whenever what is known of a job changed."""

    def __init__(self, board: Board, policies: Policies, changed: Callable[[str], None]) -> None:
        self._board, self._changed = board, changed
        self._newer, self._as_of, self._range = policies[NEWER], policies[AS_OF], policies[RANGE]
        self._keyed, self._session = policies[KEYED], policies[SESSION]
        self._tombstone, self._page_tomb = policies[TOMBSTONE], policies[PAGE_TOMB]

    def row(self, row: Row, cause: str) -> None:
        """The row of a `job.get`."""
        scope = self._board.visit.scope
        if scope is None and self._keyed:
            return
        if scope is not None and self._session and not scope.holds(row):
            self._elsewhere(row)
            return
        self._install(row, cause)

    def _elsewhere(self, row: Row) -> None:
        """For this scope the job is absent, as of its row: an event that waits for it would ask again, for ever."""
        sync = parse_sync(row.get("sync"))
        if sync is not None:
            self._bury(row["id"], sync.rev)

    def page(self, page: Page, cause: str) -> None:
        """Document, "Background Hard Refresh": "full replacement"; hardened: one page merged, job by job."""
        for row in page.rows:
            self._install(row, cause)
        listed = {row["id"] for row in page.rows}
        for job, held in list(self._board.jobs.items()):
            if job in listed or not self._range.covers(held, page):
                continue
            if not self._as_of or held.rev <= page.as_of:
                self._board.remove(job, page.as_of, cause)
                if self._page_tomb:
                    self._bury(job, page.as_of)

    def gone(self, job: str, as_of: int, cause: str) -> None:
        """`not_found`, as of that revision."""
        held = self._board.jobs.get(job)
        if held is not None and held.rev <= as_of:
            self._board.remove(job, as_of, cause)
        self.deleted(job, as_of)

    def deleted(self, job: str, rev: int) -> None:
        """The job is known to be deleted at that revision."""
        if self._tombstone:
            self._bury(job, rev)

    def _install(self, row: Row, cause: str) -> None:
        job, sync = row["id"], parse_sync(row.get("sync"))
        if self._newer and sync is not None and sync.rev <= self.known(job):
            return
        self._board.install(row, cause)
        self._changed(job)

    def known(self, job: str) -> int:
        """The revision up to which the job, or its absence, is known."""
        held, visit = self._board.jobs.get(job), self._board.visit
        return held.rev if held is not None else max(visit.as_of, visit.tombs.get(job, 0))

    def _bury(self, job: str, rev: int) -> None:
        """Remember until when the job is known to be gone; whoever waits for it hears so."""
        tombs = self._board.visit.tombs
        tombs[job] = max(rev, tombs.get(job, 0))
        self._changed(job)

    def sweep(self, under_way: Callable[[str], bool]) -> None:
        """A tombstone is needed while its revision is above `seen`, or a reply may still bring the row."""
        visit = self._board.visit
        done = [job for job, rev in visit.tombs.items() if rev <= visit.seen.upto and not under_way(job)]
        for job in done:
            del visit.tombs[job]


def as_of(answer: Any) -> int | None:
    """The revision that a reply, or a `not_found`, is as of."""
    found = answer.get("asOf")
    return found if type(found) is int else None
