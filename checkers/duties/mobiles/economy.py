"""Where changes come from: events, or fetches."""

from __future__ import annotations

from typing import Any

from checkers.past.ledger import Sight
from checkers.traffic.merged import Merged, said
from checkers.words.findings import Findings, Story, told
from harness.history import Op

SHARE = 0.95  # of all changes, at least, come from events when nothing is at fault
ENOUGH = 20  # changes, to speak of a share
CHANGES = ("row", "append", "patch", "remove")  # what is shown becomes another
APART = ("first-list", "reconnect", "presence", "legacy")


class Economy:
    def __init__(self, judge: Merged, findings: Findings) -> None:
        self._judge, self._findings = judge, findings
        self._licences: dict[str, set[str]] = {}  # correlation id → why
        self._last: dict[tuple[str, ...], set[str]] = {}  # (node, what, job) → why it was fetched last
        self._events = 0
        self._fetched: list[Op] = []
        self._disturbed = ""  # why shares are not judged

    def op(self, op: Op, sight: Sight | None) -> None:
        if sight is not None:
            if sight.seen.kind in CHANGES:
                self._change(op)
        elif op.f == "fetch":
            self._fetch(op.node, said(op))
        elif op.f in ("fault-begin", "drop", "started"):
            self._disturbed = self._disturbed or ("faults" if op.f != "drop" else "a full mailbox")
        elif op.f == "emit" and said(op).get("bare") is True:
            self._disturbed = self._disturbed or "legacy events"

    # ---- shares -----------------------------------------------------------------------------------------------------

    def _fetch(self, node: str | None, line: dict[str, Any]) -> None:
        """One that is made again is made for the reasons of the one that failed."""
        if line.get("phase") != "begin":
            return
        also, what = line.get("also"), tuple(str(part) for part in (node, line.get("what"), line.get("job")))
        words = {str(word) for word in (line.get("licence"), *(also if isinstance(also, list) else []))}
        if "retry" in words:
            words |= self._last.get(what, set())
        self._licences[str(line.get("corr"))] = self._last[what] = words

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
