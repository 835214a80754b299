"""What taps tell of every client: the messages that came out at each end of its link, on which connection, and when.

The ledger hears each tap once, for all judges.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from harness.history import Header, Tap


class Arrivals:
    """Messages that came out of each direction of one client's link."""

    __slots__ = ("conns", "gaps", "late", "registrations", "times")

    def __init__(self) -> None:
        self.times = {True: array("q"), False: array("q")}  # upstream: to the relay
        self.conns = {True: array("q"), False: array("q")}
        self.registrations: list[tuple[int, int]] = []  # (time, connection): `registered` reached the client
        self.gaps = array("q")  # times at which `sync:gap` reached it
        self.late: list[tuple[int, int]] = []  # (time, the longest answer to a call so far), growing

    def connection_at(self, time_ns: int) -> int | None:
        registration = self._registration(time_ns)
        return registration[1] if registration is not None else None

    def registered_ns(self, time_ns: int) -> int | None:
        """When the last registration up to `time_ns` had reached it."""
        registration = self._registration(time_ns)
        return registration[0] if registration is not None else None

    def _registration(self, time_ns: int) -> tuple[int, int] | None:
        at = bisect_right(self.registrations, time_ns, key=lambda item: item[0])
        return self.registrations[at - 1] if at else None

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


@dataclass(frozen=True, slots=True)
class Sighting:
    """A socket of a client, as the wire saw it: it asks to be registered, or is."""

    name: str
    time_ns: int
    conn: int
    registered: bool


class Heard:
    """`of` are the clients' arrivals, by name; `sightings` their sockets, in the order of time."""

    def __init__(self, header: Header) -> None:
        self._relay = next((n for n, node in header.nodes.items() if node.get("role") == "relay"), "relay")
        self.of = {n: Arrivals() for n, node in header.nodes.items() if node.get("role") in ("desktop", "mobile")}
        self.sightings: list[Sighting] = []
        self.tapped = False
        self._asked: dict[tuple[str, str], int] = {}
        self._ends: dict[str, tuple[str, Arrivals | None, bool]] = {}  # of a link: its client, and is it upstream

    def tap(self, tap: Tap) -> None:
        self.tapped = True
        name, seen, upstream = self._ends.get(tap.link) or self._ends_of(tap.link)
        if seen is None:
            return
        if tap.side == "out":
            seen.times[upstream].append(tap.time_ns)
            seen.conns[upstream].append(tap.conn)
            if not upstream:
                self._delivered(name, seen, tap)
        elif upstream:
            self._sent(name, tap)

    def _ends_of(self, link: str) -> tuple[str, Arrivals | None, bool]:
        source, _, sink = link.partition("->")
        upstream = sink == self._relay
        name = source if upstream else sink
        found = self._ends[link] = (name, self.of.get(name), upstream)
        return found

    def _sent(self, name: str, tap: Tap) -> None:
        if tap.type == "register":
            self.sightings.append(Sighting(name, tap.time_ns, tap.conn, registered=False))
        elif tap.msg is not None and tap.type.startswith("rpc:"):
            self._asked.setdefault((name, tap.msg), tap.time_ns)

    def _delivered(self, name: str, seen: Arrivals, tap: Tap) -> None:
        if tap.type in ("registered", "resumed"):
            seen.registrations.append((tap.time_ns, tap.conn))
            self.sightings.append(Sighting(name, tap.time_ns, tap.conn, registered=True))
        elif tap.type == "sync:gap":
            seen.gaps.append(tap.time_ns)
        elif tap.type == "rpc-reply" and tap.msg is not None:
            asked_ns = self._asked.get((name, tap.msg))
            took_ns = tap.time_ns - asked_ns if asked_ns is not None else 0
            if took_ns > (seen.late[-1][1] if seen.late else 0):
                seen.late.append((tap.time_ns, took_ns))
