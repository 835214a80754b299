"""What a desktop's store held at every revision: rows, absences, and lists with their filters and pages.

A store's revisions are one counter, so that its whole content at revision `n` is known from the commits up to `n`. An
answer *fits* revision `n` if it is what would have been read then.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkers.linearizability.counter import Counter
from checkers.past.ledger import Ledger
from checkers.past.truth import NOT_CONTENT, JobTruth
from harness.history import Op, text_digest

PAGE_SIZE, PAGE_SIZE_MAX = 50, 200
PAGE_CAP_BYTES = 1024 * 1024
_MOST_ESCAPED = 6  # bytes of JSON for a byte of text
_OTHER_COLUMNS_BYTES = 16 * 1024
_TRIES = 2_000  # revisions tried for one answer; more means that nobody can say
_NO_COLUMNS = NOT_CONTENT | {"bytes", "digest"}


class Unclear(Exception):
    """It cannot be decided: something that the question needs is not in the history."""


@dataclass(slots=True)
class Shelf:
    """The jobs of one session, or of one project, and the revisions that changed any of them, ascending."""

    jobs: list[str] = field(default_factory=list)
    revs: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list was asked for."""

    shelf: str  # the scope's key in the book
    statuses: frozenset[str] | None
    tasks: frozenset[str] | None
    page: int
    size: int


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list answered. `total` is None, and `more` False, where it does not say."""

    asked: Asked
    rows: list[Mapping[str, Any]]
    total: int | None
    more: bool


class Book:
    """One desktop's store. `whole`: every revision from the first one on is in the history."""

    def __init__(self, desktop: str, ledger: Ledger) -> None:
        self.desktop, self._ledger = desktop, ledger
        self.open("")

    def open(self, store: str, head: int = 0) -> None:
        """A store of which nothing is known yet but the revision at which it stands."""
        self.store = store
        self.whole = head == 0
        self.counter = Counter()
        self.commits: dict[int, Op] = {}
        self._shelves: dict[str, Shelf] = {}
        self._places: dict[str, list[Shelf]] = {}

    # ---- commits ----------------------------------------------------------------------------------------------------

    def recovered(self, store: str, head: int) -> None:
        if store != self.store:
            self.open(store, head)

    def commit(self, op: Op) -> None:
        """An op of a commit, after the ledger has folded it."""
        value = op.value if isinstance(op.value, dict) else {}
        store = str(value.get("store") or "")
        if op.job is None or op.rev is None:
            return
        n = op.rev.n
        if store != self.store:
            self.open(store)
        if op.type == "fail":
            self.counter.undo(n)
            self._forget(n, op.job)
            return
        if op.type == "invoke" or n not in self.commits:
            self.whole = self.whole and (n == 1 or bool(self.commits))
            if n <= self.counter.called:  # one that was lost in a crash and is taken again
                self.counter.undo(n)
            self.counter.call(n)
            self._place(n, op.job, value.get("set"))
        self.commits[n] = op
        if op.type == "ok":
            self.counter.happened(n, op.time_ns)

    def _place(self, n: int, job: str, columns: object) -> None:
        places = self._places.get(job)
        if places is None:
            found = columns if isinstance(columns, dict) else {}
            keys = [session_shelf(found.get("sessionId")), project_shelf(found.get("projectHash"))]
            places = self._places[job] = [self._shelves.setdefault(key, Shelf()) for key in keys]
            for shelf in places:
                shelf.jobs.append(job)
        for shelf in places:
            while shelf.revs and shelf.revs[-1] >= n:
                shelf.revs.pop()
            shelf.revs.append(n)

    def _forget(self, n: int, job: str) -> None:
        self.commits.pop(n, None)
        for shelf in self._places.get(job, []):
            at = bisect_left(shelf.revs, n)
            if shelf.revs[at : at + 1] == [n]:
                del shelf.revs[at]

    # ---- one job ----------------------------------------------------------------------------------------------------

    def job(self, name: object) -> JobTruth | None:
        """None for one that this store never had; a former store's jobs went with it."""
        found = self._ledger.truth.job(self.desktop, name) if isinstance(name, str) else None
        return found if found is None or found.store in ("", self.store) else None

    def first_row(self, row: Mapping[str, Any], low: int, high: int) -> int | None:
        """The least revision in [low, high] at which the job's row was this one. Raises `Unclear`."""
        job = self.job(row.get("id"))
        if job is None or not job.revs:
            return None
        at = max(bisect_right(job.revs, low) - 1, 0)
        for n in job.revs[at : at + _TRIES]:
            if n > high:
                return None
            if there(job, n) and same_row(job, n, row):
                return max(n, low)
        if len(job.revs) > at + _TRIES:
            raise Unclear
        return None

    def first_absence(self, name: object, low: int, high: int) -> int | None:
        """The least revision in [low, high] at which there was no such job."""
        job = self.job(name)
        if job is None or not job.revs or low < job.revs[0]:
            return low if low <= high else None
        if job.deleted is None or job.deleted.n > high:
            return None
        return max(low, job.deleted.n)

    # ---- lists ------------------------------------------------------------------------------------------------------

    def first_list(self, listed: Listed, low: int, high: int) -> int | None:
        """The least revision in [low, high] at which the list was this one. Raises `Unclear`."""
        low, high = self._span(listed, low, high)
        for tries, n in enumerate(self._steps(listed.asked.shelf, low, high)):
            if tries >= _TRIES:
                raise Unclear
            if self.fits(listed, n):
                return n
        return None

    def last_list(self, listed: Listed, high: int) -> int | None:
        """The greatest revision up to `high` at which the list was this one, among the latest."""
        low, high = self._span(listed, 0, high)
        steps = self._steps(listed.asked.shelf, low, high)[-64:]
        return next((n for n in reversed(steps) if self.fits(listed, n)), None)

    def shelf_revs(self, shelf: str) -> list[int]:
        """The revisions that changed a job of that scope."""
        return self._shelves[shelf].revs if shelf in self._shelves else []

    def on_shelf(self, shelf: str, job: object) -> bool:
        return shelf in self._shelves and any(found is self._shelves[shelf] for found in self._places.get(str(job), []))

    def fits(self, listed: Listed, n: int) -> bool:
        """Is this what the list would have been at revision `n`?"""
        asked, rows = listed.asked, listed.rows
        jobs = self.matching(asked, n)
        if listed.total is not None and listed.total != len(jobs):
            return False
        first = asked.page * asked.size
        cut = len(rows) if listed.more else min(asked.size, max(0, len(jobs) - first))
        if len(rows) != cut or len(rows) > asked.size or listed.more != (first + len(rows) < len(jobs)):
            return False
        if self.ends_early(listed, jobs, n):
            return False
        pairs = zip(jobs[first : first + cut], rows, strict=False)
        return all(job.job == row.get("id") and same_row(job, n, row) for job, row in pairs)

    def ends_early(self, listed: Listed, jobs: Sequence[JobTruth], n: int) -> bool:
        """Is it shorter than was asked for, of all these `jobs`, although the next row has room in the page?"""
        first, told = listed.asked.page * listed.asked.size, len(listed.rows)
        return listed.more and told < listed.asked.size and not _too_large(jobs[first : first + told + 1], n)

    def matching(self, asked: Asked, n: int) -> list[JobTruth]:
        """All jobs that the list holds at revision `n`, in its order."""
        shelf = self._shelves.get(asked.shelf)
        found = [job for name in (shelf.jobs if shelf else ()) if (job := self.job(name)) is not None and there(job, n)]
        for column, wanted in (("status", asked.statuses), ("taskType", asked.tasks)):
            if wanted is not None:
                found = [job for job in found if str(job.value_at(column, n)) in wanted]
        return sorted(found, key=lambda job: (-_number(job.value_at("createdAt", n)), job.job))

    def _span(self, listed: Listed, low: int, high: int) -> tuple[int, int]:
        """[low, high] without what the revisions of the rows themselves rule out."""
        for row in listed.rows:
            job, n = self.job(row.get("id")), rev_of(row)
            if job is None or n is None:
                continue
            after = bisect_right(job.revs, n)
            low = max(low, n)
            high = min(high, job.revs[after] - 1) if after < len(job.revs) else high
        return low, high

    def _steps(self, shelf: str, low: int, high: int) -> list[int]:
        """The revisions in [low, high] from which on the scope was another one."""
        revs = self.shelf_revs(shelf)
        steps = revs[bisect_right(revs, low) : bisect_right(revs, high)]
        return [low, *steps] if low <= high else []


