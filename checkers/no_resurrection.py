"""A deleted job stays away, and an existing one stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader, Replica, Sight
from checkers.past.phases import Counted
from checkers.past.scope import in_scope
from checkers.past.truth import JobTruth
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import how
from harness.history import Header, Op
from harness.verdict import CheckResult


class _NoResurrection:
    NAME = "no-resurrection"
    GUARANTEE = (
        "A job shown as deleted does not come back; a job that exists does not vanish while its scope stays open."
    )
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = frozenset({"observe"})
    REASONS: Mapping[str, str] = {
        "resurrected": "A deleted job, shown as deleted, is shown again.",
        "vanished": "A job that was not deleted is shown as deleted.",
    }
    EXAMPLE = "no-resurrection"
    ANOMALY = "d:+a m:a=1 d:-a m:-a m:a=1"
    INNOCENT = "d:+a m:a=1 m:~a m:a=1 d:-a m:-a"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge()


CHECKER: Checker = _NoResurrection()


class _Judge(Reader):
    def __init__(self) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._removed: dict[tuple[Replica, str], Op] = {}
        self._shown: dict[tuple[Replica, str], Op] = {}
        self._judged = Counted("observations", "no job was shown")

    def feed(self, op: Op) -> None:
        sight = self.ledger.sight
        if sight is None or sight.job is None or op.job is None:
            return
        self._judged.add(self.ledger.phase)
        key = (sight.replica, op.job)
        kind = sight.seen.kind
        if kind == "remove":
            self._gone(key, sight, sight.job)
        elif kind in ("row", "patch", "append"):
            self._back(key, sight, sight.job)
            self._shown[key] = op
        elif kind == "evict":
            self._shown.pop(key, None)

    def finish(self) -> CheckResult:
        return self._findings.result({"observations": self._judged.total}, self._judged)

    def _gone(self, key: tuple[Replica, str], sight: Sight, job: JobTruth) -> None:
        shown = self._shown.pop(key, None)
        if job.deleted is not None:
            self._removed[key] = sight.op
        elif shown is not None and self._belongs(sight, job):
            self._add("vanished", sight, job, shown)

    def _belongs(self, sight: Sight, job: JobTruth) -> bool:
        """Is the job one that this replica is to show? Taking away what never belonged there is no loss."""
        node = sight.replica[0]
        scope = self.ledger.scopes.get(sight.replica)
        row = {"sessionId": job.session, **job.row_at(job.revs[-1])} if job.revs else {}
        active = self.ledger.active_desktop(node) in (None, job.desktop)
        return active and (scope is None or in_scope(row, scope))

    def _back(self, key: tuple[Replica, str], sight: Sight, job: JobTruth) -> None:
        removed = self._removed.pop(key, None)
        if removed is not None and job.deleted is not None:
            self._add("resurrected", sight, job, removed)

    def _add(self, reason: str, sight: Sight, job: JobTruth, before: Op) -> None:
        node, now, at = sight.replica[0], sight.op, self.ledger.at
        deleted = job.deleted

        def tell() -> Story:
            way = f" ({how(now)})" if how(now) else ""
            if deleted is not None:
                message = (
                    f"{node} showed job {job.job} as deleted at {at(before.time_ns)} and shows it again at "
                    f"{at(now.time_ns)}{way}; {job.desktop} deleted it at {at(deleted.op.time_ns)}"
                )
                story = [
                    (deleted.op, f"{job.desktop} deleted job {job.job}"),
                    (before, f"{node} shows it as deleted"),
                    (now, f"{node} shows it again{way}"),
                ]
            else:
                message = (
                    f"{node} shows job {job.job} as deleted at {at(now.time_ns)}{way}, "
                    f"but {job.desktop} never deleted it"
                )
                story = [(before, f"{node} shows job {job.job}"), (now, f"{node} shows it as deleted{way}")]
            return Story(message, {"job": job.job, "node": node, "story": told(story)})

        proof = [before, now] if deleted is None else [deleted.op, before, now]
        self._findings.add(reason, now, proof, tell)
