"""Connections that a client took for dead although nothing had happened to them.

A relay that is alive pings, and a ping is a sign of life. A client whose path nothing has touched for as long as a dead
peer is given, and which gives up its connection all the same for having heard nothing, does not count what it hears.
No tap shows a ping: of a relay that journals nothing nobody knows that it does, and its clients are not blamed. A
connection over which nothing has come since a fault was dead indeed: then it was noticed too late.
"""

from __future__ import annotations

from bisect import bisect_right

from checkers.traffic.bounds import Bounds, in_words
from checkers.traffic.connections import JOURNALS_LINK, Client
from harness.history import Header, Op

DEAD_PEER = "dead peer"  # the reason by which a client journals that it gave a silent connection up
_STALLS = 3  # outside the simulator a machine under load may be silent itself; not as often as this


class GivenUp:
    def __init__(self, header: Header, bounds: Bounds) -> None:
        ping_s = header.timing.get("ping_s")
        pings = isinstance(ping_s, int | float) and 1.5e9 * ping_s <= bounds.dead_peer_ns
        levels = [node.get("level") for node in header.nodes.values() if node.get("role") == "relay"]
        self._known = pings and all(isinstance(level, int) and level >= JOURNALS_LINK for level in levels)
        self._healthy_ns = bounds.dead_peer_ns + bounds.event_ns
        self._event_ns = bounds.event_ns
        self._most = 1 if header.runtime == "sim" else _STALLS
        self._times: dict[str, list[Op]] = {}

    def closed(self, client: Client, op: Op, disturbed: Op | None) -> tuple[str, str, list[Op]] | None:
        """A client's connection ended. `disturbed`: what touched its path last. The reason that this is wrong for,
        what it did, and what proves it."""
        reason = op.value.get("reason") if isinstance(op.value, dict) else None
        if reason != DEAD_PEER or not self._known or client.faults or client.cause is None:
            return None
        since = client.cause if disturbed is None else max(client.cause, disturbed, key=lambda o: o.time_ns)
        if disturbed is not None and op.time_ns - disturbed.time_ns <= self._healthy_ns:
            return None
        if disturbed is not None and self._silent(client, disturbed.time_ns, op.time_ns):
            took = in_words(op.time_ns - disturbed.time_ns)
            what = f"noticed only {took} after the last fault that its connection was dead"
            return "noticed-late", what, [disturbed, op]
        times = self._times.setdefault(client.name, [])
        times.append(op)
        if len(times) < self._most:
            return None
        took = in_words(op.time_ns - since.time_ns)
        return "given-up", f"took its connection for dead, to which nothing had happened for {took}", [since, op]

    def _silent(self, client: Client, since_ns: int, until_ns: int) -> bool:
        """Did nothing at all come to it? Heads do, from whoever is there."""
        times = client.arrivals.times[False]
        return bool(times) and bisect_right(times, since_ns + self._event_ns) == bisect_right(times, until_ns)
