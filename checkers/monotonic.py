"""What a replica shows never goes back to an older revision.

Judged by content: an old message that changes nothing visible takes nobody back. A patch of an old revision goes back
iff it shows a value that the desktop had replaced by the revision shown before. (Whether a text grows is the
business of `stream-integrity`.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader, Replica, Sight
from checkers.past.phases import Counted
from checkers.past.truth import NOT_CONTENT, JobTruth
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import how, innermost, value
from harness.history import TERMINAL_STATUSES, Header, Op
from harness.verdict import CheckResult


class _Monotonic:
    NAME = "monotonic"
    GUARANTEE = "What a replica shows of a job never goes back to an older revision of its desktop."
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = frozenset({"observe"})
    REASONS: Mapping[str, str] = {
        "older-row": "A whole row replaced a newer one.",
        "older-fields": "Fields of an older revision replaced newer ones.",
        "terminal-undone": "A job shown as ended is shown as running again, within one attempt.",
    }
    EXAMPLE = "monotonic"
    ANOMALY = "d:+a d:a{status=running} d:a{status=completed} m:a=3 m:a=2"
    INNOCENT = "d:+a d:a{status=running} d:a{status=completed} m:a=2 m:a=3 m:a=3"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge()


CHECKER: Checker = _Monotonic()


class _Judge(Reader):
    def __init__(self) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._newest: dict[tuple[Replica, str], Sight] = {}
        self._judged = Counted("observations", "no observation of a job names a revision")

    def feed(self, op: Op) -> None:
        sight = self.ledger.sight
        if sight is None or op.job is None or op.rev is None or sight.seen.kind not in ("row", "patch", "append"):
            return
        self._judged.add(self.ledger.phase)
        key = (sight.replica, op.job)
        newest = self._newest.get(key)
        if newest is None or not _comparable(newest, sight) or op.rev.n >= _n(newest):
            self._newest[key] = sight
        elif sight.job is not None and sight.seen.kind != "append":
            self._went_back(newest, sight, sight.job, op.rev.n)

    def finish(self) -> CheckResult:
        return self._findings.result({"observations": self._judged.total}, self._judged)

    def _went_back(self, newest: Sight, sight: Sight, job: JobTruth, n: int) -> None:
        name = _older_field(newest, sight, job, n)
        if name is None:
            return
        was, now = job.value_at("status", _n(newest)), sight.seen.set.get("status")
        undone = was in TERMINAL_STATUSES and now is not None and now not in TERMINAL_STATUSES
        same_attempt = newest.op.attempt == sight.op.attempt
        reason = "older-row" if sight.seen.kind == "row" else "older-fields"
        if undone and same_attempt:
            reason, name = "terminal-undone", "status"
        self._findings.add(reason, sight.op, [newest.op, sight.op], lambda: self._tell(newest, sight, job, name))

    def _tell(self, newest: Sight, sight: Sight, job: JobTruth, name: str) -> Story:
        node, now, before = sight.replica[0], sight.op, newest.op
        name, shown, was = innermost(name, sight.seen.set.get(name), job.value_at(name, _n(newest)))
        message = (
            f"{node} showed job {job.job} at revision {_n(newest)} ({self.ledger.at(before.time_ns)}) and went back to "
            f"revision {_n(sight)} at {self.ledger.at(now.time_ns)}: {name} {value(was)} became {value(shown)} again"
        )
        story = [
            (before, f"{node} shows revision {_n(newest)} of job {job.job} {how(before)}".rstrip()),
            (now, f"{node} shows revision {_n(sight)} of it {how(now)}, with {name} {value(shown)}".replace(" ,", ",")),
        ]
        details = {"job": job.job, "node": node, "field": name, "expected": was, "shown": shown, "story": told(story)}
        return Story(message, details)


def _n(sight: Sight) -> int:
    return sight.op.rev.n if sight.op.rev is not None else 0


def _comparable(newest: Sight, sight: Sight) -> bool:
    """Revisions are of one desktop's store; a wiped one begins anew, and what was shown of it counts no more."""
    one, other = newest.op.rev, sight.op.rev
    return one is not None and other is not None and one.desktop == other.desktop and newest.job is sight.job


def _older_field(newest: Sight, sight: Sight, job: JobTruth, n: int) -> str | None:
    """A field whose value shown now is one that the desktop had replaced by the revision shown before."""
    latest = _n(newest)
    names = [k for k in sight.seen.set if k not in NOT_CONTENT and job.value_at(k, n) != job.value_at(k, latest)]
    names.sort(key=lambda k: (k != "status", k == "updatedAt"))  # the telling ones first
    return names[0] if names else None
