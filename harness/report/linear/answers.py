"""One desktop's writes and all answers of it, each with the revision that it fits.

The pass is that of the checker `linearizable`, which has judged; here each answer only says where it stands.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from checkers.past.answers import Answer, read_answer
from checkers.past.books import Book, Unclear
from checkers.past.caches import Caches
from checkers.past.ledger import Ledger, active_desktop
from harness.history import History, Op

_CALLS = frozenset({"get", "list", "cancel", "delete"})


@dataclass(frozen=True)
class Told:
    """One call and its return. `fits`: the revision after which it stands; None: none, or nobody can say. `low` and
    `high`: those that it could have told of."""

    invoke: Op
    returned: Op
    fits: int | None
    low: int
    high: int
    shelf: str | None


class Reading:
    """`told`: all calls of clients to one desktop that returned, with the revisions that they fit."""

    def __init__(self, history: History, desktop: str) -> None:
        self._header, self._desktop = history.header, desktop
        self._ledger = Ledger(history.header)
        self._caches = Caches(history.header)
        self.book = Book(desktop, self._ledger)
        self.commits: dict[int, tuple[Op, Op | None]] = {}
        self.told: list[Told] = []
        self._open: dict[str, Op] = {}
        self._due: deque[tuple[Op, Op]] = deque()

    def feed(self, op: Op) -> None:
        while self._due and self._due[0][1].time_ns < op.time_ns:
            self._judge(*self._due.popleft())
        if op.f == "commit":
            self._ledger.feed(op)
            if op.node == self._desktop and op.rev is not None:
                self._commit(op, op.rev.n)
        elif op.f == "recovered" and op.node == self._desktop and isinstance(op.value, dict):
            head = op.value.get("head")
            self.book.recovered(str(op.value.get("store") or ""), head if type(head) is int else 0)
        elif op.f == "call":
            self._caches.line(op)
        elif op.f in _CALLS:
            self._call(op)

    def judge_all(self) -> None:
        while self._due:
            self._judge(*self._due.popleft())

    def job_revs(self, job: str | None) -> list[int]:
        found = self.book.job(job)
        return found.revs if found is not None else []

    def _commit(self, op: Op, n: int) -> None:
        self.book.commit(op)
        if op.type == "invoke":
            self.commits[n] = (op, None)
        elif op.type == "ok" and n in self.commits:
            self.commits[n] = (self.commits[n][0], op)
        elif op.type == "fail":
            self.commits.pop(n, None)

    def _call(self, op: Op) -> None:
        if op.type == "invoke":
            self._open[op.process] = op
            return
        invoke = self._open.pop(op.process, None)
        if invoke is not None and self._is_ours(op):
            self._due.append((invoke, op))

    def _is_ours(self, op: Op) -> bool:
        return op.node == self._desktop or active_desktop(self._header, op.node or "") == self._desktop

    def _judge(self, invoke: Op, op: Op) -> None:
        counter = self.book.counter
        low, high = counter.complete_before(invoke.time_ns), counter.called
        shelf, fits = None, None
        try:
            answer = read_answer(invoke, op, self.book, self._caches)
            if answer is not None and not answer.effect:
                shelf = answer.listed.asked.shelf if answer.listed is not None else None
                fits = self._fits(answer, low, high)
        except Unclear:
            fits = None
        if fits is not None:
            counter.happened(fits, op.time_ns)
        self.told.append(Told(invoke, op, fits, low, high, shelf))

    def _fits(self, answer: Answer, low: int, high: int) -> int | None:
        return answer.first(low, high) if self.book.whole else None
