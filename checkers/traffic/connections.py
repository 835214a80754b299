"""Whose connection is live, as far as a run can tell: what clients journal, what taps saw, which faults touched it.

A connection that stood while a fault touched its link, its client or the relay is *in doubt* after the heal: it may be
dead at one end, and nobody knows yet. The doubt ends with a new registration, with the first messages that arrive both
ways on that very connection, or when whoever sits on a dead socket must have noticed (the dead-peer time-out).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from checkers.past.ledger import Reader
from checkers.traffic.bounds import Bounds, bounds
from harness.history import Header, Op, Tap

JOURNALS_LINK = 2  # from this level on a client journals what becomes of its link


class Arrivals:
    """What taps tell of one client: messages that came out of each direction, on which connection, and when."""

    __slots__ = ("conns", "gaps", "late", "registrations", "times")

    def __init__(self) -> None:
        self.times = {True: array("q"), False: array("q")}  # upstream: to the relay
        self.conns = {True: array("q"), False: array("q")}
        self.registrations: list[tuple[int, int]] = []  # (time, connection): `registered` reached the client
        self.gaps = array("q")  # times at which `sync:gap` reached it
        self.late: list[tuple[int, int]] = []  # (time, the longest answer to a call so far), growing

    def connection_at(self, time_ns: int) -> int | None:
        at = bisect_right(self.registrations, time_ns, key=lambda item: item[0])
        return self.registrations[at - 1][1] if at else None

    def alive_from(self, time_ns: int) -> int | None:
        """When, from `time_ns` on, messages had arrived both ways on the connection of that time; None: never."""
        conn = self.connection_at(time_ns)
        found = [self._first(up, time_ns, conn) for up in (True, False)]
        return max(found) if conn is not None and -1 not in found else None

    def _first(self, upstream: bool, time_ns: int, conn: int | None) -> int:
        times, conns = self.times[upstream], self.conns[upstream]
        for at in range(bisect_left(times, time_ns), len(times)):
            if conns[at] == conn:
                return times[at]
        return -1

    def longest_answer_ns(self, until_ns: int) -> int:
        at = bisect_right(self.late, until_ns, key=lambda item: item[0])
        return self.late[at - 1][1] if at else 0

    def last_gap_ns(self, until_ns: int) -> int | None:
        at = bisect_right(self.gaps, until_ns)
        return self.gaps[at - 1] if at else None


class Client:
    """One desktop's or mobile's connection. `live_ns`: since when it is surely live; None: it is not."""

    def __init__(self, name: str, journals: bool, arrivals: Arrivals) -> None:
        self.name, self.journals, self.arrivals = name, journals, arrivals
        self.live_ns: int | None = None
        self.cause: Op | None = None  # what made it live: its registration, or the heal of a fault it outlived
        self.faults = 0  # that touch it now
        self.told = 0  # of its registrations on the wire, those that were looked at

    @property
    def heard_of(self) -> bool:
        """Does anything tell that it ever had a connection?"""
        return self.live_ns is not None or bool(self.arrivals.registrations)


class Connections:
    """Feed it taps first, then ops. `touched(op)` names the clients whose path an op changes."""

    FEEDS = frozenset({"link", "started", "fault-begin", "fault-heal", "background"})

    def __init__(self, header: Header, bounds: Bounds) -> None:
        self._bounds = bounds
        self.tapped = False
        self._relay = next((n for n, node in header.nodes.items() if node.get("role") == "relay"), "relay")
        self.clients: dict[str, Client] = {}
        for name, node in header.nodes.items():
            if node.get("role") in ("desktop", "mobile"):
                level = node.get("level")
                journals = isinstance(level, int) and level >= JOURNALS_LINK
                self.clients[name] = Client(name, journals, Arrivals())
        self._silent = [client for client in self.clients.values() if not client.journals]
        self._asked: dict[tuple[str, str], int] = {}
        self._active: dict[tuple[str, int], list[str]] = {}

    # ---- the wire -------------------------------------------------------------------------------------------------

    def tap(self, tap: Tap) -> None:
        self.tapped = True
        source, _, sink = tap.link.partition("->")
        upstream = sink == self._relay
        client = self.clients.get(source if upstream else sink)
        if client is None:
            return
        seen = client.arrivals
        if tap.side == "in":
            if upstream and tap.msg is not None and tap.type.startswith("rpc:"):
                self._asked.setdefault((client.name, tap.msg), tap.time_ns)
            return
        seen.times[upstream].append(tap.time_ns)
        seen.conns[upstream].append(tap.conn)
        if not upstream:
            self._delivered(client, tap)

    def _delivered(self, client: Client, tap: Tap) -> None:
        seen = client.arrivals
        if tap.type in ("registered", "resumed"):
            seen.registrations.append((tap.time_ns, tap.conn))
        elif tap.type == "sync:gap":
            seen.gaps.append(tap.time_ns)
        elif tap.type == "rpc-reply" and tap.msg is not None:
            asked_ns = self._asked.get((client.name, tap.msg))
            took_ns = tap.time_ns - asked_ns if asked_ns is not None else 0
            if took_ns > (seen.late[-1][1] if seen.late else 0):
                seen.late.append((tap.time_ns, took_ns))

    # ---- ops ------------------------------------------------------------------------------------------------------

    @property
    def known(self) -> bool:
        """Does anything tell which connections are live?"""
        return self.tapped or not self._silent

    def touched(self, op: Op) -> Iterable[str]:
        """The clients whose path this op changes, `relay` standing for all of them."""
        if op.f in ("fault-begin", "fault-heal"):
            return self._touched_by_fault(op)
        if op.f == "started" and op.node is not None and op.node not in self.clients:
            return list(self.clients)
        return [op.node] if op.node is not None and op.node in self.clients else []

    def feed(self, op: Op) -> None:
        if op.f == "fault-begin":
            names = list(self._touched_by_fault(op))
            self._active[_occurrence(op)] = names
            for name in names:
                self.clients[name].faults += 1
        elif op.f == "fault-heal":
            for name in self._active.pop(_occurrence(op), []):
                self.clients[name].faults -= 1
            for name in self._touched_by_fault(op):
                self._doubt(self.clients[name], op)
        elif op.node in self.clients:
            self._of_client(self.clients[op.node], op)

    def _of_client(self, client: Client, op: Op) -> None:
        value = op.value if isinstance(op.value, dict) else {}
        if op.f == "link":
            state = value.get("state")
            if state == "registered":
                client.live_ns, client.cause = op.time_ns, op
            elif state in ("closed", "suspended", "connecting"):
                client.live_ns = None
        elif op.f == "started" or (op.f == "background" and op.type != "invoke"):
            client.live_ns = None

    def due(self, time_ns: int) -> Iterator[tuple[str, int]]:
        """Registrations, up to a time, of clients that journal none: as the wire saw them. The caller `registers`."""
        for client in self._silent:
            registrations = client.arrivals.registrations
            while client.told < len(registrations) and registrations[client.told][0] <= time_ns:
                client.told += 1
                yield client.name, registrations[client.told - 1][0]

    def registers(self, name: str, time_ns: int) -> None:
        self.clients[name].live_ns = time_ns

    def _doubt(self, client: Client, op: Op) -> None:
        """A fault that touched this connection has healed."""
        if client.live_ns is None:
            return
        latest_ns = op.time_ns + self._bounds.dead_peer_ns
        alive_ns = client.arrivals.alive_from(op.time_ns)
        client.live_ns = max(client.live_ns, min(latest_ns, latest_ns if alive_ns is None else alive_ns))
        client.cause = op

    def _touched_by_fault(self, op: Op) -> Iterable[str]:
        about: dict[str, Any] = op.value if isinstance(op.value, dict) else {}
        nodes, directions = about.get("nodes"), about.get("directions")
        named = {n for n in nodes if isinstance(n, str)} if isinstance(nodes, list) else set()
        ends = [d.split("->") for d in directions if isinstance(d, str)] if isinstance(directions, list) else []
        if any(name not in self.clients for name in named):
            return list(self.clients)
        named |= {name for pair in ends for name in pair if name in self.clients}
        return [name for name in self.clients if name in named] or ([] if ends or named else list(self.clients))


class OverConnections(Reader):
    """Base of judges that ask whose connection is live. Both are None when the header does not say all timers."""

    def __init__(self, header: Header) -> None:
        self._bounds = bounds(header)
        self._connections = Connections(header, self._bounds) if self._bounds is not None else None

    def tap(self, tap: Tap) -> None:
        if self._connections is not None:
            self._connections.tap(tap)


def _occurrence(op: Op) -> tuple[str, int]:
    about = op.value if isinstance(op.value, dict) else {}
    index = about.get("occurrence")
    return str(about.get("fault")), index if isinstance(index, int) else 0
