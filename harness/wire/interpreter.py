"""Between a program that speaks a dialect of its own and a link on which the words of the reference pass.

It stands at the program's end of the link, so faults meet, taps tell and checkers judge the words of the reference, and
the program at the other end, which may speak another dialect, has an interpreter of its own. A message is interpreted
when it is whole; what is none, and what the dialect cannot read, passes as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.wire.dialect import Dialect, interpreted, referred
from harness.wire.splitter import Kind, Piece, Splitter


class Interpreter:
    """One end of one connection."""

    def __init__(self, dialect: Dialect) -> None:
        self.said = Way(lambda frame: referred(dialect, frame))
        self.heard = Way(lambda frame: interpreted(dialect, frame))


class Way:
    """One direction. `translate` gives back what it cannot read, and nothing for what is to go no further."""

    def __init__(self, translate: Callable[[bytes], bytes]) -> None:
        self._translate = translate
        self._splitter = Splitter()

    def feed(self, data: bytes) -> bytes:
        """The next bytes of the stream; what they became, as far as messages are whole."""
        return b"".join([self._piece(piece) for piece in self._splitter.feed(data)])

    def drain(self) -> bytes:
        """What is there of a message that is not whole, when the stream ends."""
        return self._splitter.drain()

    def _piece(self, piece: Piece) -> bytes:
        if piece.kind is not Kind.MESSAGE or piece.compressed:
            return piece.raw
        payload = piece.payload
        translated = self._translate(payload)
        if translated == payload:
            return piece.raw
        return frame(piece.opcode, translated, masked=bool(piece.raw[1] & 0x80)) if translated else b""


def frame(opcode: int, payload: bytes, *, masked: bool) -> bytes:
    """A message in one frame (RFC 6455, section 5.2). The mask changes nothing: there is no proxy to protect here."""
    size, mask = len(payload), 0x80 if masked else 0
    if size < 126:
        head = bytes((0x80 | opcode, mask | size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, mask | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, mask | 127)) + size.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + payload
