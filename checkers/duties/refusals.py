"""A desktop refuses its user nothing without a reason."""

from __future__ import annotations

from collections import Counter

from checkers.past.truth import JobTruth
from checkers.traffic.merged import said
from harness.history import Op

STORE_FAILED, NOT_FOUND = "store_failed", "not_found"


class Refusals:
    """`fault`: of every begin and heal. A node with a fault of its own has a reason to fail a write."""

    def __init__(self) -> None:
        self._ill: Counter[str] = Counter()
        self._healed_ns: dict[str, int] = {}

    def fault(self, op: Op) -> None:
        nodes = said(op).get("nodes")
        for node in map(str, nodes if isinstance(nodes, list) else []):
            self._ill[node] = max(0, self._ill[node] + (1 if op.f == "fault-begin" else -1))
            self._healed_ns[node] = op.time_ns

    def unfounded(self, asked: Op, op: Op, truth: JobTruth | None, store: str | None) -> str | None:
        """What is wrong with an operation that was not answered ok; None: nothing. `store`: the desktop's, as known."""
        code = op.error.get("code") if isinstance(op.error, dict) else None
        node = str(op.node)
        if code == STORE_FAILED and not self._ill[node] and self._healed_ns.get(node, -1) < asked.time_ns:
            return "could not be written, though nothing was wrong with its disk"
        if code != NOT_FOUND or truth is None or truth.store != store or not truth.revs or truth.deleted is not None:
            return None
        created = truth.entries[truth.revs[0]].op
        return "was refused, for there is no such job, which there is" if created.time_ns < asked.time_ns else None
