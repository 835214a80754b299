"""Whose connection is live, as far as a run can tell: what clients journal, what taps saw, which faults touched it.

A connection that stood while a fault touched its link, its client or the relay is *in doubt* after the heal: it may be
dead at one end, and nobody knows yet. The doubt ends with a new registration, with the first messages that arrive both
ways on that very connection, or when whoever sits on a dead socket must have noticed (the dead-peer time-out).

A client below L2 journals nothing of its link. Of it the wire tells when a socket opens (`register`) and is registered;
not when one ends. So what surely ends it does: a kill, the background, the relay's end, another socket of its device;
and a doubt that no message ended lasts until it must have noticed *and* registered again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from checkers.past.heard import Arrivals, Heard, Sighting
from checkers.past.ledger import Ledger, Reader
from checkers.traffic.bounds import Bounds, bounds
from checkers.traffic.merged import slack_of
from checkers.traffic.peace import touched_by_fault
from harness.history import Header, Op

JOURNALS_LINK = 2  # from this level on a client journals what becomes of its link


class Client:
    """One desktop's or mobile's connection. `live_ns`: since when it is surely live; None: it is not."""

    def __init__(self, name: str, device: str, journals: bool, arrivals: Arrivals) -> None:
        self.name, self.device, self.journals, self.arrivals = name, device, journals, arrivals
        self.live_ns: int | None = None
        self.cause: Op | None = None  # what made it live: its registration, or the heal of a fault it outlived
        self.faults = 0  # that touch it now
        self.opened: int | None = None  # its newest socket, as the wire saw it
        self.away = False  # sent to the background, and not back yet
        self.ended_ns = -1  # when its process, or the relay's, was last known to end
        self.touched_ns = -1  # when a fault that touches it last began or healed

    @property
    def heard_of(self) -> bool:
        """Does anything tell that it ever had a connection?"""
        return self.live_ns is not None or bool(self.arrivals.registrations)


class Connections:
    """Feed it ops. `heard` is what the taps of the whole history tell; `touched(op)` names the clients whose path an op
    changes."""

    FEEDS = frozenset({"link", "started", "fault-begin", "fault-heal", "background", "foreground"})

    def __init__(self, header: Header, bounds: Bounds) -> None:
        self._bounds, self._slack_ns = bounds, slack_of(header)
        self._heard = Heard(header)
        self._shown = 0  # sightings that somebody has seen
        self.clients: dict[str, Client] = {}
        for name, node in header.nodes.items():
            if node.get("role") in ("desktop", "mobile"):
                level = node.get("level")
                journals = isinstance(level, int) and level >= JOURNALS_LINK
                device = str(node.get("device_id") or name).lower()
                self.clients[name] = Client(name, device, journals, self._heard.of[name])
        self._silent = [client for client in self.clients.values() if not client.journals]
        self._active: dict[tuple[str, int], list[str]] = {}

    def listens(self, heard: Heard) -> None:
        """What taps tell stands there."""
        self._heard = heard
        for client in self.clients.values():
            client.arrivals = heard.of[client.name]

    @property
    def known(self) -> bool:
        """Does anything tell which connections are live?"""
        return self._heard.tapped or not self._silent

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
                self.clients[name].touched_ns = op.time_ns
                if _value(op).get("action") == "kill":
                    self._ended(self.clients[name], op)
        elif op.f == "fault-heal":
            for name in self._active.pop(_occurrence(op), []):
                self.clients[name].faults -= 1
            for name in self._touched_by_fault(op):
                self.clients[name].touched_ns = op.time_ns
                self._doubt(self.clients[name], op)
        elif op.node in self.clients:
            self._of_client(self.clients[op.node], op)
        elif op.f == "started":
            for client in self._silent:
                self._ended(client, op)

    def _of_client(self, client: Client, op: Op) -> None:
        if op.f == "link":
            state = _value(op).get("state")
            if state == "registered":
                client.live_ns, client.cause = op.time_ns, op
                told_ns = client.arrivals.registered_ns(op.time_ns)
                if told_ns is not None and told_ns + self._slack_ns < client.touched_ns:  # read late: it was paused
                    self._doubt(client, op)
            elif state in ("closed", "suspended", "connecting"):
                client.live_ns = None
        elif op.f == "background":
            client.away = op.type != "fail"
            client.live_ns = client.live_ns if op.type == "invoke" else None
        elif op.f == "foreground":
            client.away = False
        elif op.f == "started":
            client.away = False
            if client.journals:
                client.live_ns = None
            else:
                self._ended(client, op)

    def _ended(self, client: Client, op: Op) -> None:
        """Its process, or the relay's, ends or is another one; who registered since the kill is with the new one."""
        if client.journals:
            return  # it says so itself
        since_the_kill = client.live_ns is not None and 0 <= client.ended_ns < client.live_ns
        if op.f == "fault-begin" or not since_the_kill:
            client.live_ns = None
        if op.f == "fault-begin":
            client.ended_ns = op.time_ns

    def due(self, time_ns: int) -> list[Sighting]:
        """What the wire saw up to a time of clients that journal nothing. Whoever asks tells `sees`, one by one."""
        sightings, begin = self._heard.sightings, self._shown
        if not self._silent or begin == len(sightings) or sightings[begin].time_ns > time_ns:
            return []
        self._shown = bisect_right(sightings, time_ns, begin, key=lambda sighting: sighting.time_ns)
        return [each for each in sightings[begin : self._shown] if not self.clients[each.name].journals]

    def alike(self, sighting: Sighting) -> Iterator[str]:
        """The clients whose connection a sighting may change: all that are of its device."""
        device = self.clients[sighting.name].device
        return (name for name, client in self.clients.items() if client.device == device)

    def sees(self, sighting: Sighting) -> None:
        client = self.clients[sighting.name]
        if sighting.registered:
            late = client.opened is not None and sighting.conn < client.opened
            if not client.away and not late:  # it has turned its back on a socket that is told so only now
                client.live_ns, client.opened = sighting.time_ns, sighting.conn
                self._replaced(client)
        elif sighting.conn != client.opened:
            client.live_ns, client.opened = None, sighting.conn

    def _replaced(self, newest: Client) -> None:
        """The relay keeps one connection of a device; the other ends."""
        for client in self._silent:
            if client is not newest and client.device == newest.device:
                client.live_ns = None

    def _doubt(self, client: Client, op: Op) -> None:
        """A fault that touched this connection has healed by now."""
        if client.live_ns is None:
            return
        noticed_ns = self._bounds.dead_peer_ns if client.journals else self._bounds.registered_ns
        latest_ns = op.time_ns + noticed_ns
        alive_ns = client.arrivals.alive_from(op.time_ns)
        client.live_ns = max(client.live_ns, min(latest_ns, latest_ns if alive_ns is None else alive_ns))
        client.cause = op

    def _touched_by_fault(self, op: Op) -> Iterable[str]:
        return touched_by_fault(op, self.clients)


class OverConnections(Reader):
    """Base of judges that ask whose connection is live. Both are None when the header does not say all timers."""

    def __init__(self, header: Header) -> None:
        self._bounds = bounds(header)
        self._connections = Connections(header, self._bounds) if self._bounds is not None else None

    def reads(self, ledger: Ledger) -> None:
        super().reads(ledger)
        if self._connections is not None:
            self._connections.listens(ledger.heard)


def _value(op: Op) -> dict[str, Any]:
    return op.value if isinstance(op.value, dict) else {}


def _occurrence(op: Op) -> tuple[str, int]:
    about = _value(op)
    index = about.get("occurrence")
    return str(about.get("fault")), index if isinstance(index, int) else 0
