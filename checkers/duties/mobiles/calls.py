"""What a lost link owes to the calls under way over it: an end, at once, on the mobile and in the relay."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.duties.mobiles.fetches import set_of
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Phones
from checkers.words.findings import Findings, Story, limit, told
from harness.history import Op

_AT_ONCE_NS = 10_000_000


@dataclass(slots=True)
class Owed:
    reason: str
    node: str  # the mobile that called
    begun: Op
    lost: Op
    until_ns: int


class Pending:
    def __init__(self, judge: Merged, phones: Phones, findings: Findings, hardened: dict[str, bool]) -> None:
        self._judge, self._phones, self._findings, self._hardened = judge, phones, findings, hardened
        self._within_ns = _AT_ONCE_NS + 2 * judge.slack_ns
        self._calls: dict[str, Op] = {}  # correlation id → the call, begun while its mobile was registered
        self._forwarded: dict[str, tuple[Op, str, int]] = {}  # and that left for a desktop: (begin, device, connection)
        self._conns: dict[str, int] = {}  # device → its connection, as the relay counts
        self._owed: dict[tuple[str, str], Owed] = {}  # (reason, correlation id)
        self._devices = {
            name: str(node.get("device_id") or name).lower()
            for name, node in judge.header.nodes.items()
            if node.get("role") in ("desktop", "mobile")
        }
        self.judged = 0

    def op(self, op: Op) -> None:
        if op.f == "call":
            self._call(op)
        elif op.f == "link" and said(op).get("state") in ("closed", "suspended"):
            self._lost(op)
        elif op.f == "rpc":
            self._rpc(op)
        elif op.f == "conn":
            self._conn(op)
        elif op.f == "started" or (op.f == "fault-begin" and said(op).get("action") == "kill"):
            self._died(op)

    # ---- mobiles ----------------------------------------------------------------------------------------------------

    def _call(self, op: Op) -> None:
        line = said(op)
        corr, phone = str(line.get("corr")), self._phones.of(op.node)
        if line.get("phase") == "begin":
            if phone is not None and phone.registered:
                self._calls[corr] = op
            return
        if self._calls.pop(corr, None) is not None:
            self.judged += 1
            self._judge.count()
        self._forwarded.pop(corr, None)
        for reason in ("pending-call", "forwarded-call"):
            self._owed.pop((reason, corr), None)

    def _lost(self, op: Op) -> None:
        phone = self._phones.of(op.node)
        if phone is None or not phone.hardened:
            return
        for corr, begun in self._calls.items():
            if begun.node == op.node and begun.time_ns < op.time_ns:
                self._owe("pending-call", corr, phone.node, begun, op)

    def _died(self, op: Op) -> None:
        """What a process had under way died with it."""
        nodes = said(op).get("nodes") if op.f == "fault-begin" else [op.node]
        for node in map(str, nodes if isinstance(nodes, list) else []):
            if node in self._phones.by_node:
                for corr in [c for c, begun in self._calls.items() if begun.node == node]:
                    del self._calls[corr]
                self._owed = {key: owed for key, owed in self._owed.items() if owed.node != node}
            elif self._judge.header.nodes.get(node, {}).get("role") == "relay":
                self._forwarded.clear()
                self._conns.clear()
                self._owed = {key: owed for key, owed in self._owed.items() if key[0] != "forwarded-call"}

    # ---- relay ------------------------------------------------------------------------------------------------------

    def _rpc(self, op: Op) -> None:
        line = said(op)
        corr, begun = str(line.get("corr")), self._calls.get(str(line.get("corr")))
        if self._judge.header.nodes.get(op.node or "", {}).get("role") != "relay":
            return
        if line.get("outcome") == "forwarded" and begun is not None:
            phone = self._phones.of(begun.node)
            device = phone.desktop_id if phone is not None else ""
            if device in self._conns:
                self._forwarded[corr] = (begun, device, self._conns[device])
        elif line.get("outcome") in ("answered", "answer dropped", "disconnected"):
            self._forwarded.pop(corr, None)
            self._owed.pop(("forwarded-call", corr), None)

    def _conn(self, op: Op) -> None:
        line = said(op)
        device, number, state = str(line.get("device")).lower(), line.get("conn"), line.get("state")
        if not isinstance(number, int):
            return
        if state == "registered":
            self._conns[device] = number
            return
        if self._conns.get(device) == number:
            del self._conns[device]
        for corr, (begun, target, conn) in list(self._forwarded.items()):
            asked_by = self._devices.get(begun.node or "") == device
            if asked_by and begun.time_ns <= op.time_ns:
                del self._forwarded[corr]  # whoever asked is gone: there is nobody to tell
                self._owed.pop(("forwarded-call", corr), None)
            elif (target, conn) == (device, number) and self._hardened.get(op.node or "", True):
                self._owe("forwarded-call", corr, begun.node or "", begun, op)

    # ---- both -------------------------------------------------------------------------------------------------------

    def _owe(self, reason: str, corr: str, node: str, begun: Op, lost: Op) -> None:
        if lost.time_ns - begun.time_ns < self._judge.ns("relay_pending_s"):
            until_ns = lost.time_ns + self._within_ns
            self._owed.setdefault((reason, corr), Owed(reason, node, begun, lost, until_ns))

    def expire(self, now_ns: int) -> None:
        if not self._owed:
            return
        for key in [key for key, owed in self._owed.items() if now_ns > owed.until_ns]:
            self._late(self._owed.pop(key))

    def _late(self, owed: Owed) -> None:
        line, at = said(owed.begun), self._judge.ledger.at
        method = line.get("method")
        if owed.reason == "pending-call":
            why = f"{owed.node} lost its link at {at(owed.lost.time_ns)}"
            then = f"its {method}, under way since {at(owed.begun.time_ns)}, did not fail"
        else:
            device = str(said(owed.lost).get("device")).lower()
            desktop = next((name for name, of in self._devices.items() if of == device), "a desktop")
            why = f"the relay lost {desktop}'s connection at {at(owed.lost.time_ns)}"
            then = f"did not answer {owed.node}'s {method}, forwarded to it at {at(owed.begun.time_ns)}"
        ops = set_of([owed.begun, owed.lost])

        def tell() -> Story:
            story = [(owed.begun, f"{owed.node} calls {method}"), (owed.lost, why)]
            bound = limit("its end", owed.node, owed.lost.time_ns, owed.until_ns - owed.lost.time_ns, None)
            return Story(f"{why} and {then}", {"node": owed.node, "story": told(story), **bound})

        self._findings.add(owed.reason, owed.lost, ops, tell)
