"""Moving one direction of one connection: whole messages where it enters, bytes as they come where it leaves."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from harness.history import Tap
from harness.wire.classify import UNREADABLE, Classified
from harness.wire.dialect import Dialect, classified
from harness.wire.hop_stream import without_compression
from harness.wire.lane import Lane, Message
from harness.wire.rules import COMPRESSED, GARBAGE, Rules
from harness.wire.splitter import CLOSE, Kind, Piece, Splitter

READ_BYTES = 256 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST


class Direction:
    """One direction of a link: what came by, and the rules that act on it."""

    def __init__(self, name: str, tap: Callable[[Tap], None], dialect: Dialect) -> None:
        self.name = name
        self.bytes_in = self.bytes_out = self.messages_in = self.messages_out = 0
        self.rules = Rules()
        self._tap, self._dialect = tap, dialect

    def counters(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("bytes_in", "bytes_out", "messages_in", "messages_out")}

    def see(self, side: Literal["in", "out"], conn: int, piece: Piece) -> Classified:
        """Tap one message and say what it is about."""
        payload = piece.payload
        what = UNREADABLE if piece.compressed else classified(self._dialect, payload)
        self._tap(
            Tap(
                time_ns=time.monotonic_ns(),
                link=self.name,
                side=side,
                conn=conn,
                bytes=len(payload),
                type=what.type,
                job=what.job,
                msg=what.msg,
                source=what.source,
            )
        )
        if side == "in":
            self.messages_in += 1
        else:
            self.messages_out += 1
        return what


class Entry:
    """Where a direction enters the link, before its faults. What is written once it is `lost()` goes nowhere."""

    def __init__(self, direction: Direction, conn: int, to: Writer, lost: Callable[[], bool]) -> None:
        self._direction, self._conn, self._to, self._lost = direction, conn, to, lost
        self._splitter = Splitter()
        self._lane = Lane(direction.rules, self)

    def take(self, data: bytes) -> None:
        self._direction.bytes_in += len(data)
        for piece in self._splitter.feed(data):
            self._pass(piece)

    def finish(self) -> None:
        """The source is at its end: an unfinished message goes on, and then the end itself."""
        self._lane.end()
        if rest := self._splitter.drain():
            self._to.write(rest)
        self._to.write_eof()

    def _pass(self, piece: Piece) -> None:
        name, rules = self._direction.name, self._direction.rules
        if piece.kind is Kind.MESSAGE:
            what = self._direction.see("in", self._conn, piece)
            if not piece.compressed:
                self._lane.offer(piece.raw, what, None)
                return
            rules.blind(f"{name}: {COMPRESSED}")
        elif piece.kind is Kind.OPAQUE and self._splitter.problem is not None:
            self._lane.flush()
            rules.blind(f"{name}: {GARBAGE}: {self._splitter.problem}")
        elif piece.opcode == CLOSE:
            self._lane.end()
        self._to.write(without_compression(piece.raw) if piece.opens else piece.raw)

    # ---- what its lane needs --------------------------------------------------------------------------------------

    def emit(self, message: Message) -> None:
        self._to.write(message.raw)

    def wake(self, at_ns: int) -> None:
        wait_s = max(0, at_ns - time.monotonic_ns()) / 1e9
        asyncio.get_running_loop().call_later(wait_s, self._lane.due)

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def alive(self) -> bool:
        return not self._lost() and not self._to.is_closing()


class Exit:
    """Where a direction leaves the link, after its faults."""

    def __init__(self, direction: Direction, conn: int, to: Writer) -> None:
        self._direction, self._conn, self._to = direction, conn, to
        self._splitter = Splitter()

    def take(self, data: bytes) -> None:
        self._direction.bytes_out += len(data)
        for piece in self._splitter.feed(data):
            if piece.kind is Kind.MESSAGE:
                self._direction.see("out", self._conn, piece)
        self._to.write(data)  # after its messages are tapped: what a node shows has been seen delivered

    def finish(self) -> None:
        self._to.close()  # Toxiproxy knows no half-close


async def pump(reader: Reader, to: Writer, end: Entry | Exit, lost: Callable[[], bool]) -> None:
    """Until `reader` is at its end. Bytes are lost while `lost()`, and once `to` is gone. A reset goes on as one."""
    try:
        while data := await reader.read(READ_BYTES):
            if not lost() and not to.is_closing():
                end.take(data)
                with suppress(OSError):
                    await to.drain()
    except OSError:
        if not lost():
            reset(to)
        return
    if not lost() and not to.is_closing():
        with suppress(OSError):
            end.finish()


def reset(writer: Writer | None) -> None:
    """Close with RST; what was not sent is lost."""
    if writer is None:
        return
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


def close(writer: Writer | None) -> None:
    """Close with FIN, after what is still to be sent."""
    if writer is not None and not writer.is_closing():
        writer.close()
