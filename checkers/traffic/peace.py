"""Since when nothing has disturbed a client: no fault on its path, no start, no change of its connection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.history import Header, Op

FEEDS = frozenset({"link", "started", "fault-begin", "fault-heal", "background", "foreground"})
_ODD = ("pause", "slow_consumer", "clock", "kill")  # what makes a node itself late, or wrong about the time
_LONG_AGO_NS = -(1 << 62)


class Path:
    """One client's. Times are of the latest change: of anything, of a fault, of a fault that befell the node itself, of
    a loss of its link; `faults` and `odd` count what is at work now."""

    __slots__ = ("faulted_ns", "faults", "lost_ns", "odd", "odd_ns", "registered", "touched_ns")

    def __init__(self) -> None:
        self.faults = self.odd = 0
        self.registered = False
        self.touched_ns = self.faulted_ns = self.odd_ns = self.lost_ns = _LONG_AGO_NS

    def untouched(self, since_ns: int) -> bool:
        return not self.faults and self.touched_ns < since_ns

    def sane(self, since_ns: int) -> bool:
        """Has the node itself run as it should, with a right clock, since then?"""
        return not self.odd and self.odd_ns < since_ns


class Peace:
    """Fed the ops of `FEEDS`. A fault on the relay touches everybody."""

    def __init__(self, header: Header) -> None:
        roles = {name: node.get("role") for name, node in header.nodes.items()}
        self.paths = {name: Path() for name, role in roles.items() if role in ("desktop", "mobile")}

    def op(self, op: Op) -> None:
        if op.f in ("fault-begin", "fault-heal"):
            self._fault(op)
        elif op.node in self.paths:
            self._of_client(self.paths[op.node], op)
        elif op.f == "started":
            for path in self.paths.values():
                path.touched_ns = path.faulted_ns = op.time_ns

    def _fault(self, op: Op) -> None:
        about: dict[str, Any] = op.value if isinstance(op.value, dict) else {}
        by = 1 if op.f == "fault-begin" else -1
        odd = about.get("action") in _ODD
        named = _nodes(about)
        for name in touched_by_fault(op, self.paths):
            path = self.paths[name]
            path.faults = max(0, path.faults + by)
            path.touched_ns = path.faulted_ns = op.time_ns
            if odd and name in named:
                path.odd, path.odd_ns = max(0, path.odd + by), op.time_ns

    def _of_client(self, path: Path, op: Op) -> None:
        path.touched_ns = op.time_ns
        if op.f == "started":
            path.registered, path.odd_ns = False, op.time_ns
        elif op.f == "link":
            state = op.value.get("state") if isinstance(op.value, dict) else None
            path.registered = state == "registered"
            if state in ("closed", "suspended"):
                path.lost_ns = op.time_ns


def touched_by_fault(op: Op, clients: Iterable[str]) -> list[str]:
    """The clients on whose path a fault acts: named themselves, by a direction, or through the relay."""
    about: dict[str, Any] = op.value if isinstance(op.value, dict) else {}
    everybody = list(clients)
    directions = about.get("directions")
    named = _nodes(about)
    ends = [d.split("->") for d in directions if isinstance(d, str)] if isinstance(directions, list) else []
    if any(name not in everybody for name in named):
        return everybody
    named |= {name for pair in ends for name in pair if name in everybody}
    return [name for name in everybody if name in named] or ([] if ends or named else everybody)


def _nodes(about: dict[str, Any]) -> set[str]:
    nodes = about.get("nodes")
    return {n for n in nodes if isinstance(n, str)} if isinstance(nodes, list) else set()
