"""WebSocket frames as a sender may write them (RFC 6455, section 5), whole streams of them, and ways to cut them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hypothesis import strategies as st
from websockets.utils import apply_mask

from harness.wire.splitter import Kind

REQUEST = b"GET /ws HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
RESPONSE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(
    opcode: int, payload: bytes, *, mask: bytes | None = None, fin: bool = True, bits: int = 0, wide: int = 0
) -> bytes:
    """One frame. `wide` is the least size of the extended length (2 or 8 bytes), as a wasteful sender writes it."""
    size, masked = len(payload), 0x80 if mask is not None else 0
    head = bytes([(0x80 if fin else 0) | bits | opcode])
    if size > 0xFFFF or wide == 8:
        head += bytes([masked | 127]) + size.to_bytes(8, "big")
    elif size > 125 or wide == 2:
        head += bytes([masked | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([masked | size])
    return head + (mask + apply_mask(payload, mask) if mask is not None else payload)


@dataclass(frozen=True)
class Unit:
    """What one piece should be: its bytes (fragments in order) and, of a message, its payload and opcode."""

    kind: Kind
    raw: bytes
    opcode: int = 0
    payload: bytes = b""
    compressed: bool = False


@dataclass(frozen=True)
class Row:
    """A stream of frames: the bytes as sent, and the pieces they make (those within a message come before it)."""

    data: bytes
    units: tuple[Unit, ...]


_sizes = st.sampled_from([0, 1, 2, 7, 124, 125, 126, 127, 200, 65535, 65536])
_masks = st.none() | st.binary(min_size=4, max_size=4)


@st.composite
def _payload(draw: st.DrawFn, most: int = 65536) -> bytes:
    size = min(most, draw(_sizes | st.integers(0, 40)))
    return (draw(st.binary(min_size=1, max_size=8)) * (size // 1 + 1))[:size]


@st.composite
def _control(draw: st.DrawFn) -> Unit:
    opcode, payload = draw(st.sampled_from([PING, PONG, CLOSE])), draw(_payload(125))
    return Unit(Kind.CONTROL, frame(opcode, payload, mask=draw(_masks)), opcode, payload)


@st.composite
def _message(draw: st.DrawFn) -> tuple[bytes, list[Unit]]:
    """A message in one or more frames, with control frames between them."""
    opcode, compressed = draw(st.sampled_from([TEXT, BINARY])), draw(st.integers(0, 9)) == 0
    parts = draw(st.lists(_payload(), min_size=1, max_size=3))
    data, own, units = b"", b"", []
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        bits = 0x40 if compressed and i == 0 else 0
        wide = draw(st.sampled_from([0, 0, 2, 8]))
        one = frame(0 if i else opcode, part, mask=draw(_masks), fin=last, bits=bits, wide=wide)
        data, own = data + one, own + one
        if not last:
            for control in draw(st.lists(_control(), max_size=2)):
                data += control.raw
                units.append(control)
    return data, [*units, Unit(Kind.MESSAGE, own, opcode, b"".join(parts), compressed)]


@st.composite
def rows(draw: st.DrawFn, most: int = 6) -> Row:
    """A whole stream: the head of the upgrade, messages and control frames."""
    head = draw(st.sampled_from([REQUEST, RESPONSE]))
    data, units = head, [Unit(Kind.HEAD, head)]
    for _ in range(draw(st.integers(0, most))):
        if draw(st.integers(0, 3)) == 0:
            control = draw(_control())
            data, units = data + control.raw, [*units, control]
        else:
            more, made = draw(_message())
            data, units = data + more, [*units, *made]
    return Row(data, tuple(units))


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data cut at these places (taken modulo its length)."""
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    edges = [0, *places, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]


cuts = st.lists(st.integers(0, 2**20), max_size=12)
