"""The message layer of one direction of one connection, above the sender's kernel buffer.

It stands above that buffer because it keeps a message until it is whole: below it, a frame larger than the buffer would
wait for room that only its own departure can make.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.runtimes.sim.kernel.loop import SimLoop
from harness.runtimes.sim.net.links import Link
from harness.runtimes.sim.net.pipe import Pipe
from harness.runtimes.sim.net.taps import Watch
from harness.wire.hop_stream import without_compression
from harness.wire.lane import Lane, Message
from harness.wire.rules import COMPRESSED, GARBAGE
from harness.wire.splitter import CLOSE, Kind, Piece, Splitter


class Writes(Protocol):
    """The end of the connection whose program writes."""

    outgoing: Pipe

    @property
    def sends(self) -> bool: ...

    def push(self, data: bytes) -> None: ...


class Hop:
    """Without rules bytes go through as they are written. Rules begin with the next message that begins."""

    __slots__ = ("_endpoint", "_lane", "_link", "_loop", "_now", "_splitter", "_storing", "_watch")

    def __init__(self, loop: SimLoop, link: Link, watch: Watch, endpoint: Writes) -> None:
        self._loop, self._link, self._watch, self._endpoint = loop, link, watch, endpoint
        self._splitter = Splitter()
        self._lane = Lane(link.rules, self)
        self._storing = False
        self._now: list[bytes] | None = None  # while the program writes: what goes out now

    def take(self, data: bytes) -> Sequence[bytes]:
        """The program writes `data`: what to send now."""
        splitter = self._splitter
        if splitter.whole:  # a request is kept until its head is whole: an offer of compression is struck from it
            self._storing = bool(self._link.rules) or (not splitter.begun and data.startswith(b"GET "))
        pieces = splitter.feed(data)
        if not self._storing:
            for piece in pieces:
                if piece.kind is Kind.MESSAGE:
                    self._watch.put(piece.raw, *self._watch.sent(piece))
                elif piece.kind is Kind.OPAQUE:
                    self._unreadable()
            return (data,)
        now = self._now = []
        for piece in pieces:
            self._pass(piece)
        self._now = None
        return now

    def drain(self) -> bytes:
        """The stream ends, and what the rules keep with it. What is there of an unfinished message goes on."""
        self._lane.end()
        rest = self._splitter.drain()
        return rest if self._storing else b""

    def _pass(self, piece: Piece) -> None:
        assert self._now is not None
        if piece.kind is Kind.MESSAGE:
            payload, what = self._watch.sent(piece)
            if not piece.compressed:
                self._lane.offer(piece.raw, what, (payload, what))
                return
            self._link.rules.blind(f"{self._link.name}: {COMPRESSED}")
            self._watch.put(piece.raw, payload, what)
        elif piece.kind is Kind.OPAQUE:
            self._unreadable()
        elif piece.opcode == CLOSE:
            self._lane.end()
        self._now.append(without_compression(piece.raw) if piece.opens else piece.raw)

    def _unreadable(self) -> None:
        """Bytes that are no WebSocket; of one that never was (plain HTTP) there is nothing to say."""
        if self._splitter.problem is not None:
            self._lane.flush()
            self._link.rules.blind(f"{self._link.name}: {GARBAGE}: {self._splitter.problem}")

    # ---- what its lane needs --------------------------------------------------------------------------------------

    def emit(self, message: Message) -> None:
        self._watch.put(message.raw, *message.tag)
        if self._now is not None:
            self._now.append(message.raw)
        else:
            self._endpoint.push(message.raw)

    def wake(self, at_ns: int) -> None:
        self._loop.at_ns(at_ns, self)

    def due(self) -> None:
        self._lane.due()

    def now_ns(self) -> int:
        return self._loop.now_ns

    def alive(self) -> bool:
        pipe = self._endpoint.outgoing
        return self._endpoint.sends and not pipe.silent and not pipe.cut
