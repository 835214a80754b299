"""WebSocket messages in a byte stream, sans I/O: bytes in, pieces out.

One `Splitter` follows one direction of one connection from its first byte: the head of the HTTP upgrade, then frames
(RFC 6455, section 5.2). The raw bytes of the pieces are the bytes that came in, each exactly once. They come in stream
order but for control frames between the fragments of a message, which come before that message (section 5.4 allows
them there, so a copy of the stream made of pieces is still the same stream). What is no WebSocket passes unread.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

try:
    from websockets.speedups import apply_mask  # in C: most of what a long message costs here
except ImportError:  # a platform without a wheel
    from websockets.utils import apply_mask

HEAD_CAP_BYTES: Final = 64 * 1024  # a longer HTTP head is none
FRAME_CAP_BYTES: Final = 64 * 1024 * 1024  # a longer frame is noise that happens to parse

_HEAD_END = b"\r\n\r\n"
CLOSE: Final = 0x8  # opcode: nothing but control frames may follow it
_CONTINUATION, _TEXT, _BINARY, _PING, _PONG = 0x0, 0x1, 0x2, 0x9, 0xA
_DATA = frozenset({_CONTINUATION, _TEXT, _BINARY})
_CONTROL = frozenset({CLOSE, _PING, _PONG})


class Kind(Enum):
    HEAD = "head"  # an HTTP head that opens a WebSocket
    MESSAGE = "message"
    CONTROL = "control"
    OPAQUE = "opaque"  # anything else


class Piece:
    """Bytes that belong together. `payload` is unmasked when asked for; `compressed` ones cannot be read or copied."""

    __slots__ = ("_frames", "compressed", "kind", "opcode", "raw")

    def __init__(
        self, kind: Kind, raw: bytes, opcode: int = 0, frames: tuple[bytes, ...] = (), compressed: bool = False
    ) -> None:
        self.kind = kind
        self.raw = raw
        self.opcode = opcode
        self.compressed = compressed
        self._frames = frames

    @property
    def payload(self) -> bytes:
        return b"".join([frame_payload(frame) for frame in self._frames])

    @property
    def opens(self) -> bool:
        """Is it the request for a WebSocket?"""
        return self.kind is Kind.HEAD and not self.raw.startswith(b"HTTP/1.")

    def __repr__(self) -> str:
        return f"<Piece {self.kind.value} opcode={self.opcode} {len(self.raw)} bytes>"


def frame_payload(frame: bytes) -> bytes:
    """The payload of one whole frame, unmasked."""
    length, at = frame[1] & 0x7F, 2
    at += 8 if length == 127 else 2 if length == 126 else 0
    if not frame[1] & 0x80:
        return frame[at:]
    return apply_mask(frame[at + 4 :], frame[at : at + 4])


class _Garbage(Exception):
    """Bytes that are no WebSocket; the message says why."""


class Splitter:
    """`problem` says why a stream became opaque; None while it is not, or when it never claimed to be a WebSocket."""

    __slots__ = ("_ahead", "_fragments", "_in_frames", "_need", "_opaque", "_rest", "problem")

    def __init__(self) -> None:
        self.problem: str | None = None
        self._rest = bytearray()  # of a head or frame that is not whole yet
        self._need = 0  # bytes of it to wait for before looking again
        self._fragments: list[bytes] = []
        self._ahead = 0
        self._in_frames = False
        self._opaque = False

    @property
    def whole(self) -> bool:
        """Is the stream between two pieces?"""
        return not self._rest and not self._fragments

    @property
    def begun(self) -> bool:
        """Is the head of the stream behind us, or is it known to have none?"""
        return self._in_frames or self._opaque

    @property
    def opaque(self) -> bool:
        return self._opaque

    def feed(self, data: bytes) -> list[Piece]:
        """Take the next bytes of the stream; return what became whole."""
        if self._opaque:
            return [Piece(Kind.OPAQUE, data)]
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return []
            data = bytes(self._rest)
            self._rest.clear()
        pieces: list[Piece] = []
        at = 0
        try:
            if not self._in_frames:
                at = self._head(data, pieces)
            if self._in_frames:
                at = self._frames(data, at, pieces)
        except _Garbage as exc:
            self._give_up(str(exc), data[self._ahead :], pieces)
            return pieces
        if self._opaque:
            if at < len(data):
                pieces.append(Piece(Kind.OPAQUE, data[at:]))
        elif at < len(data):
            self._rest += data[at:] if at else data
        return pieces

    def drain(self) -> bytes:
        """Give away what is kept of a piece that is not whole, when the stream ends."""
        rest = b"".join(self._fragments) + bytes(self._rest)
        self._fragments.clear()
        self._rest.clear()
        return rest

    # ---- HTTP -----------------------------------------------------------------------------------------------------

    def _head(self, data: bytes, pieces: list[Piece]) -> int:
        """Read the head; return where it ends (0: not whole yet)."""
        self._ahead = 0
        if not _may_be_http(data):
            raise _Garbage("the stream does not begin with an HTTP request or response")
        end = data.find(_HEAD_END)
        if end < 0:
            if len(data) > HEAD_CAP_BYTES:
                raise _Garbage(f"an HTTP head of more than {HEAD_CAP_BYTES} bytes")
            self._need = len(data) + 1
            return 0
        end += len(_HEAD_END)
        self._in_frames = _upgrades(data[:end])
        self._opaque = not self._in_frames
        pieces.append(Piece(Kind.HEAD if self._in_frames else Kind.OPAQUE, data[:end]))
        return end

    # ---- frames ---------------------------------------------------------------------------------------------------

    def _frames(self, data: bytes, at: int, pieces: list[Piece]) -> int:
        """Read whole frames from `at`; return where the first one begins that is not whole."""
        size = len(data)
        while True:
            self._ahead = at
            left = size - at
            if left < 2:
                self._need = 2
                return at
            second = data[at + 1]
            length = second & 0x7F
            header = 2
            if length > 125:
                header += 2 if length == 126 else 8
                if left < header:
                    self._check(data[at], length)
                    self._need = header
                    return at
                length = int.from_bytes(data[at + 2 : at + header], "big")
            self._check(data[at], length)
            total = header + length + (4 if second & 0x80 else 0)
            if left < total:
                self._need = total
                return at
            frame = data if total == size else data[at : at + total]
            at += total
            self._take(frame, pieces)

    def _check(self, first: int, length: int) -> None:
        """Raises `_Garbage` for what no WebSocket sends (RFC 6455, sections 5.2, 5.4 and 5.5)."""
        opcode = first & 0x0F
        if opcode in _CONTROL:
            if not first & 0x80 or length > 125 or first & 0x70:
                raise _Garbage("a control frame that is fragmented, long or compressed")
        elif opcode not in _DATA:
            raise _Garbage(f"reserved opcode {opcode}")
        elif first & 0x30 or (first & 0x40 and opcode == _CONTINUATION):
            raise _Garbage("reserved bits are set")
        elif (opcode == _CONTINUATION) != bool(self._fragments):
            raise _Garbage("a continuation of no message, or a message within a message")
        elif length > FRAME_CAP_BYTES:
            raise _Garbage(f"a frame of {length} bytes")

    def _take(self, frame: bytes, pieces: list[Piece]) -> None:
        first = frame[0]
        opcode = first & 0x0F
        if opcode >= CLOSE:
            pieces.append(Piece(Kind.CONTROL, frame, opcode, (frame,)))
        elif not first & 0x80:
            self._fragments.append(frame)
        elif self._fragments:
            frames = (*self._fragments, frame)
            self._fragments = []
            start = frames[0][0]
            pieces.append(Piece(Kind.MESSAGE, b"".join(frames), start & 0x0F, frames, bool(start & 0x40)))
        else:
            pieces.append(Piece(Kind.MESSAGE, frame, opcode, (frame,), bool(first & 0x40)))

    def _give_up(self, why: str, rest: bytes, pieces: list[Piece]) -> None:
        """From here on bytes pass through, beginning with those of the message that never became whole."""
        self.problem = why
        self._opaque = True
        pieces.append(Piece(Kind.OPAQUE, b"".join(self._fragments) + rest))
        self._fragments = []


def _may_be_http(data: bytes) -> bool:
    """Could these bytes begin a request line (a method in capitals) or a status line?"""
    if b"HTTP/1.".startswith(data[:7]):
        return True
    method, space, _ = data[:20].partition(b" ")
    return method.isalpha() and method.isupper() and (bool(space) or len(data) < 20)


def _upgrades(head: bytes) -> bool:
    """A request for, or the agreement to, a WebSocket."""
    if head.startswith(b"HTTP/1."):
        return head.split(b" ", 2)[1:2] == [b"101"]
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"upgrade" and b"websocket" in value.lower():
            return True
    return False