# ---- rows ----------------------------------------------------------------------------------------------------------


def there(job: JobTruth, n: int) -> bool:
    """Does the job exist at revision `n`?"""
    return bool(job.revs) and job.revs[0] <= n and (job.deleted is None or n < job.deleted.n)


def _too_large(jobs: Sequence[JobTruth], n: int) -> bool:
    """May these rows be too much for one page? Their texts grow by escapes, and other columns have a size too."""
    texts = sum((job.text_at(n) or (0, 0))[1] for job in jobs)
    return len(jobs) > 1 and texts * _MOST_ESCAPED + len(jobs) * _OTHER_COLUMNS_BYTES > PAGE_CAP_BYTES


def rev_of(row: Mapping[str, Any]) -> int | None:
    """The revision that a row says it is of."""
    sync = row.get("sync")
    n = sync.get("rev") if isinstance(sync, dict) else None
    return n if type(n) is int else None


def same_row(job: JobTruth, n: int, row: Mapping[str, Any]) -> bool:
    """Is `row` what the job was at revision `n`? One that names its revision must name the latest up to `n`."""
    at = bisect_right(job.revs, n)
    named = rev_of(row)
    if at == 0 or (named is not None and job.revs[at - 1] != named):
        return False
    return wrong_column(job, n, row) is None


