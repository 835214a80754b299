"""Why an answer fits no instant of its call: the one reason that says it best, and the ops that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkers.past.answers import Answer
from checkers.past.books import Book, rev_of, same_row, there, wrong_column
from harness.history import Op

_LATEST = 64  # revisions of a job among which a row that names none is looked for


@dataclass(frozen=True, slots=True)
class Window:
    """Revisions. An answer must fit one in [low, high]; without caches, one in [strict, high]."""

    strict: int
    low: int
    high: int


@dataclass(slots=True)
class Fault:
    """`of`: the revision that the answer fits instead. `missed`: the commit that it should have told of."""

    reason: str
    proof: list[Op]
    window: Window
    of: int | None = None
    missed: Op | None = None
    job: str | None = None
    column: str | None = None
    apart: str = ""  # in words, what a list that fits no revision differs in


def blame(book: Book, answer: Answer, window: Window) -> Fault:
    """Raises `Unclear`."""
    fault = _reason(book, answer, window)
    if fault.missed is not None:
        fault.proof.append(fault.missed)
    fault.proof += [answer.invoke, answer.returned]
    return fault


def _reason(book: Book, answer: Answer, window: Window) -> Fault:
    if answer.effect:
        return Fault("no-effect", [], window, job=answer.returned.job)
    if answer.absent is not None:
        job = book.job(answer.absent)
        born = book.commits.get(job.revs[0]) if job is not None and job.revs else None
        return Fault("denied", [], window, missed=born, job=answer.absent)
    odd = (fault for row in answer.rows if (fault := _odd_row(book, row, window)) is not None)
    return next(odd, None) or _of_another_revision(book, answer, window)


def _of_another_revision(book: Book, answer: Answer, window: Window) -> Fault:
    """Every row is one that was; but they are not those of the call."""
    of = answer.as_of
    if of is not None and of > window.high:
        return Fault("future", [], window, of=of)
    if of is None or of >= window.low:
        of = answer.latest(window.high)
    if of is None:
        return _not_asked_for(book, answer, window) or Fault(
            "torn-list", [], window, apart=_apart(book, answer, window)
        )
    if of < window.low:
        missed = _missed(book, answer, of, window.low)
        return Fault("stale-cache" if answer.cached else "stale", [], window, of=of, missed=missed)
    return Fault("wrong-as-of", [], window, of=of, missed=_between(book, answer, of))


def _odd_row(book: Book, row: Mapping[str, Any], window: Window) -> Fault | None:
    """A row that never was, or that is still to come."""
    name, n = row.get("id"), rev_of(row)
    job = book.job(name)
    if job is None or not job.revs:
        return Fault("never-written", [], window, job=str(name))
    if n is None:
        known = any(there(job, m) and wrong_column(job, m, row) is None for m in job.revs[-_LATEST:])
        return None if known else Fault("never-written", [], window, job=job.job)
    if n > window.high and n not in job.failed:
        later = book.commits.get(n)
        return Fault("future", [later] if later is not None else [], window, of=n, job=job.job)
    if n not in job.entries:
        failed = job.failed.get(n)
        reason, proof = ("undone", [failed.op]) if failed is not None else ("never-written", [])
        return Fault(reason, proof, window, of=n, job=job.job)
    column = wrong_column(job, n, row)
    proof = [job.entries[n].op]
    return Fault("never-written", proof, window, of=n, job=job.job, column=column) if column is not None else None


def _not_asked_for(book: Book, answer: Answer, window: Window) -> Fault | None:
    """A row that, as it is, no list of this kind would hold."""
    if answer.listed is None:
        return None
    asked, rows = answer.listed.asked, answer.listed.rows
    if len(rows) > asked.size:
        return Fault("not-asked-for", [], window, job=str(rows[asked.size].get("id")), column="pageSize")
    for row in rows:
        outside = not book.on_shelf(asked.shelf, row.get("id"))
        filtered = [(asked.statuses, "status"), (asked.tasks, "taskType")]
        column = next((c for wanted, c in filtered if wanted is not None and str(row.get(c)) not in wanted), None)
        if outside or column is not None:
            return Fault("not-asked-for", [], window, job=str(row.get("id")), column=column)
    return None


def _apart(book: Book, answer: Answer, window: Window) -> str:
    """How the list differs from what was there at the latest revision that it tells of."""
    listed = answer.listed
    if listed is None:
        return ""
    revs = [n for row in listed.rows if (n := rev_of(row)) is not None and n <= window.high]
    n = max([window.low, *revs])
    first = listed.asked.page * listed.asked.size
    jobs = book.matching(listed.asked, n)
    held = {job.job: job for job in jobs[first : first + listed.asked.size]}
    told = [str(row.get("id")) for row in listed.rows]
    others = [f"job {name} is in it, which it was not to be" for name in told if name not in held]
    others += [f"job {name} is not in it" for name in held if name not in told and not listed.more]
    others += [
        f"job {row.get('id')} was no longer, or not yet, like that"
        for row in listed.rows
        if (job := held.get(str(row.get("id")))) is not None and not same_row(job, n, row)
    ]
    if book.ends_early(listed, jobs, n):
        others.append(f"it ends after {len(told)} of {listed.asked.size} rows, where the next one has room")
    if listed.total is not None and listed.total != len(jobs):
        others.append(f"it says that there are {listed.total}, where {len(jobs)} were")
    return f"as of revision {n}, {others[0] if others else 'its order or its end is another'}"


def _missed(book: Book, answer: Answer, of: int, low: int) -> Op | None:
    """The first commit after revision `of`, up to `low`, that changes the answer; else any."""
    if answer.row is not None:
        job = book.job(answer.row.get("id"))
        revs = job.revs if job is not None else []
    else:
        revs = book.shelf_revs(answer.listed.asked.shelf) if answer.listed is not None else []
    n = next((n for n in revs if of < n <= low), min(of + 1, low))
    return book.commits.get(n)


def _between(book: Book, answer: Answer, fits: int) -> Op | None:
    """The commit that the answer says it has, or has not."""
    as_of = answer.as_of if answer.as_of is not None else fits
    return _missed(book, answer, min(fits, as_of), max(fits, as_of))
