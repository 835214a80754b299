"""A relay hands on the events of one connection in the order in which they came."""

from __future__ import annotations

from collections import Counter

from checkers.traffic.merged import who_chose
from harness.history import Header, Tap

_ANY = "transport.delivery-order"  # who chooses it promises no order


class Ordering:
    """`came` is told of every event that reaches the relay, `is_late` of every one that leaves it."""

    def __init__(self, header: Header) -> None:
        self._promised = not who_chose(header, _ANY)
        self._numbers: Counter[tuple[str, int]] = Counter()  # (link, connection) → events so far
        self._came: dict[tuple[str, str], list[tuple[tuple[str, int], int]]] = {}  # event → where, as which of them
        self._reached: dict[tuple[tuple[str, int], tuple[str, int]], int] = {}  # (to, from) → the last that was sent

    def came(self, tap: Tap) -> None:
        source = (tap.link, tap.conn)
        self._numbers[source] += 1
        self._came.setdefault((tap.type, str(tap.msg)), []).append((source, self._numbers[source]))

    def is_late(self, tap: Tap) -> bool:
        """Did one that came after it, over the same connection, leave before it? A copy may come later."""
        to = (tap.link, tap.conn)
        copies = self._came.get((tap.type, str(tap.msg)), ())
        in_time = [(source, n) for source, n in copies if n >= self._reached.get((to, source), 0)]
        if not in_time:
            return self._promised and bool(copies)
        source, n = in_time[0]
        self._reached[to, source] = n
        return False
