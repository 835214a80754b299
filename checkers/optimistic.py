"""Optimistic updates: what is shown in advance comes true, or goes when it does not.

Judged is the overlay alone: rows and their revisions are everybody else's business. A mobile without the option writes
no `pending` line, and there is nothing to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader
from checkers.past.phases import Counted
from checkers.traffic.merged import who_chose
from checkers.words.findings import Findings, Story, limit, told
from harness.history import Header, Op
from harness.verdict import CheckResult

_OPTION = "option.optimistic"
_CALLS = {"job.cancel": "cancel", "job.delete": "delete"}
TERMINAL = ("completed", "completedByTag", "failed", "canceled")
Key = tuple[str, int, str]  # node, incarnation, correlation id


class _Optimistic:
    NAME = "optimistic"
    GUARANTEE = (
        "What a user asked for is shown in advance, at once, if it can still come true, until the job itself shows "
        "it, and no longer once it is known to have failed."
    )
    NEEDS = Level.L2
    FEEDS: frozenset[str] | None = frozenset({"observe", "pending", "call"})
    REASONS: Mapping[str, str] = {
        "not-shown": "A call was done, and what it asked for had not been shown in advance.",
        "not-rolled-back": "A call failed, and what it asked for was still shown.",
        "wrongly-rolled-back": "What was asked for was taken back, although the call succeeded.",
        "in-vain": "A job that is shown as ended was shown as canceled, in advance.",
        "flicker": "What was asked for went before the job itself showed it: the job was shown as before.",
    }
    EXAMPLE = "optimistic"
    ANOMALY = "d:+a m:a=1 m!pending[corr=c,job=a,f=cancel,phase=begin] m!call[corr=c,phase=fail] m:final"
    INNOCENT = (
        "d:+a m:a=1 m!pending[corr=c,job=a,f=cancel,phase=begin] m!call[corr=c,phase=fail] "
        "m!pending[corr=c,job=a,f=cancel,phase=rolled-back] m:final"
    )

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Optimistic()


@dataclass(slots=True)
class _Wish:
    job: str
    f: str
    begun: Op
    ended: Op | None = None  # its call
    phase: str = ""  # of that end


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._promise = who_chose(header, _OPTION)
        self._awaited: dict[Key, _Wish] = {}  # of calls under way that have something to show, and have not shown it
        self._open: dict[Key, _Wish] = {}
        self._status: dict[tuple[str, int], dict[str, str]] = {}  # (node, incarnation) → job shown → status
        self._judged = Counted("wishes", "nothing was shown in advance (an option that is off by default)")
        self._last_ns = 0

    def feed(self, op: Op) -> None:
        self._last_ns = max(self._last_ns, op.time_ns)
        sight = self.ledger.sight
        if sight is not None:
            self._shown(op)
        elif isinstance(op.value, dict) and op.node is not None:
            key = (op.node, op.incarnation, str(op.value.get("corr")))
            if op.f == "pending":
                self._pending(key, op, op.value)
            elif op.f == "call":
                self._called(key, op, op.value)

    def _called(self, key: Key, op: Op, line: Mapping[str, Any]) -> None:
        phase, f, params = line.get("phase"), _CALLS.get(str(line.get("method"))), line.get("params")
        if phase == "begin" and f is not None and isinstance(params, dict) and op.node in self._promise:
            job = str(params.get("jobId"))
            status = self._status.get(key[:2], {}).get(job)
            if status is not None and (f == "delete" or status not in TERMINAL):
                self._awaited[key] = _Wish(job, f, op)
        elif phase in ("ok", "fail", "info"):
            awaited = self._awaited.pop(key, None)
            if awaited is not None and phase == "ok":
                self._judged.add(self.ledger.phase)
                self._add("not-shown", awaited, op, "the call was done, and nothing of it had been shown")
            if key in self._open:
                self._open[key].ended, self._open[key].phase = op, str(phase)

    def finish(self) -> CheckResult:
        for wish in self._open.values():
            if wish.ended is not None and wish.phase != "ok" and self._over(wish.ended):
                self._add("not-rolled-back", wish, wish.ended, "its call failed, and it is shown for ever")
        return self._findings.result({"wishes": self._judged.total}, self._judged)

    def _over(self, op: Op) -> bool:
        """Was more recorded after this moment? Then a line that is not there was never written."""
        return any(final.time_ns > op.time_ns for final in self.ledger.finals.values()) or self._last_ns > op.time_ns

    def _shown(self, op: Op) -> None:
        sight = self.ledger.sight
        assert sight is not None
        screen = self._status.setdefault((sight.replica[0], sight.replica[1]), {})
        if sight.seen.kind == "scope":
            screen.clear()
        elif op.job is not None and sight.seen.kind in ("remove", "evict"):
            screen.pop(op.job, None)
        elif op.job is not None and sight.seen.kind in ("row", "patch", "append"):
            screen[op.job] = str(sight.seen.set.get("status", screen.get(op.job, "")))

    def _pending(self, key: Key, op: Op, line: Mapping[str, Any]) -> None:
        phase = line.get("phase")
        if phase == "begin":
            self._judged.add(self.ledger.phase)
            self._begun(key, _Wish(str(line.get("job")), str(line.get("f")), op))
        elif phase == "rolled-back" and (wish := self._open.pop(key, None)) is not None:
            if wish.phase == "ok":
                self._add("wrongly-rolled-back", wish, op, "it was taken back, although its call succeeded")
        elif phase == "settled" and (wish := self._open.pop(key, None)) is not None:
            screen = self._status.get(key[:2], {})
            before = screen.get(wish.job)
            if before is not None and (wish.f == "delete" or before not in TERMINAL):
                self._add("flicker", wish, op, f"it was gone while the job was still shown as {before}")

    def _begun(self, key: Key, wish: _Wish) -> None:
        self._open[key] = wish
        self._awaited.pop(key, None)
        before = self._status.get(key[:2], {}).get(wish.job)
        if wish.f == "cancel" and before in TERMINAL:
            self._add("in-vain", wish, wish.begun, f"the job itself was shown as {before}")

    def _add(self, reason: str, wish: _Wish, op: Op, what: str) -> None:
        def tell() -> Story:
            at, node, what_for = self.ledger.at(op.time_ns), wish.begun.node, f"the {wish.f} of job {wish.job}"
            if reason == "not-shown":
                begun, before = f"{node} calls for {what_for}", f"{node} called for {what_for}"
            else:
                begun, before = f"{node} shows {what_for} at once", f"{node} showed {what_for} in advance"
            story = [(wish.begun, begun), (op, what)]
            forever = reason == "not-rolled-back"
            bound = limit("until it is taken back", node, op.time_ns, 0, None) if forever else {}
            return Story(f"{before}; at {at} {what}", {"job": wish.job, "node": node, "story": told(story), **bound})

        self._findings.add(reason, op, [wish.begun, op], tell)
