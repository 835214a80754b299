"""A gap tells how many events were dropped since the one before it, and at least one was."""

from __future__ import annotations

import sys
from collections import Counter

from checkers.traffic.merged import who_chose
from harness.history import Header, Tap

GAP = "sync:gap"  # its name is how many events were lost
_ANY = "transport.delivery-order"  # who chooses it lets a later event overtake a gap

_Way = tuple[str, int]  # link, connection
_Event = tuple[str, str]  # type, name


class Gaps:
    """`came` is told of every event that a desktop's connection brings to the relay; `registered` of every connection
    that the relay grants; `left` of every event that leaves it, `told` of every gap. What is between two events of one
    source that leave is lost, unless it left before."""

    def __init__(self, header: Header) -> None:
        self._ordered = not who_chose(header, _ANY)
        self._brought: dict[_Way, list[_Event]] = {}
        self._place: dict[_Event, tuple[_Way, int]] = {}  # where it came first
        self._before: dict[_Way, dict[_Way, int]] = {}  # to → how many each had brought when it was registered
        self._passed: dict[tuple[_Way, _Way], int] = {}  # (to, from) → how many of them are left or lost
        self._left: dict[_Way, set[_Event]] = {}
        self._lost: Counter[_Way] = Counter()
        self._told: dict[_Way, int] = {}

    def came(self, tap: Tap) -> None:
        event, source = (tap.type, str(tap.msg)), (tap.link, tap.conn)
        brought = self._brought.setdefault(source, [])
        if self._place.setdefault(event, (source, len(brought))) == (source, len(brought)):
            brought.append(event)

    def registered(self, tap: Tap) -> None:
        self._before[tap.link, tap.conn] = {source: len(brought) for source, brought in self._brought.items()}

    def told(self, tap: Tap) -> str | None:
        """What is wrong with the gap by itself. One that names no number is not judged, nor is its connection."""
        to = (tap.link, tap.conn)
        if tap.msg is None:
            self._told[to] = sys.maxsize
            return None
        count = int(tap.msg) if tap.msg.isascii() and tap.msg.isdigit() and len(tap.msg) < 16 else 0
        self._told[to] = self._told.get(to, 0) + count
        return None if count else f"that “{tap.msg[:16]}” events were lost"

    def left(self, tap: Tap) -> str | None:
        """What the gaps on this connection have told too little, as far as this event shows it; once each."""
        event, to = (tap.type, str(tap.msg)), (tap.link, tap.conn)
        sent = self._left.setdefault(to, set())
        if event in sent or event not in self._place or not self._ordered:
            sent.add(event)
            return None
        sent.add(event)
        source, place = self._place[event]
        before = self._before.get(to, {}).get(source, 0)  # was not for it, though a late copy of that may leave
        since = self._passed.get((to, source), max(place, before))
        self._lost[to] += sum(one not in sent for one in self._brought[source][since:place])
        self._passed[to, source] = max(since, place + 1)
        told, lost = self._told.get(to), self._lost[to]
        if told is None or told >= lost:
            return None
        self._told[to] = lost
        return f"that {told} events were lost, when {lost} were"
