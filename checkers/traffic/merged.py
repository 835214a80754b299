"""What nodes journal and what the wire carries, read as one stream in time order.

Taps reach a judge before the first op; a judge of this base keeps those that it hears and is shown each when its time
has come. Of a tap and an op of one instant nobody knows which was first: `WIRE_FIRST` says which is shown first, and a
judge chooses what cannot make it accuse the innocent. Outside the simulator taps are stamped by another process, and
`slack_ns` is how far the two may be apart.
"""

from __future__ import annotations

from typing import Any, ClassVar

from checkers.past.ledger import Reader
from checkers.past.phases import Counted
from harness.history import Header, Op, Tap

SLACK_NS = 250_000_000
# Seconds, for a history whose header does not say (design constants of the protocol, unscaled).
_TIMING = {
    "coalesce_max_s": 0.25,
    "fetch_s": 5.0,
    "call_s": 30.0,
    "fetch_backoff_max_s": 5.0,
    "refresh_after_s": 5.0,
    "head_s": 10.0,
    "dead_peer_s": 60.0,
    "relay_pending_s": 45.0,
}


class Merged(Reader):
    WIRE_FIRST: ClassVar[bool] = False
    counted: Counted  # a judge sets it

    def __init__(self, header: Header) -> None:
        self.header = header
        self.slack_ns = slack_of(header)
        self._taps: list[Tap] = []
        self._at = 0

    @property
    def tapped(self) -> bool:
        """As the ledger has it."""
        return self.ledger.tapped

    def hears(self, tap: Tap) -> bool:
        """Is it worth keeping?"""
        raise NotImplementedError

    def op(self, op: Op) -> None:
        raise NotImplementedError

    def wire(self, tap: Tap) -> None:
        raise NotImplementedError

    def tap(self, tap: Tap) -> None:
        if self.hears(tap):
            if self._taps and tap.time_ns < self._taps[-1].time_ns:
                self._taps.append(tap)
                self._taps.sort(key=lambda tap: tap.time_ns)
                return
            self._taps.append(tap)

    def feed(self, op: Op) -> None:
        if self._at < len(self._taps):
            self._show(op.time_ns + self.slack_ns if self.WIRE_FIRST else op.time_ns - self.slack_ns - 1)
        self.op(op)

    def left(self) -> list[Tap]:
        """Taps that no op was late enough for."""
        return self._taps[self._at :]

    def _show(self, until_ns: int) -> None:
        while self._at < len(self._taps) and self._taps[self._at].time_ns <= until_ns:
            tap = self._taps[self._at]
            self._at += 1
            self.wire(tap)

    def count(self, n: int = 1) -> None:
        """Something was judged, now."""
        self.counted.add(self.ledger.phase, n)

    def ns(self, name: str) -> int:
        """A constant of the protocol, as scaled in this run, in nanoseconds."""
        return ns(self.header, name)


def slack_of(header: Header) -> int:
    """How far a tap's time and an op's, or two nodes' ops, may be apart from what they were."""
    return 0 if header.runtime == "sim" else SLACK_NS


def ns(header: Header, name: str) -> int:
    seconds = header.timing.get(name, _TIMING.get(name, 0.0))
    return round(seconds * 1e9) if isinstance(seconds, int | float) and abs(seconds) < 1e9 else 0


def said(op: Op) -> dict[str, Any]:
    """The fields of a journal line; none for what is no such line."""
    return op.value if isinstance(op.value, dict) else {}


def hardened_nodes(header: Header) -> dict[str, bool]:
    """Node → was it given the rules of the hardened profile?"""
    return {name: profile_of(header, name) == "hardened" for name in header.nodes}


def who_chose(header: Header, slot: str) -> set[str]:
    """The nodes that follow another variant of `slot` than the usual one, whichever; named with or without it."""
    chosen = any(word.partition("=")[0] == slot for word in header.with_)
    return {name for name, node in header.nodes.items() if chosen or slot in node.get("policies", {})}


def profile_of(header: Header, node: str) -> str:
    """The rules that a node was given: its own, else the run's."""
    own = header.nodes.get(node, {}).get("profile")
    return own if isinstance(own, str) else header.profile
