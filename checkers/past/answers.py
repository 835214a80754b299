"""An answer to a mobile's call, as a question to its desktop's book: which revisions does it fit?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkers.past.books import Book, Listed, Unclear, asked_by
from checkers.past.caches import Caches
from checkers.past.effects import KINDS
from harness.history import Op


@dataclass(slots=True)
class Answer:
    """`as_of`: the revision of which the answer says it is, where it is to be believed. `from_ns`: the earliest moment
    of which it may tell. Exactly one of `row`, `absent`, `listed`, `effect` is set."""

    book: Book
    invoke: Op
    returned: Op
    from_ns: int
    as_of: int | None = None
    row: Mapping[str, Any] | None = None
    absent: str | None = None
    listed: Listed | None = None
    effect: bool = False

    @property
    def cached(self) -> bool:
        value = self.returned.value
        return isinstance(value, dict) and value.get("source") == "cache"

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        if self.row is not None:
            return [self.row]
        return self.listed.rows if self.listed is not None else []

    def first(self, low: int, high: int) -> int | None:
        """The least revision in [low, high] that the answer fits, and that it says. Raises `Unclear`."""
        if self.as_of is not None:
            low, high = max(low, self.as_of), min(high, self.as_of)
        return self.fit(low, high) if low <= high else None

    def fit(self, low: int, high: int) -> int | None:
        """The same, whatever it says."""
        if self.row is not None:
            return self.book.first_row(self.row, low, high)
        if self.listed is not None:
            return self.book.first_list(self.listed, low, high)
        return self.book.first_absence(self.absent, low, high)

    def latest(self, high: int) -> int | None:
        """The greatest revision up to `high` that it fits, among the latest."""
        return self.book.last_list(self.listed, high) if self.listed is not None else self.fit(0, high)


def read_answer(invoke: Op, op: Op, book: Book, caches: Caches) -> Answer | None:
    """None for what says nothing of jobs. Raises `Unclear` for what says too little to judge it."""
    answer = Answer(book, invoke, op, invoke.time_ns)
    value = op.value if isinstance(op.value, dict) else {}
    if op.type == "fail":
        answer.absent = op.job
        return answer if _code(op) == "not_found" and op.f != "list" and op.job is not None else None
    if op.type != "ok":
        return None
    if op.f in KINDS:
        answer.effect = True
        return answer if op.job is not None else None
    if _store(value) not in ("", book.store):
        return None  # of a store that is gone
    as_of = value.get("asOf")
    if type(as_of) is int and caches.claims(book.desktop):
        answer.as_of = as_of
    if op.f == "get":
        row = value.get("job")
        answer.row = row if isinstance(row, dict) and row.get("id") == op.job else None
        return answer if answer.row is not None else None
    return _list(answer, value, caches)


def _list(answer: Answer, value: Mapping[str, Any], caches: Caches) -> Answer:
    """Raises `Unclear` for a list that does not say what it was asked for."""
    params, rows, total = value.get("params"), value.get("jobs"), value.get("totalCount")
    asked = asked_by(params) if isinstance(params, dict) else None
    if asked is None or not isinstance(params, dict) or not isinstance(rows, list):
        raise Unclear
    rows = [row if isinstance(row, dict) else {} for row in rows]
    answer.listed = Listed(asked, rows, total if type(total) is int else None, value.get("more") is True)
    answer.from_ns = caches.from_ns(answer.invoke.time_ns, answer.book.desktop, value, params)
    return answer


def _code(op: Op) -> object:
    return op.error.get("code") if isinstance(op.error, dict) else None


def _store(value: Mapping[str, Any]) -> str:
    """The store of which an answer is: as it says, or as its row does."""
    job = value.get("job")
    sync = job.get("sync") if isinstance(job, dict) else None
    store = value.get("store") or (sync.get("store") if isinstance(sync, dict) else None)
    return store if isinstance(store, str) else ""
