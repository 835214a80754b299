"""Where changes come from, and whether heads keep behind the events they speak of."""

from __future__ import annotations

from collections import deque
from typing import Any

from checkers.past.ledger import Sight
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import rev_of
from checkers.words.findings import Findings, Story, told
from harness.history import Op, Tap

SHARE = 0.95  # of all changes, at least, come from events when nothing is at fault
ENOUGH = 20  # changes, to speak of a share
CHANGES = ("row", "append", "patch", "remove")  # what is shown becomes another
APART = ("first-list", "reconnect", "presence", "legacy")


class Economy:
    def __init__(self, judge: Merged, findings: Findings) -> None:
        self._judge, self._findings = judge, findings
        self._licences: dict[str, set[str]] = {}  # correlation id → why
        self._events = 0
        self._fetched: list[Op] = []
        self._disturbed = ""  # why shares are not judged
        self._handed: dict[str, int] = {}  # desktop → the last revision handed to its link
        self._heads: deque[tuple[int, str, int]] = deque()  # (time, desktop, revision), not judged yet
        self._last: Op | None = None
        self._emitted: dict[str, Op] = {}

    def op(self, op: Op, sight: Sight | None) -> None:
        if self._heads:
            self._judge_heads(op.time_ns)
        if sight is not None:
            if sight.seen.kind in CHANGES:
                self._change(op)
        elif op.f == "fetch":
            self._fetch(said(op))
        elif op.f in ("fault-begin", "drop", "started"):
            self._disturbed = self._disturbed or ("faults" if op.f != "drop" else "a full mailbox")
        elif op.f == "emit":
            self._emit(op)
        elif op.f == "recovered":
            head = said(op).get("head")
            if isinstance(head, int):
                self._handed[op.node or ""], self._emitted[op.node or ""] = head, op

    # ---- shares -----------------------------------------------------------------------------------------------------

    def _fetch(self, line: dict[str, Any]) -> None:
        if line.get("phase") == "begin":
            also = line.get("also")
            words = [line.get("licence"), *(also if isinstance(also, list) else [])]
            self._licences[str(line.get("corr"))] = {str(word) for word in words}

    def _change(self, op: Op) -> None:
        kind, _, name = (op.cause or "").partition(":")
        if kind == "event":
            self._events += 1
        elif kind in ("get", "list"):
            licences = self._licences.get(name)
            if licences is not None and not licences.intersection(APART):
                self._fetched.append(op)

    def share(self) -> dict[str, Any]:
        said = f"not judged: {self._disturbed}" if self._disturbed else "judged"
        return {"events": self._events, "fetches": len(self._fetched), "share": said}

    def close(self) -> None:
        if self._last is not None:
            self._judge_heads(None)
        total = self._events + len(self._fetched)
        if self._disturbed or total < ENOUGH or self._events >= SHARE * total:
            return
        first, count = self._fetched[0], len(self._fetched)
        at = self._judge.ledger.at(first.time_ns)

        def tell() -> Story:
            message = (
                f"no fault was at work, and {count} of {total} changes that mobiles showed came from fetches, not from "
                f"events; the first at {at}"
            )
            return Story(message, {"story": told((op, f"{op.node} shows what it fetched") for op in self._fetched[:5])})

        self._findings.add("polling", first, self._fetched[:5], tell)

    # ---- heads ------------------------------------------------------------------------------------------------------

    def _emit(self, op: Op) -> None:
        line = said(op)
        self._last = op
        rev = line.get("rev")
        if line.get("bare") is True:
            self._disturbed = self._disturbed or "legacy events"
        if line.get("bus") == "link" and isinstance(rev, int):
            node = op.node or ""
            self._handed[node] = max(rev, self._handed.get(node, 0))
            self._emitted[node] = op

    def head(self, tap: Tap) -> None:
        """A head leaves its desktop."""
        rev = rev_of(tap.msg)
        if rev is not None:
            self._judge_heads(tap.time_ns)
            self._heads.append((tap.time_ns, tap.link.partition("->")[0], rev))

    def _judge_heads(self, now_ns: int | None) -> None:
        """Those whose instant is over: what was journaled at that instant has been read."""
        slack_ns = 2 * self._judge.slack_ns
        while self._heads and (now_ns is None or self._heads[0][0] + slack_ns < now_ns):
            time_ns, node, rev = self._heads.popleft()
            if node in self._handed and rev > self._handed[node]:
                self._early(time_ns, node, rev)

    def _early(self, time_ns: int, node: str, rev: int) -> None:
        op, handed = self._emitted[node], self._handed[node]

        def tell() -> Story:
            message = (
                f"{node} sent a head at {self._judge.ledger.at(time_ns)} that names revision {rev}, when the last "
                f"event handed to its link was of revision {handed}: whoever reads it fetches what is on its way"
            )
            story = [(op, f"{node} hands the event of revision {handed} to its link"), (None, f"a head says {rev}")]
            return Story(message, {"node": node, "story": told(story)})

        self._findings.add("early-head", op, [op], tell)
