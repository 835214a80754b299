"""Every answer that a mobile's user got could have been given at one instant of its call.

A desktop is the only writer of its jobs, and its revisions are one counter. So a whole list is one read of that
counter, and one pass suffices: an answer must fit a revision between what was complete before its call (or before the
oldest moment of which its caches may tell) and what was begun by its return.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.answers import Answer, read_answer
from checkers.past.books import Book, Unclear
from checkers.past.caches import Caches
from checkers.past.effects import KINDS, Effects
from checkers.past.instants import Window, blame
from checkers.past.ledger import Ledger, Reader
from checkers.past.orders import Orders
from checkers.past.phases import Counted
from checkers.words.findings import Findings
from checkers.words.instants_told import Teller
from harness.history import Header, Op
from harness.verdict import CheckResult

_CALLS = frozenset({"get", "list", *KINDS})
_OF_DESKTOPS = frozenset({"emit", "cache", "rpc", "link"})  # lines that show that a desktop was heard of

_NOTHING = "no client asked anything of a desktop"
_TOO_LITTLE = "no answer says enough, or the history lacks the beginning of the desktops' stores"


class _Linearizable:
    NAME = "linearizable"
    GUARANTEE = (
        "Every answer could have been given at one instant between its call and its return, a list being the rows of "
        "one instant, or is exactly as old as the profile's caches may make it."
    )
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = frozenset({*_CALLS, *_OF_DESKTOPS, "commit", "recovered", "call", "final"})
    REASONS: Mapping[str, str] = {
        "stale": "An answer is older than what was complete before its call.",
        "stale-cache": "An answer from a cache is older than that cache may make it.",
        "not-bypassed": "A list that was asked for past all caches came out of one.",
        "future": "An answer tells of what nobody had begun to write.",
        "wrong-as-of": "An answer is of another revision than the one it says.",
        "torn-list": "A list is that of no instant at all.",
        "never-written": "A row in an answer never was like that.",
        "not-asked-for": "A list holds a job that its scope or its filters rule out.",
        "denied": "A call was told that a job does not exist, which it did all the time.",
        "no-effect": "A call returned ok, but what it asked for was not done while it was under way.",
        "failed-effect": "What a failed call had asked for was done.",
        "unasked-effect": "A job was canceled or deleted more often than anybody asked for it.",
        "undone": "An answer told of a write that, in the end, did not happen.",
    }
    EXAMPLE = "linearizable"
    ANOMALY = "d:+a d:a{status=running} m>get(a) m<ok(a=1) d:final"
    INNOCENT = "d:+a m>get(a) d:a{status=running} m<ok(a=1) d:final"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Linearizable()


@dataclass(slots=True)
class _Desktop:
    """A desktop's store, the requests it carried out, and who was told of its greatest revision."""

    book: Book
    effects: Effects = field(default_factory=Effects)
    told: tuple[int, Op] | None = None
    held: list[tuple[int, Any]] = field(default_factory=list)  # (return, finding) until the desktop is heard of again
    heard: dict[str, int] = field(default_factory=dict)  # client → the greatest revision that it was told of
    orders: Orders = field(default_factory=Orders)

    def wiped(self) -> None:
        """Revisions of another store are no promise of this one."""
        self.told, self.heard, self.orders = None, {}, Orders()