def wrong_column(job: JobTruth, n: int, row: Mapping[str, Any]) -> str | None:
    """A column whose value is not that of revision `n` (`response`: the text); None: there is none."""
    for name, versions in job.columns():
        if name not in _NO_COLUMNS and versions.at(n) != row.get(name):
            return name
    return None if _same_text(job, n, row) else "response"


def _same_text(job: JobTruth, n: int, row: Mapping[str, Any]) -> bool:
    """By length and digest, or by the text itself; a row that says nothing of its text is not asked for it."""
    text, size, digest = row.get("response"), row.get("bytes"), row.get("digest")
    if isinstance(text, str):
        data = text.encode("utf-8", errors="replace")
        size, digest = len(data), text_digest(data)
    if digest is None:
        return True
    position, length = job.text_at(n) or (0, 0)
    attempt = job.attempts[position] if position < len(job.attempts) else None
    return size == length and attempt is not None and attempt.digest_at(length) == digest


# ---- requests ------------------------------------------------------------------------------------------------------


def session_shelf(session: object) -> str:
    return f"session {session}"


def project_shelf(project: object) -> str:
    return f"project {project}"


def asked_by(params: Mapping[str, Any]) -> Asked | None:
    """A list's parameters as a desktop reads them; None for those it would refuse."""
    session, directory = params.get("sessionId"), params.get("projectDirectory")
    if isinstance(session, str) and session:
        shelf = session_shelf(session)
    elif isinstance(directory, str) and directory:
        shelf = project_shelf(hashlib.sha256(directory.encode("utf-8", errors="replace")).hexdigest())
    else:
        return None
    page, size = params.get("page") or 0, params.get("pageSize") or PAGE_SIZE
    if type(page) is not int or type(size) is not int or params.get("after") is not None:
        return None
    statuses, tasks = _words(params.get("statusFilter")), _words(params.get("taskTypeFilter"))
    return Asked(shelf, statuses, tasks, page, min(size, PAGE_SIZE_MAX))


def _words(given: object) -> frozenset[str] | None:
    words = [given] if isinstance(given, str) else given
    return frozenset(str(word) for word in words) if isinstance(words, list) and words else None


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0
