"""Same job, same revision: same content.

An observation that names a revision must show what the desktop's row held at that revision: all of it when a whole row
was installed, the fields it changed otherwise. (The text after an append is the business of `stream-integrity`.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader, Sight
from checkers.past.phases import Counted
from checkers.past.truth import NOT_CONTENT, JobTruth
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import apart, decoded, detail, how, innermost, size, value
from harness.history import Header, Op, text_digest
from harness.verdict import CheckResult

_Told = tuple[str, dict[str, Any]]  # what is wrong, in words and as details


class _Agreement:
    NAME = "agreement"
    GUARANTEE = "Whoever shows a job at a revision shows what the desktop's row held at that revision."
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = frozenset({"observe", "commit"})
    REASONS: Mapping[str, str] = {
        "wrong-field": "A field differs from the desktop's at the same revision.",
        "wrong-text": "The response differs from the desktop's at the same revision.",
        "unknown-revision": "The desktop never wrote that revision of the job.",
        "uncommitted": "What is shown was never committed.",
    }
    EXAMPLE = "agreement"
    ANOMALY = "d:+a d:a{status=queued} m:a=2{status=failed}"
    INNOCENT = "d:+a d:a{status=queued} m:a=2"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge()


CHECKER: Checker = _Agreement()


class _Judge(Reader):
    def __init__(self) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._judged = Counted("observations", "no observation of a job names a revision")
        self._in_flight: dict[tuple[str, int], Sight] = {}  # revisions shown before their commit was answered

    def feed(self, op: Op) -> None:
        sight = self.ledger.sight
        if op.f == "commit":
            self._answered(op)
        elif sight is not None and sight.op.rev is not None and sight.seen.kind in ("row", "patch", "append"):
            self._observe(sight, sight.op.rev.n)

    def finish(self) -> CheckResult:
        return self._findings.result({"observations": self._judged.total}, self._judged)

    def _answered(self, op: Op) -> None:
        if op.type == "invoke" or not self._in_flight or op.rev is None:
            return
        sight = self._in_flight.pop((op.node or op.rev.desktop, op.rev.n), None)
        if sight is not None and op.type == "fail" and sight.op.job == op.job:
            failed_at = self.ledger.at(op.time_ns)
            self._add("uncommitted", sight, [op], lambda: (f"of a commit that failed at {failed_at}", {}))

    def _observe(self, sight: Sight, n: int) -> None:
        self._judged.add(self.ledger.phase)
        job = sight.job
        entry = job.entries.get(n) if job is not None else None
        if job is None or entry is None:
            failed = job.failed.get(n) if job is not None else None
            if failed is not None:
                self._add("uncommitted", sight, [failed.op], lambda: ("of a commit that had failed", {}))
            else:
                self._add("unknown-revision", sight, [], lambda: ("which its desktop never wrote", {}))
            return
        if entry.state == "invoke":
            self._in_flight.setdefault((job.desktop, n), sight)
        if (name := _differing_field(sight, job, n)) is not None:
            writer = job.last_change(name, n) or entry
            self._add("wrong-field", sight, [writer.op], lambda: _told_field(sight, job, n, name))
        elif sight.seen.kind == "row" and not _same_text(sight, job, n):
            self._add("wrong-text", sight, [entry.op], lambda: self._told_text(sight, job, n))

    def _told_text(self, sight: Sight, job: JobTruth, n: int) -> _Told:
        position, length = job.text_at(n) or (0, 0)
        expected = job.attempts[position].text[:length]
        shown = self.ledger.final_text(sight.replica[0], job.job)
        if shown is None or text_digest(shown) != sight.seen.digest:
            shown = None
            what = f"with {size(sight.seen.bytes)} of text, where {job.desktop} wrote {size(length)}"
        else:
            right, wrong = apart(decoded(expected), decoded(shown))
            what = f"with the text {wrong}, where {job.desktop} wrote {right}"
        return what, {"expected_text": detail(expected), "shown_text": detail(shown)}

    def _add(self, reason: str, sight: Sight, others: list[Op], explain: Callable[[], _Told]) -> None:
        node, op, ledger = sight.replica[0], sight.op, self.ledger

        def tell() -> Story:
            what, details = explain()
            n = op.rev.n if op.rev is not None else None
            message = f"{node} shows job {op.job} at revision {n} {what} (at {ledger.at(op.time_ns)})"
            shows = f"{node} shows revision {n} of job {op.job} {how(op)}".rstrip()
            story = [(other, f"{other.node} wrote revision {other.rev.n}") for other in others if other.rev is not None]
            story = sorted([*story, (op, shows)], key=lambda item: item[0].time_ns)
            return Story(message, {"job": op.job, "node": node, "story": told(story), **details})

        self._findings.add(reason, op, [*others, op], tell)


def _told_field(sight: Sight, job: JobTruth, n: int, name: str) -> _Told:
    name, expected, shown = innermost(name, job.value_at(name, n), sight.seen.set.get(name))
    what = f"with {name} {value(shown)}, where {job.desktop} wrote {value(expected)}"
    return what, {"field": name, "expected": expected, "shown": shown}


def _differing_field(sight: Sight, job: JobTruth, n: int) -> str | None:
    """The first field shown that is not the desktop's at revision `n`. A missing field and a null are equal."""
    shown = sight.seen.set
    if sight.seen.kind != "row":
        return next((k for k, v in shown.items() if k not in NOT_CONTENT and v != job.value_at(k, n)), None)
    row = job.row_at(n)
    return next((k for k in {**row, **shown} if k not in NOT_CONTENT and row.get(k) != shown.get(k)), None)


def _same_text(sight: Sight, job: JobTruth, n: int) -> bool:
    at = job.text_at(n)
    if at is None or sight.seen.digest is None or at[0] >= len(job.attempts):
        return True
    return job.attempts[at[0]].digest_at(at[1]) == sight.seen.digest