@dataclass(slots=True)
class _Counts:
    judged: int = 0
    unclear: int = 0
    granted: int = 0  # answers that only a cache excuses
    disordered: int = 0  # those that no order explains in which each client's own calls stand as it made them

    def order(self, found: int) -> str:
        """The strongest order of all calls that explains the answers."""
        if self.disordered:
            return "none"
        return "sequential" if self.granted or found else "linearizable"


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._header = header
        self._findings = Findings(CHECKER.NAME)
        self._caches = Caches(header)
        self._desktops: dict[str, _Desktop] = {}
        self._open: dict[str, Op] = {}  # process → its call
        self._due: deque[tuple[Op, Op]] = deque()  # calls that returned, until time has gone on
        self._counts = _Counts()
        self._judged = Counted("answers", _NOTHING)
        doubts = [node.get("clock_doubt_ns") for node in header.nodes.values()]
        self._doubt_ns = max((d for d in doubts if isinstance(d, int)), default=0)

    def reads(self, ledger: Ledger) -> None:
        super().reads(ledger)
        for name, node in self._header.nodes.items():
            if node.get("role") == "desktop":
                self._desktops[name] = _Desktop(Book(name, ledger))

    # ---- the pass ---------------------------------------------------------------------------------------------------

    def feed(self, op: Op) -> None:
        while self._due and self._due[0][1].time_ns + self._doubt_ns < op.time_ns:
            self._judge(*self._due.popleft())
        desktop = self._desktops.get(op.node or "")
        if desktop is not None:
            self._of_desktop(desktop, op)
        elif op.f == "call":
            self._caches.line(op)
        elif op.f in _CALLS:
            self._of_client(op)

    def finish(self) -> CheckResult:
        while self._due:
            self._judge(*self._due.popleft())
        for desktop in self._desktops.values():
            for kind_of_call in self._never_returned(desktop):
                desktop.effects.perhaps(*kind_of_call)
            self._effects_of_nobody(desktop)
        counts, held = self._counts, sum(len(d.held) for d in self._desktops.values())
        judged = {
            "answers": counts.judged,
            "unclear": counts.unclear + held,
            "from_caches": counts.granted,
            "order": counts.order(self._findings.count),
        }
        if judged["unclear"]:
            self._judged.nothing = _TOO_LITTLE
        return self._findings.result(judged, self._judged)

    # ---- desktops ---------------------------------------------------------------------------------------------------

    def _of_desktop(self, desktop: _Desktop, op: Op) -> None:
        if op.f == "commit":
            self._commit(desktop, op)
        elif op.f == "recovered" and isinstance(op.value, dict):
            head, store = op.value.get("head"), str(op.value.get("store") or "")
            if store != desktop.book.store:
                desktop.wiped()
            desktop.book.recovered(store, head if type(head) is int else 0)
        elif op.f in KINDS:
            self._own_call(desktop, op)
        kept = []
        for returned_ns, add in desktop.held:
            if op.f == "final" or op.time_ns > returned_ns:
                add()
            else:
                kept.append((returned_ns, add))
        desktop.held = kept

    def _commit(self, desktop: _Desktop, op: Op) -> None:
        kind = str(op.value.get("f")) if isinstance(op.value, dict) else ""
        told = desktop.told
        if op.type == "fail" and op.rev is not None and told is not None and op.rev.n <= told[0]:
            proof, ledger = [told[1], op], self.ledger
            self._counts.disordered += 1
            self._findings.add("undone", op, proof, lambda: Teller(ledger).undone(told[1], op))
            desktop.told = None
        desktop.book.commit(op)
        if kind in KINDS and op.job is not None and op.rev is not None:
            desktop.effects.commit(kind, op)

    def _own_call(self, desktop: _Desktop, op: Op) -> None:
        """A delete by the desktop's own user: its answer names the revision."""
        if op.type == "invoke":
            self._open[op.process] = op
            return
        invoke = self._open.pop(op.process, None)
        if invoke is None or op.job is None:
            return
        n = op.value.get("rev") if isinstance(op.value, dict) else None
        if op.type == "ok" and type(n) is int:
            desktop.effects.succeed(op.f, op.job, (invoke, op), n - 1, n)
        elif op.type == "fail":
            desktop.effects.fail(op.f, op.job, (invoke, op))
        else:
            desktop.effects.perhaps(op.f, op.job, invoke)

    # ---- clients ----------------------------------------------------------------------------------------------------

    def _of_client(self, op: Op) -> None:
        if op.type == "invoke":
            self._open[op.process] = op
            return
        invoke = self._open.pop(op.process, None)
        if invoke is not None:
            self._due.append((invoke, op))

    def _judge(self, invoke: Op, op: Op) -> None:
        desktop = self._desktop_of(op)
        if desktop is None:
            return
        if op.f in KINDS and op.job is not None and op.type != "ok":
            if op.type == "fail":
                desktop.effects.fail(op.f, op.job, (invoke, op))
            else:
                desktop.effects.perhaps(op.f, op.job, invoke)
        if op.type == "ok" and _said(invoke).get("bypassCache") is True and _said(op).get("source") == "cache":
            self._findings.add("not-bypassed", op, [invoke, op], lambda: Teller(self.ledger).not_bypassed(invoke, op))
        try:
            answer = read_answer(invoke, op, desktop.book, self._caches)
            if answer is not None:
                self._fits(desktop, answer)
        except Unclear:
            self._counts.unclear += 1

    def _fits(self, desktop: _Desktop, answer: Answer) -> None:
        """Raises `Unclear`."""
        if not desktop.book.whole:
            raise Unclear
        counter, called_ns, client = desktop.book.counter, answer.invoke.time_ns, _client(answer.returned)
        strict = max(counter.complete_before(called_ns), min(desktop.heard.get(client, 0), counter.called))
        window = Window(
            strict=strict,
            low=strict if answer.from_ns == called_ns else counter.complete_before(answer.from_ns),
            high=counter.called,
        )
        if answer.effect:
            self._effect(desktop, answer, window)
        else:
            self._read(desktop, answer, window)

    def _read(self, desktop: _Desktop, answer: Answer, window: Window) -> None:
        """The least revision that explains the answer is what its caller was told: a cache may give again what was so
        once, though something under way would explain it as well."""
        n = answer.first(window.low, window.high)
        self._order(desktop, answer, window, n)
        if n is None:
            self._blame(desktop, answer, window)
        else:
            self._tell(desktop, answer.returned, n)
        self._looked_at(answer.returned)

    def _order(self, desktop: _Desktop, answer: Answer, window: Window, n: int | None) -> None:
        """How strong an order explains this answer and those before it. `n`: where it stands at the earliest."""
        orders, client = desktop.orders, _client(answer.returned)
        strict = max(window.strict, orders.complete_before(answer.invoke.time_ns, client))
        if (strictly := answer.first(strict, window.high)) is not None:
            orders.happened(strictly, answer.returned.time_ns, client)
        else:
            self._counts.granted += n is not None
        last = orders.last.get(client, 0)
        ordered = n if n is not None and n >= last else answer.fit(last, window.high)
        self._counts.disordered += ordered is None
        if ordered is not None:
            orders.last[client] = ordered

    def _effect(self, desktop: _Desktop, answer: Answer, window: Window) -> None:
        self._looked_at(answer.returned)
        op, job, last = answer.returned, str(answer.returned.job), desktop.orders.last
        done = desktop.effects.succeed(op.f, job, (answer.invoke, op), window.strict, window.high)
        if done is None:
            self._counts.disordered += 1
            self._blame(desktop, answer, window)
        else:
            self._tell(desktop, op, done.n)
            last[_client(op)] = max(last.get(_client(op), 0), done.n)

    def _looked_at(self, returned: Op) -> None:
        self._counts.judged += 1
        self._judged.add(self.ledger.phases.at(returned.time_ns))

    def _tell(self, desktop: _Desktop, op: Op, n: int) -> None:
        """Somebody, and so the world, was told of revision `n`."""
        client = _client(op)
        desktop.heard[client] = max(n, desktop.heard.get(client, 0))
        desktop.book.counter.happened(n, op.time_ns)
        if desktop.told is None or n > desktop.told[0]:
            desktop.told = (n, op)

    def _blame(self, desktop: _Desktop, answer: Answer, window: Window) -> None:
        """A finding counts once its desktop was heard of again: a history that was cut may lack what explains it."""
        fault = blame(desktop.book, answer, window)
        teller, op = Teller(self.ledger), answer.returned

        def add() -> None:
            self._findings.add(fault.reason, op, fault.proof, lambda: teller.answer(answer, fault))

        desktop.held.append((op.time_ns, add))

    # ---- effects ----------------------------------------------------------------------------------------------------

    def _never_returned(self, desktop: _Desktop) -> list[tuple[str, str, Op]]:
        calls = [op for op in self._open.values() if op.f in KINDS and op.job is not None]
        return [(op.f, str(op.job), op) for op in calls if self._desktop_of(op) is desktop or op.node == _name(desktop)]

    def _effects_of_nobody(self, desktop: _Desktop) -> None:
        teller = Teller(self.ledger)
        for done, call in desktop.effects.unexplained():
            reason = "failed-effect" if call[1].type == "fail" else "unasked-effect"
            proof = [*call, done.begun, done.op]
            self._counts.disordered += 1
            self._findings.add(reason, done.op, proof, lambda d=done, c=call: teller.effect(d, c))  # type: ignore[misc]

    def _desktop_of(self, op: Op) -> _Desktop | None:
        return self._desktops.get(self.ledger.active_desktop(op.node or "") or "")


def _said(op: Op) -> Mapping[str, Any]:
    return op.value if isinstance(op.value, dict) else {}


def _client(op: Op) -> str:
    """The client behind a process: one whose call was left open goes on under another name."""
    return op.process.partition("~")[0]


def _name(desktop: _Desktop) -> str:
    return desktop.book.desktop
