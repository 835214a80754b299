"""A desktop refuses its user nothing without a reason."""

from __future__ import annotations

from collections import Counter

from checkers.past.truth import JobTruth
from checkers.traffic.merged import said
from harness.history import TERMINAL_STATUSES, Op

STORE_FAILED, NOT_FOUND = "store_failed", "not_found"
_ENDED = tuple(TERMINAL_STATUSES)


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
        if truth is None or truth.store != store or not truth.revs or truth.deleted is not None:
            return None
        if code == "invalid_params" and asked.f == "finalize" and _ended_so(asked, truth):
            return "was refused, for the job had ended, just so"
        if code != NOT_FOUND:
            return None
        created = truth.entries[truth.revs[0]].op
        return "was refused, for there is no such job, which there is" if created.time_ns < asked.time_ns else None


def _ended_so(asked: Op, truth: JobTruth) -> bool:
    """All that was ever committed of its status since it ended is what the operation asks for."""
    wanted = said(asked).get("status")
    told = [entry for n in truth.revs if "status" in (entry := truth.entries[n]).commit.set]
    return (
        bool(told)
        and wanted in _ENDED
        and told[-1].commit.set["status"] == wanted
        and told[-1].op.time_ns < asked.time_ns
    )
