"""The relay lets go of a connection whose client has gone: at the latest when a dead peer would be noticed.

Until then it sends to nobody, fails no call that nobody will answer, and tells nobody that the client is away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from checkers.duties.clients.sockets import Wrong
from checkers.traffic.bounds import Bounds
from checkers.traffic.merged import said
from checkers.traffic.peace import touched_by_fault
from harness.history import Header, Op

_KEEPS_NOTHING = ("reconnect", "kill")  # what is on its way does not arrive later than it would


class Held:
    """Fed every op; `due` says at each of them who has been held for too long."""

    def __init__(self, header: Header, limits: Bounds, slack_ns: int) -> None:
        self._within_ns = limits.dead_peer_ns + limits.event_ns + slack_ns
        self._clients = [name for name, node in header.nodes.items() if node.get("role") in ("desktop", "mobile")]
        self._late: Counter[str] = Counter()  # client → faults on its path that keep what is on its way
        self._late_ns: dict[str, int] = {}
        self._relays = {name for name, node in header.nodes.items() if node.get("role") == "relay"}
        devices: dict[str, list[str]] = {}
        for name, node in header.nodes.items():
            if node.get("device_id"):
                devices.setdefault(str(node["device_id"]).lower(), []).append(name)
        self._nodes = {device: names[0] for device, names in devices.items() if len(names) == 1}
        self._held: dict[str, tuple[int, Op]] = {}  # client → the relay's number of its connection, and since when
        self._gone: dict[str, Op] = {}  # client → what ended its connection
        self._relay_ill, self._relay_ns = 0, -1

    def op(self, op: Op) -> None:
        line = said(op)
        if op.f == "conn":
            self._conn(op, line)
        elif op.f == "link" and op.node is not None:
            if line.get("state") == "registered":
                self._gone.pop(op.node, None)
            elif line.get("state") in ("closed", "suspended"):
                self._gone.setdefault(op.node, op)
        elif op.f == "started" and op.node in self._relays:
            self._held.clear()
        elif op.f in ("fault-begin", "fault-heal"):
            self._fault(op, line)

    def _fault(self, op: Op, line: dict[str, object]) -> None:
        by = 1 if op.f == "fault-begin" else -1
        for name in touched_by_fault(op, self._clients) if line.get("action") not in _KEEPS_NOTHING else ():
            self._late[name] = max(0, self._late[name] + by)
            self._late_ns[name] = op.time_ns
        nodes = line.get("nodes")
        named = [name for name in nodes if isinstance(name, str)] if isinstance(nodes, list) else []
        if not self._relays.isdisjoint(named):
            self._relay_ill = max(0, self._relay_ill + by)
            self._relay_ns = op.time_ns
        if op.f == "fault-begin" and line.get("action") == "kill":
            for name in named:
                self._gone.setdefault(name, op)

    def _conn(self, op: Op, line: dict[str, object]) -> None:
        name, number = self._nodes.get(str(line.get("device")).lower()), line.get("conn")
        if name is None or not isinstance(number, int):
            return
        if line.get("state") == "registered":
            self._held[name] = (number, op)
        elif name in self._held and self._held[name][0] == number:
            del self._held[name]

    def due(self, now_ns: int) -> Iterator[Wrong]:
        for name, gone in list(self._gone.items()):
            held = self._held.get(name)
            if held is None or self._late[name] or self._relay_ill or held[1].time_ns > gone.time_ns:
                continue
            since_ns = max(gone.time_ns, self._late_ns.get(name, 0), self._relay_ns)
            if now_ns - since_ns > self._within_ns:
                del self._held[name]
                later_s = (now_ns - gone.time_ns) / 1e9
                what = f"was gone, and {later_s:.1f} s later the relay had not let go of its connection"
                yield Wrong("held-on", name, gone, what, (held[1], gone))
