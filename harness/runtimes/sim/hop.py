"""The message layer of one direction of one connection, above the sender's kernel buffer.

It stands above that buffer because it keeps a message until it is whole: below it, a frame larger than the buffer would
wait for room that only its own departure can make.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.runtimes.sim.links import Link
from harness.runtimes.sim.taps import Watch
from harness.wire.classify import UNREADABLE, Classified
from harness.wire.splitter import Kind, Piece, Splitter

if TYPE_CHECKING:
    from harness.runtimes.sim.loop import SimLoop
    from harness.runtimes.sim.transport import Endpoint


class Hop:
    """Without rules bytes go through as they are written. Rules begin with the next message that begins."""

    __slots__ = ("_endpoint", "_late", "_link", "_loop", "_splitter", "_storing", "_watch")

    def __init__(self, loop: SimLoop, link: Link, watch: Watch, endpoint: Endpoint) -> None:
        self._loop, self._link, self._watch, self._endpoint = loop, link, watch, endpoint
        self._splitter = Splitter()
        self._storing = False
        self._late: list[Copy] = []

    def take(self, data: bytes) -> Sequence[bytes]:
        """The program writes `data`: what to send now."""
        splitter = self._splitter
        if splitter.whole:
            self._storing = bool(self._link.rules)
        pieces = splitter.feed(data)
        if not self._storing:
            for piece in pieces:
                if piece.kind is Kind.MESSAGE:
                    self._watch.sent(piece)
            return (data, *self._overdue()) if self._late and splitter.whole else (data,)
        now: list[bytes] = []
        for piece in pieces:
            now.append(piece.raw)
            if piece.kind is Kind.MESSAGE:
                now.extend(self._copies(piece, self._watch.sent(piece)))
        return now

    def drain(self) -> bytes:
        """What is kept of an unfinished message, when the stream ends."""
        rest = self._splitter.drain()
        return rest if self._storing else b""

    def _copies(self, piece: Piece, seen: Classified) -> list[bytes]:
        """Copies that are due at once; later ones get a timer."""
        at_once: list[bytes] = []
        for delay_ns, raw in self._link.rules.decide(piece, seen.type)[1:]:
            copy = Copy(self, raw, piece.payload, seen)
            if delay_ns:
                self._loop.at_ns(self._loop.now_ns + delay_ns, copy)
            else:
                self._watch.again(raw, copy.payload, seen)
                at_once.append(raw)
        return at_once

    def insert(self, copy: Copy) -> None:
        """A copy is due. It waits while another message is half sent, and is dropped once the stream has ended."""
        if not self._endpoint.sends:
            return
        if self._splitter.whole or self._storing:
            self._watch.again(copy.raw, copy.payload, copy.seen)
            self._endpoint.push(copy.raw)
        else:
            self._late.append(copy)

    def _overdue(self) -> list[bytes]:
        late, self._late = self._late, []
        for copy in late:
            self._watch.again(copy.raw, copy.payload, copy.seen)
        return [copy.raw for copy in late]


class Copy:
    """A further copy of a message, waiting for its time."""

    __slots__ = ("_hop", "payload", "raw", "seen")

    def __init__(self, hop: Hop, raw: bytes, payload: bytes, seen: Classified = UNREADABLE) -> None:
        self._hop = hop
        self.raw, self.payload, self.seen = raw, payload, seen

    def due(self) -> None:
        self._hop.insert(self)
