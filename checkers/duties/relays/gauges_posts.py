"""Sizes of the relay's and the desktops' maps, once nothing but heads and heartbeats has passed for a long time.

That time is what a dead peer is given: whatever a fault left half done has been found out by then, and whoever was
asked has answered or is gone. The relay alone remembers a call for longer, whose answer never came.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from checkers.duties.mobiles.gauges import below_zero, sizes
from checkers.traffic.merged import Merged, said
from checkers.words.findings import Findings, Story, told
from harness.history import Op, Tap

_BUSY = frozenset({"link", "started", "recovered", "emit", "fault-begin", "fault-heal"})
_IDLE = ("sync:head", "heartbeat")
_ODD = ("clock", "pause")  # after these a node's timers are not the run's


class Posts:
    """`judged`: node → what was found, or why nothing was."""

    def __init__(self, judge: Merged, findings: Findings) -> None:
        self._judge, self._findings = judge, findings
        nodes = judge.header.nodes
        self._roles = {name: str(node.get("role")) for name, node in nodes.items()}
        self._quiet_ns = judge.ns("dead_peer_s") + judge.slack_ns
        self._kept_ns = judge.ns("relay_pending_s") + judge.slack_ns
        self._busy_ns = 0
        self._last: Op | None = None
        self._faults = 0
        self._odd = False
        self._registered: dict[str, bool] = {}
        self._asked: dict[str, int] = {}  # correlation id → when the relay forwarded the call, the last time
        self.judged: dict[str, str] = {}

    def forwarded(self, tap: Tap) -> None:
        self._asked[tap.msg or ""] = self._busy_ns = tap.time_ns

    def wire(self, tap: Tap) -> None:
        if tap.type not in _IDLE:
            self._busy_ns = max(self._busy_ns, tap.time_ns)

    def op(self, op: Op) -> None:
        if op.f == "final":
            if self._roles.get(op.node or "") in ("relay", "desktop"):
                self._final(str(op.node), op)
        elif op.f in _BUSY:
            self._busy_ns, self._last = max(self._busy_ns, op.time_ns), op
            if op.f == "link":
                self._registered[op.node or ""] = said(op).get("state") == "registered"
            elif op.f in ("fault-begin", "fault-heal"):
                self._faults += 1 if op.f == "fault-begin" else -1
                self._odd = self._odd or said(op).get("action") in _ODD

    def _final(self, node: str, op: Op) -> None:
        gauges = said(op).get("gauges")
        for name, size in sizes(gauges):
            if size < 0:
                self._findings.add("miscounted", op, [op], partial(below_zero, op, name, size))
        there = self._roles[node] == "relay" or self._registered.get(node, False)
        if not isinstance(gauges, dict) or not self._judge.tapped or not there:
            self.judged[node] = "not judged: no gauges, no taps, or not registered"
        elif self._faults or self._odd or op.time_ns - self._busy_ns < self._quiet_ns:
            self.judged[node] = "not judged: it had not been left in peace long enough"
        else:
            self.judged[node] = "judged"
            held, here = dict(sizes(gauges)), sum(self._registered.values())
            for name, most in self._most(node, op.time_ns).items():
                if held.get(name, 0) > most:
                    self._wrong("leak", node, op, f"held {held[name]}, not {most}", name)
            for name in ("connections", "sockets") if self._roles[node] == "relay" else ():
                if 0 <= held.get(name, here) < here:
                    self._wrong("miscounted", node, op, f"counted {held[name]}, and {here} were registered", name)

    def _most(self, node: str, now_ns: int) -> dict[str, int]:
        """What each map may hold at the most: a head may be on its way to everybody."""
        roles = list(self._roles.values())
        if self._roles[node] == "desktop":
            return {"queued": 1, "calls": 0}
        clients = roles.count("desktop") + roles.count("mobile")
        asked = sum(now_ns - time_ns <= self._kept_ns for time_ns in self._asked.values())
        most = {"pending": asked, "waiting": clients * roles.count("desktop")}
        if clients + roles.count("relay") == len(roles):  # nobody knows how many sockets a stranger has
            most |= {"connections": clients, "sockets": clients}
        return most

    def _wrong(self, reason: str, node: str, op: Op, what: str, name: str) -> None:
        ops = [o for o in (self._last, op) if o is not None]
        quiet_s = (op.time_ns - self._busy_ns) / 1e9

        def tell() -> Story:
            message = f"nothing had happened for {quiet_s:g} s and {node}'s {name} {what}"
            story: list[tuple[Op, str]] = [(o, "the last that happened" if o is not op else message) for o in ops]
            details: dict[str, Any] = {"node": node, "story": told(story)}
            return Story(message, details)

        self._findings.add(reason, op, ops, tell)
