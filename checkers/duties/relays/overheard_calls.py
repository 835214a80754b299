"""Calls that a relay without a journal forwarded to a desktop, and whose end it owed when that desktop went.

That it went shows on the wire (the relay says that it is offline, or registers it on another connection), or is known
of a process that was killed and of a link that its client closed. Then the call must be answered at once; it was not if
it ran into its time-out on a mobile whose own connection stood all the while.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checkers.traffic.bounds import Bounds
from checkers.traffic.merged import said
from harness.history import Header, Op, Tap


@dataclass(slots=True)
class _Forwarded:
    time_ns: int
    desktop: str
    conn: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    node: str
    desktop: str
    begun: Op
    ended: Op
    lost_ns: int


class ForwardedCalls:
    """Fed all taps, then the ops that it asks for; `judged` counts calls whose desktop went."""

    def __init__(self, header: Header, bounds: Bounds) -> None:
        self._bounds = bounds
        self._roles = {name: node.get("role") for name, node in header.nodes.items()}
        self._relay = next((name for name, role in self._roles.items() if role == "relay"), "relay")
        self._names = {str(node.get("device_id") or name).lower(): name for name, node in header.nodes.items()}
        self._forwarded: dict[str, _Forwarded] = {}  # correlation id →
        self._answered: set[str] = set()
        self._went: dict[str, list[tuple[int, int | None]]] = {}  # desktop → (when, its new connection if it has one)
        self._begun: dict[str, Op] = {}
        self._ended: list[tuple[str, Op, Op]] = []
        self._broken: dict[str, list[int]] = {}  # node → when its connections end, or its process
        self._faults: dict[tuple[str, Any], tuple[int, set[str]]] = {}
        self._spells: list[tuple[int, int, set[str]]] = []  # from, to, whom it touched
        self.judged = 0

    # ---- the wire ---------------------------------------------------------------------------------------------------

    def tap(self, tap: Tap) -> None:
        source, _, target = tap.link.partition("->")
        if source != self._relay or tap.side != "in":
            return
        if tap.type in ("registered", "resumed"):
            self._went.setdefault(target, []).append((tap.time_ns, tap.conn))
        elif tap.type == "presence" and tap.source is not None and (tap.msg or "").startswith("offline"):
            self._went.setdefault(self._names.get(tap.source, ""), []).append((tap.time_ns, None))
        elif tap.msg is None:
            return
        elif tap.type == "rpc-reply":
            self._answered.add(tap.msg)
        elif tap.type.startswith("rpc:") and self._roles.get(target) == "desktop":
            self._forwarded.setdefault(tap.msg, _Forwarded(tap.time_ns, target, tap.conn))

    # ---- journals ---------------------------------------------------------------------------------------------------

    def op(self, op: Op) -> None:
        line, node = said(op), op.node or ""
        if op.f == "call":
            self._call(str(line.get("corr")), str(line.get("phase")), op)
        elif op.f in ("fault-begin", "fault-heal"):
            self._fault(line, op)
        elif op.f == "started":
            self._broken.setdefault(node, []).append(op.time_ns)
        elif op.f == "link" and line.get("state") in ("closed", "suspended", "connecting"):
            self._broken.setdefault(node, []).append(op.time_ns)
            if self._roles.get(node) == "desktop" and not self._touched({node, self._relay}, op.time_ns):
                self._went.setdefault(node, []).append((op.time_ns, None))

    def _call(self, corr: str, phase: str, op: Op) -> None:
        if phase == "begin":
            self._begun[corr] = op
        elif (begun := self._begun.pop(corr, None)) is not None and begun.node == op.node:
            self._ended.append((corr, begun, op))

    def _fault(self, line: dict[str, Any], op: Op) -> None:
        key = (str(line.get("fault")), line.get("occurrence"))
        if op.f == "fault-heal":
            begun_ns, whom = self._faults.pop(key, (op.time_ns, set()))
            self._spells.append((begun_ns, op.time_ns, whom))
            return
        nodes, directions = (line.get(word) for word in ("nodes", "directions"))
        killed = {str(name) for name in nodes} if isinstance(nodes, list) else set()
        ends = {end for each in directions for end in str(each).split("->")} if isinstance(directions, list) else set()
        if line.get("action") == "kill":
            params = line.get("params")
            for node in killed:
                self._broken.setdefault(node, []).append(op.time_ns)
                cut = isinstance(params, dict) and params.get("power")
                if (
                    self._roles.get(node) == "desktop"
                    and not cut
                    and not self._touched({node, self._relay}, op.time_ns)
                ):
                    self._went.setdefault(node, []).append((op.time_ns, None))
        self._faults[key] = (op.time_ns, killed | (ends - {self._relay}))

    def _touched(self, nodes: set[str], from_ns: int, to_ns: int | None = None) -> bool:
        """Did a fault touch one of them in that time (at that moment)?"""
        until_ns = from_ns if to_ns is None else to_ns
        acting = [(begun_ns, until_ns, whom) for begun_ns, whom in self._faults.values()]
        spells = [(begun_ns, healed_ns, whom) for begun_ns, healed_ns, whom in self._spells if healed_ns >= from_ns]
        return any(begun_ns <= until_ns and whom & nodes for begun_ns, _, whom in (*spells, *acting))

    def calm(self, node: str, from_ns: int, to_ns: int) -> bool:
        """Did nothing touch the way from the relay to it in that time?"""
        return not self._touched({node, self._relay}, from_ns, to_ns)

    # ---- the end ----------------------------------------------------------------------------------------------------

    def unanswered(self) -> Iterator[Unanswered]:
        for corr, begun, ended in self._ended:
            sent = self._forwarded.get(corr)
            if sent is None or begun.node is None or sent.time_ns < begun.time_ns:
                continue
            went = [
                at_ns
                for at_ns, conn in self._went.get(sent.desktop, ())
                if sent.time_ns < at_ns < ended.time_ns and conn != sent.conn
            ]
            if not went:
                continue
            self.judged += 1
            lost_ns, error = min(went), said(ended).get("error")
            timed_out = isinstance(error, dict) and error.get("code") == "timeout"
            if not timed_out or corr in self._answered or ended.time_ns <= lost_ns + self._bounds.event_ns:
                continue
            broken = [at for name in (begun.node, self._relay) for at in self._broken.get(name, ())]
            stood = not any(begun.time_ns <= at_ns <= ended.time_ns for at_ns in broken)
            if stood and self.calm(begun.node, lost_ns, ended.time_ns):
                yield Unanswered(begun.node, sent.desktop, begun, ended, lost_ns)
