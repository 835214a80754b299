"""Findings: what a judge noticed, cheaply while it reads, explained only when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from checkers.past.phases import Counted
from harness.history import Op
from harness.verdict import CheckResult, Verdict

_MOST = 10_000  # findings kept; a history with more is wrong enough


@dataclass(slots=True)
class Story:
    """A finding in words: one sentence for the verdict line, details for the report."""

    message: str
    details: dict[str, Any]


@dataclass(slots=True)
class Finding:
    """One anomaly. `evidence` are the ops that prove it; `explain` is called for the first finding only."""

    reason: str
    op: Op
    evidence: list[Op]
    explain: Callable[[], Story]


class Findings:
    """All anomalies of one judge, and the result they add up to."""

    def __init__(self, check: str, verdict: Verdict = Verdict.INVALID) -> None:
        self._check, self._verdict = check, verdict
        self._found: list[Finding] = []
        self.count = 0

    def add(self, reason: str, op: Op, evidence: Iterable[Op], explain: Callable[[], Story]) -> Finding:
        finding = Finding(reason, op, list(evidence), explain)
        self.count += 1
        if len(self._found) < _MOST:
            self._found.append(finding)
        return finding

    def result(self, judged: dict[str, Any] | None, counted: Counted) -> CheckResult:
        """VALID when nothing was found in what was `counted`; of nothing at all nobody can say so: it is not judged.

        `judged` goes into the details: what was looked at, piece by piece.
        """
        looked_at = counted.looked_at()
        if not self._found:
            verdict = Verdict.VALID if counted.total else None
            message = "" if counted.total else f"not judged: {counted.nothing}"
            return CheckResult(
                check=self._check, verdict=verdict, message=message, details=judged or {}, looked_at=looked_at
            )
        first = self._found[0]
        story = first.explain()
        reasons = dict.fromkeys(f.reason for f in self._found)
        return CheckResult(
            check=self._check,
            verdict=self._verdict,
            reason=first.reason,
            message=story.message,
            evidence=ordered(first.evidence),
            first=first.op.index,
            others=[r for r in reasons if r != first.reason],
            details={**(judged or {}), "count": self.count, **story.details},
            looked_at=looked_at,
        )


def ordered(ops: Iterable[Op]) -> list[int]:
    """Indices of ops in time order, each once."""
    return list(dict.fromkeys(op.index for op in sorted(ops, key=lambda op: (op.time_ns, op.index))))


def told(sentences: Iterable[tuple[Op | None, str]]) -> list[dict[str, Any]]:
    """A story for the report, in time order: one sentence per op (an index of None: seen on the wire)."""
    return [{"index": op.index if op is not None else None, "what": what} for op, what in sentences]
