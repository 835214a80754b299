"""Data reaches whom it is for, and is shown where it belongs.

Two kinds of evidence. The *wire* (taps) says which node sent a message first and which nodes it was delivered to; it is
judged only when there are taps. The *observations* say what a replica shows: a late reply of a former scope does arrive
and is discarded, so only what is shown counts there. A message is known by its type, job and own name; one without a
name by the device it says it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader, Sight
from checkers.past.phases import Counted
from checkers.past.scope import in_scope
from checkers.past.truth import JobTruth
from checkers.traffic.deliveries import Stray, Traffic
from checkers.words.findings import Findings, Story, limit, told
from checkers.words.wording import how
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult

_ANCHORS = ("commit", "observe", "final")


class _Isolation:
    NAME = "isolation"
    GUARANTEE = (
        "No user's data reaches another user's device, no event returns to its source, only desktops' events are "
        "believed, and no replica shows a job of another scope or desktop."
    )
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = frozenset({*_ANCHORS, "fault-begin"})
    REASONS: Mapping[str, str] = {
        "foreign-user": "A message of one user reached a device of another.",
        "echo": "An event came back to the device that it is of.",
        "not-a-desktop": "A device that is no desktop published an event, and it was delivered.",
        "expired-token": "A device was sent data on a connection whose token had expired.",
        "foreign-job": "A replica shows a job that only another user has.",
        "other-desktop": "A replica shows a job of another desktop than its active one.",
        "reply-of-another-scope": "A reply brought a job onto a screen whose scope does not hold it.",
        "event-of-another-scope": "An event brought a job onto a screen whose scope does not hold it.",
    }
    EXAMPLE = "isolation"
    ANOMALY = "d:+a/s2 m:scope(s2) m:a=1 m:scope(s1) m:a=1(list:c1)"
    INNOCENT = "d:+a/s2 m:scope(s1) m:scope(s2) m:a=1(list:c1)"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Isolation()


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._traffic = Traffic(header)
        self._strays: list[Stray] | None = None  # those that have no op yet, the earliest last
        self._excused: set[str] = set()  # nodes that a fault made late, or wrong about the time
        self._commits: dict[tuple[str, str], Op] = {}
        self._last: Op | None = None
        self._looked_for: set[tuple[str, str]] = set()  # (node, job) of jobs that no desktop of its user has
        self._judged = Counted("observations and messages", "no job was shown, and no message was seen on a wire")

    def tap(self, tap: Tap) -> None:
        self._traffic.tap(tap)

    def feed(self, op: Op) -> None:
        if op.f == "fault-begin":
            nodes = op.value.get("nodes") if isinstance(op.value, dict) else None
            self._excused.update(n for n in nodes if isinstance(n, str)) if isinstance(nodes, list) else None
            return
        self._last = self._last or op  # what went astray before anything was recorded is told with the first op
        self._settle(op.time_ns)
        self._last = op
        if op.f == "commit" and op.job is not None and op.node is not None:
            self._commits[op.node, op.job] = op
        sight = self.ledger.sight
        if sight is not None and op.job is not None and sight.seen.kind in ("row", "patch", "append"):
            self._judged.add(self.ledger.phase)
            self._shown(sight, op.job)

    def finish(self) -> CheckResult:
        self._settle(None)
        judged = {"observations": self._judged.total, "messages": len(self._traffic.judged_ns)}
        for time_ns in self._traffic.judged_ns:
            self._judged.add(self.ledger.phases.at(time_ns))
        wire = "judged" if self.ledger.tapped else "not judged: no taps"
        return self._findings.result({**judged, "wire": wire}, self._judged)

    # ---- what is shown ----------------------------------------------------------------------------------------------

    def _shown(self, sight: Sight, name: str) -> None:
        node, job = sight.replica[0], sight.job
        if job is None:
            self._unknown_job(sight, name)
            return
        active = self.ledger.active_desktop(node)
        if active is not None and job.desktop != active:
            what = f"job {name} of {job.desktop}, while its active desktop is {active}"
            self._add("other-desktop", sight, job, what)
            return
        scope = self.ledger.scopes.get(sight.replica)
        if scope and not _belongs(job, scope):
            by = (sight.op.cause or "").partition(":")[0]
            reason = "event-of-another-scope" if by == "event" else "reply-of-another-scope"
            here = f"session {scope['session']}" if scope.get("session") else f"project {scope.get('project')}"
            self._add(reason, sight, job, f"job {name} of session {job.session} on the screen of {here}")

    def _unknown_job(self, sight: Sight, name: str) -> None:
        node = sight.replica[0]
        if (node, name) in self._looked_for:
            return
        self._looked_for.add((node, name))
        user = self._traffic.users.get(node)
        for (desktop, job), truth in self.ledger.truth.jobs.items():
            if job == name and truth.revs and self._traffic.users.get(desktop) not in (None, user):
                self._add("foreign-job", sight, truth, f"job {name}, which only {desktop} of another user has")
                return

    def _add(self, reason: str, sight: Sight, job: JobTruth, what: str) -> None:
        op, node = sight.op, sight.replica[0]
        made = job.entries[job.revs[0]].op if job.revs else None

        def tell() -> Story:
            way = f" ({how(op)})" if how(op) else ""
            message = f"{node} shows {what} at {self.ledger.at(op.time_ns)}{way}"
            story = [(made, f"{job.desktop} creates job {job.job} in session {job.session}")] if made else []
            details = {"job": job.job, "node": node, "story": told([*story, (op, f"{node} shows {what}{way}")])}
            return Story(message, details)

        self._findings.add(reason, op, [made, op] if made else [op], tell)

    # ---- what the wire carried --------------------------------------------------------------------------------------

    def _settle(self, until_ns: int | None) -> None:
        """Strays are known before the first op; each is told with the op nearest to it: its commit, if it has one."""
        if self._strays is None:
            self._strays = self._traffic.strays[::-1]
        while self._strays and (until_ns is None or self._strays[-1].tap.time_ns < until_ns):
            self._stray(self._strays.pop())

    def _stray(self, stray: Stray) -> None:
        tap = stray.tap
        if stray.reason == "expired-token" and {stray.node, *self._traffic.relays} & self._excused:
            return
        op = self._commits.get((stray.sender or "", tap.job or "")) or self._last
        if op is None:
            return
        message = f"{stray.what} at {self.ledger.at(tap.time_ns)}"
        details = {"node": stray.node, "link": tap.link, "message": tap.msg}
        if stray.born_ns is not None:
            details |= limit("its token", stray.node, stray.born_ns, stray.allowed_ns, tap.time_ns)
        beside = f"the latest that was known of job {op.job}" if op.job is not None else f"{op.node} is read"
        story = told([(op, beside), (tap, message)])
        self._findings.add(stray.reason, op, [op], lambda: Story(message, {**details, "story": story}))


def _belongs(job: JobTruth, scope: Mapping[str, Any]) -> bool:
    """Does the scope hold the job? A job is of one session and one project, fixed at its creation."""
    project = job.value_at("projectHash", job.revs[-1]) if job.revs else None
    if project is None and not isinstance(scope.get("session"), str):
        return True  # nobody said
    return in_scope({"sessionId": job.session, "projectHash": project}, scope)
