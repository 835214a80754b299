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
from harness.wire.hop_chain import Chain, Ends
from harness.wire.hop_stream import without_compression
from harness.wire.interpreter import Way
from harness.wire.lane import Lane, Message
from harness.wire.order import Order, Queue
from harness.wire.rules import COMPRESSED, GARBAGE, Rules
from harness.wire.splitter import CLOSE, Kind, Piece, Splitter
from harness.wire.toxics import DATA, FIN, RESET, Toxic

READ_BYTES = 256 * 1024
_POLL_S = 0.01  # of what waits for a fault
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST


class Direction:
    """One direction of a link: what came by, and the rules that act on it."""

    def __init__(self, name: str, tap: Callable[[Tap], None], dialect: Dialect) -> None:
        self.name = name
        self.bytes_in = self.bytes_out = self.messages_in = self.messages_out = 0
        self.rules = Rules()
        self.stalls = 0  # faults that keep its receiver from reading
        self.order: Order | None = None  # in which its messages are to be delivered
        self._tap, self._dialect = tap, dialect
        self._toxics: list[tuple[Toxic, int]] = []
        self._chains: list[Chain] = []

    def counters(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("bytes_in", "bytes_out", "messages_in", "messages_out")}

    def poison(self, toxic: Toxic, seed: int) -> None:
        """From now on the toxic works on every connection; its draws are those of `seed`."""
        self._toxics.append((toxic, seed))
        for chain in self._chains:
            chain.install(toxic, seed, is_new=False)

    def heal(self, toxic: Toxic) -> None:
        self._toxics = [(other, seed) for other, seed in self._toxics if other is not toxic]
        for chain in list(self._chains):
            chain.uninstall(toxic)

    def open(self, chain: Chain) -> None:
        """A connection begins."""
        for toxic, seed in self._toxics:
            chain.install(toxic, seed, is_new=True)
        self._chains.append(chain)

    def close(self, chain: Chain) -> None:
        self._chains.remove(chain)

    def about(self, piece: Piece) -> Classified:
        return self._classified(piece, piece.payload)

    def _classified(self, piece: Piece, payload: bytes) -> Classified:
        return UNREADABLE if piece.compressed else classified(self._dialect, payload)

    def see(self, side: Literal["in", "out"], conn: int, piece: Piece, what: Classified | None = None) -> Classified:
        """Tap one message and say what it is about."""
        payload = piece.payload
        what = self._classified(piece, payload) if what is None else what
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

    def __init__(
        self, direction: Direction, conn: int, to: Writer, lost: Callable[[], bool], said: Way | None = None
    ) -> None:
        """`said` interprets a sender that speaks a dialect of its own."""
        self._direction, self._conn, self._to, self._lost, self._said = direction, conn, to, lost, said
        self._splitter = Splitter()
        self._lane = Lane(direction.rules, self)

    def take(self, data: bytes) -> None:
        self._direction.bytes_in += len(data)
        if self._said is not None:
            data = self._said.feed(data)
        for piece in self._splitter.feed(data):
            self._pass(piece)

    async def read(self, reader: Reader) -> bytes:
        return await reader.read(READ_BYTES)

    async def gone(self) -> None:
        """Whatever was taken has gone on."""
        with suppress(OSError):
            await self._to.drain()

    def finish(self) -> None:
        """The source is at its end: an unfinished message goes on, and then the end itself."""
        self._lane.end()
        rest = self._splitter.drain() + (self._said.drain() if self._said is not None else b"")
        if rest:
            self._to.write(rest)
        self._to.write_eof()

    def fail(self) -> None:
        """The source was reset."""
        reset(self._to)

    async def over(self) -> None:
        """Nothing is kept here after the end."""

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
    """Where a direction leaves the link, after its faults. What toxics keep is in its chain."""

    def __init__(self, direction: Direction, conn: int, to: Writer, connection: Ends, heard: Way | None = None) -> None:
        """`heard` interprets for a receiver that speaks a dialect of its own."""
        self._direction, self._conn, self._to, self._connection = direction, conn, to, connection
        self._heard = heard
        self._splitter = Splitter()
        self._queue: Queue | None = None  # of what waits for its turn
        self._chain = Chain(f"link:{direction.name}:{conn}", connection, self)
        direction.open(self._chain)

    async def read(self, reader: Reader) -> bytes:
        """Nothing is read while its receiver is kept from reading: buffers fill from here to its sender."""
        await self._until(lambda: not self._direction.stalls)
        data = await reader.read(READ_BYTES)
        await self._until(lambda: not self._direction.stalls)
        return data

    def take(self, data: bytes) -> None:
        if self._chain.idle:
            self.deliver(data)
        else:
            self._chain.offer(DATA, data)

    async def gone(self) -> None:
        """There is room for more."""
        await self._until(lambda: self._chain.size + (self._queue.size if self._queue else 0) < READ_BYTES)
        with suppress(OSError):
            await self._to.drain()

    def finish(self) -> None:
        """The source is at its end. Toxiproxy knows no half-close."""
        self._end(FIN)

    def fail(self) -> None:
        """The source was reset."""
        self._end(RESET)

    def _end(self, kind: str) -> None:
        if self._chain.idle:
            self.deliver_end(kind)
        else:
            self._chain.offer(kind)

    async def over(self) -> None:
        """The receiver has its end, which the chain may have kept for a while."""
        try:
            await self._until(lambda: False)
        finally:
            self._direction.close(self._chain)
            if self._queue is not None:
                self._queue.stop()

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Or until nobody is there any more. Faults come and go seldom: nobody waits here in a run without one."""
        while not holds() and self._connection.live and not self._to.is_closing():  # noqa: ASYNC110 - nothing says when
            await asyncio.sleep(_POLL_S)

    # ---- what its chain needs -------------------------------------------------------------------------------------

    def deliver(self, data: bytes) -> None:
        self._direction.bytes_out += len(data)
        pieces = self._splitter.feed(data)
        if self._direction.order is not None:
            self._in_order(self._direction.order).put(*pieces)
            return
        for piece in pieces:
            if piece.kind is Kind.MESSAGE:
                self._direction.see("out", self._conn, piece)
        self._write(data)  # after its messages are tapped: what a node shows has been seen delivered

    def deliver_end(self, kind: str) -> None:
        if self._queue is None:
            self._finish(kind)
        else:
            self._queue.put(self._splitter.drain(), kind)

    def _write(self, data: bytes) -> None:
        self._to.write(data if self._heard is None else self._heard.feed(data))

    def _finish(self, kind: str) -> None:
        end = reset if kind is RESET else close
        end(self._to)

    # ---- in an order that was recorded ------------------------------------------------------------------------------

    def _in_order(self, order: Order) -> Queue:
        """From its first byte to its last: an order is said before a connection is there, and holds for the run."""
        if self._queue is None:
            self._queue = Queue(lambda piece: self._take_turn(order, piece))
        return self._queue

    async def _take_turn(self, order: Order, piece: Piece | bytes | str) -> None:
        if isinstance(piece, str):
            self._finish(piece)
        elif isinstance(piece, bytes):
            self._write(piece)
        else:
            if piece.kind is Kind.MESSAGE:
                what = self._direction.about(piece)
                await order.turn((self._direction.name, what.type, what.job))
                self._direction.see("out", self._conn, piece, what)
            self._write(piece.raw)


async def pump(reader: Reader, to: Writer, end: Entry | Exit, lost: Callable[[], bool]) -> None:
    """Until `reader` is at its end. Bytes are lost while `lost()`, and once `to` is gone. A reset goes on as one."""
    try:
        while data := await end.read(reader):
            if not lost() and not to.is_closing():
                end.take(data)
                await end.gone()
    except OSError:
        if not lost():
            end.fail()
    else:
        if not lost() and not to.is_closing():
            with suppress(OSError):
                end.finish()
    await end.over()


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
