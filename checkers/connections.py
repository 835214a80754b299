"""A connection that is good stays, and a client that lost one comes back as its back-off says.

Which ends are right is a closed list: a fault on the connection's path, or one that had left it in doubt; its user went
to the background; its token expired. All others are findings, whatever the two ends say of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from checkers import Checker, Hears, Judge, Level
from checkers.duties.clients.sockets import BackOff, Ends, Line, Wrong
from checkers.duties.relays.held import Held
from checkers.duties.relays.sessions import GRANTED, Sessions
from checkers.past.phases import Counted
from checkers.traffic.bounds import Bounds, bounds
from checkers.traffic.merged import Merged, hardened_nodes, said
from checkers.traffic.peace import FEEDS, Peace, touched_by_fault
from checkers.words.findings import Findings, Moment, Proof, Story, told
from checkers.words.wording import did
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult


class _Connections:
    NAME = "connections"
    GUARANTEE = (
        "A registered connection ends only for a cause that the history shows, the relay says of nobody that he is "
        "gone who is there, lets go of who is not and names sessions apart, and a client opens its next socket when "
        "its own back-off says so, and has none in the background."
    )
    NEEDS = Level.L2
    FEEDS: frozenset[str] | None = FEEDS | {"final", "conn"}
    REASONS: Mapping[str, str] = {
        "ended-without-cause": "A registered connection ended to which nothing had happened.",
        "said-gone": "The relay told a client that another had gone offline, whose connection stood.",
        "kept-open": "A client in the background kept its connection.",
        "held-on": "The relay kept a connection long after its client had gone.",
        "session-shared": "The relay named a new session as an earlier one, or not at all.",
        "back-off": "A client waited longer or shorter before its next socket than its back-off says.",
    }
    EXAMPLE = "connections"
    ANOMALY = "m:up @100 m:down @104 d:final"
    INNOCENT = "m:up @100 fault:x m:down heal:x @104 d:final"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Connections()


class _Judge(Merged):
    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self._findings = Findings(CHECKER.NAME)
        self._peace = Peace(header)
        self._limits = bounds(header)
        self._hardened = hardened_nodes(header)
        self._lines = {name: Line() for name in self._peace.paths}
        self._backoff = BackOff(header, self._peace, self.slack_ns)
        self._ends = Ends(header, self._limits) if self._limits is not None else None
        self._held = Held(header, self._limits, self.slack_ns) if self._limits is not None else None
        self._sessions = Sessions()
        self._latest: Op | None = None  # what was journaled last
        self._gone: list[tuple[str, Tap]] = []  # said to be offline, while its connection stood
        self._nodes = {
            (str(node.get("user")), str(node.get("device_id") or name).lower()): name
            for name, node in header.nodes.items()
        }
        self._counted = Counted("ends of connections", "no connection ended, and nobody waited to connect again")

    HEARS: ClassVar[Hears] = {"in": (*GRANTED, "presence")}

    def hears(self, tap: Tap) -> bool:
        return tap.type in GRANTED or (tap.type == "presence" and (tap.msg or "").startswith("offline"))

    def op(self, op: Op) -> None:
        self._latest = op
        if self._ends is None:
            return
        for wrong in self._ends.settle(op.time_ns):
            self._add(wrong)
        self._say(op.time_ns)
        if self._held is not None:
            for wrong in self._held.due(op.time_ns):
                self._add(wrong)
            self._held.op(op)
        if op.f in ("fault-begin", "fault-heal"):
            self._count(self._ends)
            self._ends.fault(op, touched_by_fault(op, self._peace.paths))
        elif op.f == "started":
            self._ends.started(op, [op.node] if op.node in self._lines else self._lines)
        elif op.f == "final" or (op.f == "link" and said(op).get("state") == "registered"):
            self._ends.carried(op)
        if op.node in self._lines:
            self._of_client(op.node, self._lines[op.node], op, self._ends)
        self._peace.op(op)

    def _of_client(self, node: str, line: Line, op: Op, ends: Ends) -> None:
        if op.f == "started":
            self._lines[node] = Line()
        elif op.f == "link":
            self._link(node, line, op, ends)
        elif op.f == "background" and op.type == "ok":
            line.away = op
        elif op.f in ("foreground", "final"):
            self._back(node, line, op)

    def _back(self, node: str, line: Line, op: Op) -> None:
        """It was in the background until now. What closes its socket may take as long as an event."""
        away, line.away = line.away, None
        if away is None or self._limits is None or not self._hardened.get(node):
            return
        self._counted.add(self.ledger.phase)
        if line.registered is not None and op.time_ns - away.time_ns > self._limits.event_ns:
            what = f"kept its connection, though it was in the background since {self.ledger.at(away.time_ns)}"
            self._add(Wrong("kept-open", node, op, what, (line.registered, away)))

    def _link(self, node: str, line: Line, op: Op, ends: Ends) -> None:
        state = said(op).get("state")
        if state == "connecting":
            wrong = self._backoff.connecting(node, line, op)
            if wrong is not None and self._hardened.get(node) and self._backoff.known:
                self._add(wrong)
            line.suspended = False
        elif state == "registered":
            line.registered = op
        elif state == "suspended":
            line.suspended = True
        elif state == "closed":
            ends.closed(node, line, op)
            self._backoff.closed(node, line, op)
            line.registered, line.closed = None, op

    # ---- presence ---------------------------------------------------------------------------------------------------

    def wire(self, tap: Tap) -> None:
        """The relay grants a registration, or says that somebody is offline."""
        if tap.type in GRANTED:
            self._granted(tap)
        elif self._limits is not None:
            self._offline(tap, self._limits)

    def _granted(self, tap: Tap) -> None:
        wrong = self._sessions.granted(tap, self._latest) if self._latest is not None else None
        if wrong is not None:
            self._add(wrong)

    def _offline(self, tap: Tap, limits: Bounds) -> None:
        whom = tap.link.rpartition("->")[2]
        user = str(self.header.nodes.get(whom, {}).get("user"))
        name = self._nodes.get((user, (tap.source or "").lower()))
        path = self._peace.paths.get(name or "")
        quiet_ns = tap.time_ns - limits.event_ns
        doubt_ns = quiet_ns - limits.dead_peer_ns
        if name is None or path is None or not path.registered:
            return
        if path.untouched(quiet_ns) and path.faulted_ns < doubt_ns:
            self._gone.append((name, tap))

    def _say(self, now_ns: int) -> None:
        """Its connection may have been about to end."""
        assert self._limits is not None
        while self._gone and now_ns - self._gone[0][1].time_ns > self._limits.event_ns:
            name, tap = self._gone.pop(0)
            path, line = self._peace.paths[name], self._lines[name]
            if path.untouched(tap.time_ns - self._limits.event_ns) and line.registered is not None:
                whom = tap.link.rpartition("->")[2]
                what = f"stood, and the relay told {whom} at {self.ledger.at(tap.time_ns)} that it was offline"
                self._add(Wrong("said-gone", name, line.registered, what, (line.registered,)), "'s connection ", tap)

    # ---- words ------------------------------------------------------------------------------------------------------

    def _add(self, wrong: Wrong, joint: str = " ", tap: Tap | None = None) -> None:
        def tell() -> Story:
            message = f"at {self.ledger.at(wrong.op.time_ns)} {wrong.node}{joint}{wrong.what}"
            story: list[tuple[Proof, str]] = [(op, did(op)) for op in wrong.proof]
            seen = tap if tap is not None else Moment(wrong.op.time_ns, wrong.node)
            details = {"node": wrong.node, "story": told([*story, (seen, message)])}
            return Story(message, details | wrong.limit)

        self._findings.add(wrong.reason, wrong.op, wrong.proof, tell)

    def finish(self) -> CheckResult:
        if self._ends is None:
            message = "not judged: the history's header does not say all of the topology's timers"
            return CheckResult(check=CHECKER.NAME, verdict=None, message=message)
        for wrong in self._ends.close():
            self._add(wrong)
        self._count(self._ends)
        judged = {"judged": {"ends": self._ends.judged, **self._backoff.judged}}
        return self._findings.result(judged, self._counted)

    def _count(self, ends: Ends) -> None:
        self._counted.grows(ends.judged + self._backoff.judged.total(), self.ledger.phase)
