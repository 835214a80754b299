"""Findings: what a judge noticed, cheaply while it reads, explained only when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from checkers.past.phases import Counted
from harness.history import Op, Tap
from harness.verdict import CheckResult, Verdict

_MOST = 10_000  # findings kept; a history with more is wrong enough
_MOST_TOLD = 6  # beside the first
_MOST_LETTERS = 4_000  # of one text of these


@dataclass(slots=True)
class Story:
    """A finding in words: one sentence for the verdict line, details for the report."""

    message: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was that no op recorded, and as far as it is known who did it, on which link and with which
    message."""

    time_ns: int
    node: str | None = None
    link: str | None = None
    msg: str | None = None


Proof = Op | Tap | Moment | None  # what a sentence of a story stands for; None: nobody knows when it was


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
            details={**(judged or {}), "count": self.count, **story.details, **self._further()},
            looked_at=looked_at,
        )

    def _further(self) -> dict[str, Any]:
        """The findings after the first, told like it: the first of each reason, of each job and node, then others. Most
        are only counted."""
        seen: dict[object, int] = {}
        ranked = []
        for place, found in enumerate(self._found):
            one_more = seen.setdefault(found.reason, place) != place
            again = seen.setdefault((found.reason, found.op.job, found.op.node), place) != place
            ranked.append((one_more, again, place))
        chosen = [self._found[place] for *_, place in sorted(ranked) if place][:_MOST_TOLD]
        return {"further": [_entry(found) for found in chosen]} if chosen else {}


def _entry(found: Finding) -> dict[str, Any]:
    story = found.explain()
    about = {
        "reason": found.reason,
        "message": story.message,
        "evidence": ordered(found.evidence),
        "first": found.op.index,
    }
    return {**{k: v for k, v in story.details.items() if not _is_long(v)}, **about}


def _is_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > _MOST_LETTERS


def ordered(ops: Iterable[Op]) -> list[int]:
    """Indices of ops in time order, each once."""
    return list(dict.fromkeys(op.index for op in sorted(ops, key=lambda op: (op.time_ns, op.index))))


def told(sentences: Iterable[tuple[Proof, str]]) -> list[dict[str, Any]]:
    """A story for the report, in time order: one sentence per op. Where the index is None, no op recorded it: then it
    says when and where it was, as far as that is known."""
    return [
        {"index": proof.index if isinstance(proof, Op) else None, "what": what, **_where(proof)}
        for proof, what in sentences
    ]


def _where(proof: Proof) -> dict[str, Any]:
    if isinstance(proof, Tap):
        source, _, target = proof.link.partition("->")
        node = source if proof.side == "in" else target
        return _known(at_ns=proof.time_ns, node=node, link=proof.link, msg=proof.msg, type=proof.type)
    if isinstance(proof, Moment):
        return _known(at_ns=proof.time_ns, node=proof.node, link=proof.link, msg=proof.msg)
    return {}


def _known(**given: object) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def ops_of(proofs: Sequence[tuple[Proof, str]]) -> list[Op]:
    """The ops among what sentences stand for."""
    return [proof for proof, _ in proofs if isinstance(proof, Op)]


def limit(
    what: str, node: str | None, from_ns: int, allowed_ns: int, until_ns: int | None, *, least: bool = False
) -> dict[str, Any]:
    """A bound for the report to draw: how long `what` was allowed to take from then on, and until when it took (None:
    it never came, or not before it was judged). `least`: it had to take so long."""
    given = _known(what=what, node=node, from_ns=from_ns, allowed_ns=allowed_ns, until_ns=until_ns)
    return {"limit": {**given, "least": least}}
