"""A desktop agrees with itself: what it was asked, what it committed, what it answered, what it told, what it stores.

Everybody else is compared with the desktops' commits, so nobody else would notice a commit that is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from checkers import Checker, Hears, Judge, Level
from checkers.duties.desktops.bodies import Bodies
from checkers.duties.desktops.caching import Caching
from checkers.duties.desktops.refusals import Refusals
from checkers.duties.desktops.stores import Clocks, Rows, Tellings
from checkers.past.deeds import impossible, mistaken, otherwise
from checkers.past.ledger import Reader
from checkers.past.phases import Counted
from checkers.past.truth import Entry, JobTruth
from checkers.words.findings import Findings, Story, told
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult

_OPERATIONS = frozenset(
    {
        *("create", "status", "chunk", "progress", "tokens", "cost", "metadata", "error", "finalize", "delete"),
        "retry",
    }
)


class _Desktop:
    NAME = "desktop"
    GUARANTEE = (
        "A desktop commits what it was asked and nothing else, refuses nothing without a reason, answers as it "
        "committed, tells every commit in full, stamps it with the run's time, keeps the pages that it read while "
        "nothing was written, and stores in the end what its commits add up to."
    )
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = _OPERATIONS | {
        *("commit", "emit", "cache", "started", "recovered", "final", "fault-begin", "fault-heal")
    }
    REASONS: Mapping[str, str] = {
        "wrong-commit": "A commit is not what its operation makes of the row.",
        "impossible-commit": "An operation was committed that the row as it was does not allow.",
        "failed-for-nothing": "An operation failed for a reason that was none.",
        "unasked-commit": "A commit was made that nobody had asked for, or whose operation was answered by a failure.",
        "answered-not-done": "An operation was answered ok, and its commit is not there.",
        "wrong-time": "A commit is stamped with a time that is not the run's.",
        "not-told": "A commit was made and no event told it.",
        "half-told": "An event does not name its revision, and nobody had asked for one of the old kind.",
        "no-body": "An event that was to carry the whole text of its job was smaller than that.",
        "useless-cache": "A page was not kept in the cache although nothing was written while it was read.",
        "wrong-row": "In the end the desktop stores something else than its commits add up to.",
    }
    EXAMPLE = "desktop"
    ANOMALY = 'd>create(a) d:+a d<ok[value={"rev":1}] d>chunk(a){chunk=Hi} d:a"Ho" d<ok[value={"rev":2}]'
    INNOCENT = 'd>create(a) d:+a d<ok[value={"rev":1}] d>chunk(a){chunk=Hi} d:a"Hi" d<ok[value={"rev":2}]'

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Desktop()


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._desktops = {name for name, node in header.nodes.items() if node.get("role") == "desktop"}
        self._asked: dict[str, Op] = {}  # process → the operation it waits for
        self._unclear: Counter[tuple[str | None, str, str | None]] = Counter()  # (desktop, f, job) → of unknown outcome
        self._done: dict[tuple[str, str, int], Op] = {}  # (desktop, store, n) → a commit that no answer has named yet
        self._stores: dict[str, str] = {}
        self._bare: dict[tuple[str | None, object], Op] = {}  # (desktop, revision) → an event that does not name it
        self._speaks: set[str] = set()  # desktops whose answers name revisions
        self._clocks = Clocks(header)
        self._tellings = Tellings(header)
        self._rows = Rows(header)
        self._caching = Caching()
        self._refusals = Refusals()
        self._bodies = Bodies(header)
        self._judged: Counter[str] = Counter()
        self._counted = Counted("commits and rows", "no commit was answered, and no desktop told its rows at the end")

    HEARS: ClassVar[Hears] = Bodies.HEARS

    def tap(self, tap: Tap) -> None:
        self._bodies.tap(tap)

    def feed(self, op: Op) -> None:
        if self._tellings.owed:
            self._late(op.time_ns)
        if op.f == "emit":
            self._tellings.emitted(op)
            self._bodies.emitted(op)
            if isinstance(op.value, dict) and op.value.get("bare") is True:
                self._bare[op.node, str(op.value.get("rev"))] = op
        elif op.f in ("fault-begin", "fault-heal"):
            self._clocks.fault(op)
            self._tellings.fault(op)
            self._refusals.fault(op)
        elif op.node not in self._desktops:
            return
        elif op.f == "commit":
            self._caching.commit(op)
            self._commit(op, str(op.node))
        elif op.f == "cache":
            self._cached(op)
        elif op.f in _OPERATIONS:
            self._operation(op, str(op.node))
        elif op.f in ("started", "recovered"):
            self._bare.clear()
            self._tellings.forget(str(op.node))
            self._bodies.restarted(str(op.node))
            self._caching.forget(str(op.node))
            if op.f == "recovered" and isinstance(op.value, dict):
                self._stores[str(op.node)] = str(op.value.get("store"))
        elif op.f == "final":
            self._rows.final(op)

    # ---- commits ----------------------------------------------------------------------------------------------------

    def _commit(self, op: Op, desktop: str) -> None:
        truth = self.ledger.truth.job(desktop, op.job or "")
        entry = truth.entries.get(op.rev.n) if truth is not None and op.rev is not None else None
        if truth is None or entry is None:
            return
        if op.type == "invoke":
            self._clocks.commit(op, entry.commit.set)
        if op.type != "ok":
            return
        self._judged["commits"] += 1
        self._counted.add(self.ledger.phase)
        self._stores[desktop] = truth.store
        if not (op.cause or "").startswith("rpc:"):
            self._done[desktop, truth.store, entry.n] = op
        if (why := impossible(truth, entry)) is not None:
            self._add("impossible-commit", op, f"committed a {entry.commit.f} {why}", [op])
        elif (why := mistaken(truth, entry)) is not None:
            self._add("wrong-commit", op, f"committed a {entry.commit.f} of job {op.job} that {why}", [op])
        self._tellings.committed(op, entry.n)

    def _operation(self, op: Op, desktop: str) -> None:
        if op.type == "invoke":
            self._asked[op.process] = op
            return
        asked = self._asked.pop(op.process, None)
        if op.type == "info":
            self._unclear[desktop, op.f, op.job] += 1
        if op.type in ("info", "fail") and asked is not None:
            self._refused(asked, op, desktop)
        if op.type == "ok" and asked is not None:
            self._answered(asked, op, desktop)

    def _answered(self, asked: Op, op: Op, desktop: str) -> None:
        n = op.value.get("rev") if isinstance(op.value, dict) else None
        truth = self.ledger.truth.job(desktop, op.job or "")
        if not isinstance(n, int):
            return
        self._speaks.add(desktop)
        done = self._done.pop((desktop, self._stores.get(desktop, ""), n), None)
        entry = truth.entries.get(n) if truth is not None else None
        if done is None or truth is None or entry is None:
            what = f"answered a {op.f} of job {op.job} with revision {n}, and never committed it"
            self._add("answered-not-done", op, what, [asked, op])
            return
        value = asked.value if isinstance(asked.value, dict) else {}
        bare = self._bare.pop((desktop, str(n)), None)
        if bare is not None and value.get("legacy") is not True:
            self._add(
                "half-told", bare, f"told revision {n} without naming it, which nobody had asked for", [asked, bare]
            )
        if (text := truth.text_at(n)) is not None:
            self._bodies.answered(asked, desktop, n, text[1])
        if (why := otherwise(op.f, value, truth, entry)) is not None:
            self._add("wrong-commit", done, f"was asked for a {op.f} of job {op.job} and {why}", [asked, done])

    def _cached(self, op: Op) -> None:
        if (key := self._caching.unfounded(op)) is not None:
            what = f"read a page of {key} and did not keep it in its cache, though nothing was written meanwhile"
            self._add("useless-cache", op, what, [op])

    def _refused(self, asked: Op, op: Op, desktop: str) -> None:
        truth = self.ledger.truth.job(desktop, op.job or "")
        if (why := self._refusals.unfounded(asked, op, truth, self._stores.get(desktop))) is not None:
            self._add("failed-for-nothing", op, f"answered that a {op.f} of job {op.job} {why}", [asked, op])

    # ---- later ------------------------------------------------------------------------------------------------------

    def _late(self, now_ns: int) -> None:
        for op, bus in self._tellings.late(now_ns):
            to = "its link" if bus == "link" else "those who listen at it"
            self._add(
                "not-told", op, f"committed revision {op.rev.n if op.rev else 0} and told {to} nothing of it", [op]
            )

    def finish(self) -> CheckResult:
        open_ = Counter((op.node, op.f, op.job) for op in self._asked.values())
        for (desktop, _, _), op in self._done.items():
            f = op.value.get("f") if isinstance(op.value, dict) else ""
            about = (op.node, str(f), op.job)
            if desktop not in self._speaks:
                continue
            if self._unclear[about] or open_[about]:
                counted = self._unclear if self._unclear[about] else open_
                counted[about] -= 1
                continue
            self._add("unasked-commit", op, f"committed a {f} of job {op.job} that nobody was told of", [op])
        for op, told_in in self._bodies.missing():
            self._add("no-body", op, told_in, [op])
        for op, why in self._clocks.wrong():
            f = op.value.get("f") if isinstance(op.value, dict) else "change"
            self._add("wrong-time", op, f"begins a {f} of job {op.job} {why}", [op])
        for final, job, what in self._rows.wrong(self.ledger.truth):
            self._judged["rows"] += 1
            self._counted.add(self.ledger.phase)
            if what is not None:
                self._add("wrong-row", final, what, [*_last(self.ledger.truth.job(final.node or "", job)), final])
        if self._caching.refusals:
            self._judged["refusals"] = self._caching.refusals
        return self._findings.result({"judged": dict(sorted(self._judged.items()))}, self._counted)

    def _add(self, reason: str, op: Op, what: str, ops: list[Op]) -> None:
        def tell() -> Story:
            message = f"at {self.ledger.at(op.time_ns)} {op.node} {what}"
            story: list[tuple[Op | None, str]] = [(o, f"{o.node}: {o.f} {o.type}") for o in ops if o is not op]
            details = {"job": op.job, "node": op.node, "story": told([*story, (op, f"{op.node} {what}")])}
            return Story(message, details)

        self._findings.add(reason, op, ops, tell)


def _last(truth: JobTruth | None) -> list[Op]:
    entry: Entry | None = truth.entries[truth.revs[-1]] if truth is not None and truth.revs else None
    return [entry.op] if entry is not None else []
