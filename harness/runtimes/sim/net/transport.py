"""One end of a simulated TCP connection, as asyncio's selector transport behaves on a Linux socket.

`Endpoint` is both: the transport with its write buffer, and the socket below it with what has arrived. Where the two
differ from a naive model, real loopback sockets decide (`tests/sim/net/test_parity.py` runs both).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from typing import Any, Protocol

from harness.runtimes.sim.kernel.loop import SimLoop
from harness.runtimes.sim.net import Peer
from harness.runtimes.sim.net.hop import Hop
from harness.runtimes.sim.net.pipe import Joined, Pipe
from harness.wire.dialect import Dialect
from harness.wire.interpreter import Interpreter

READ_BYTES = 256 * 1024  # asyncio reads at most this much at once
_HIGH_BYTES = 64 * 1024


class Pair(Joined, Protocol):
    """The connection of two endpoints."""

    @property
    def server_name(self) -> str: ...

    def closed_socket(self, endpoint: Endpoint) -> None:
        """Its program has closed this one."""
        ...


class Accepts(Protocol):
    """The listener that an endpoint came by."""

    def detach(self, endpoint: Endpoint) -> None: ...


class Endpoint(asyncio.Transport):
    """`outgoing` carries what it sends, `incoming` brings what it receives.

    `lost` is set when `connection_lost` is on its way, `closed` when the socket is: from then on the kernel
    answers with a reset.
    """

    def __init__(self, loop: SimLoop, name: str, sockname: tuple[str, int], peername: tuple[str, int]) -> None:
        super().__init__()
        self._loop = loop
        self.name = name
        self._names = {"sockname": sockname, "peername": peername}
        self.outgoing: Pipe
        self.incoming: Pipe
        self.hop: Hop
        self._interpreter: Interpreter | None = None
        self.connection: Pair
        self.listener: Accepts | None = None
        self.node: Peer | None = None
        self._protocol: Any = None
        self._context: Context | None = None
        self._buffer: deque[bytes] = deque()
        self._buffered = 0
        self._high, self._low = _HIGH_BYTES, _HIGH_BYTES // 4
        self._writing_paused = False
        self._reading_paused = False
        self._pumping = False
        self._reading = False
        self._arrived: deque[bytes] = deque()
        self._arrived_bytes = 0
        self._fin_arrived = False
        self._reset_arrived = False
        self._eof_seen = False  # the protocol knows of the FIN, and nobody reads any more
        self._eof_written = False
        self._closing = False
        self.lost = False
        self.closed = False

    def interpret(self, dialect: Dialect | None) -> None:
        """Its program speaks a dialect of its own."""
        self._interpreter = None if dialect is None else Interpreter(dialect)

    def attach(self, protocol: Any, node: Peer) -> None:
        """The node's program takes the socket over; what arrived meanwhile is read next."""
        self._protocol, self._context = protocol, node.context
        self.node = node
        node.endpoints[self] = None
        protocol.connection_made(self)
        self.wake()

    # ---- asyncio.Transport ----------------------------------------------------------------------------------------

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._names.get(name, default)

    def is_closing(self) -> bool:
        return self._closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def is_reading(self) -> bool:
        return not self._closing and not self._reading_paused

    def pause_reading(self) -> None:
        if not self._closing:
            self._reading_paused = True

    def resume_reading(self) -> None:
        if self._reading_paused and not self._closing:
            self._reading_paused = False
            self.wake()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = _HIGH_BYTES if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._maybe_pause_writing()

    def get_write_buffer_size(self) -> int:
        return self._buffered

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def can_write_eof(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if not isinstance(data, bytes):
            if not isinstance(data, bytearray | memoryview):
                raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
            data = bytes(data)
        if self._eof_written:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not data or self.lost:
            return
        if self._interpreter is not None:
            data = self._interpreter.said.feed(data)
        for piece in self.hop.take(data) if data else ():
            self.push(piece)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        if self._closing or self._eof_written:
            return
        self._eof_written = True
        self._flush_hop()
        if not self._buffer:
            self.outgoing.send_fin()

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._flush_hop()
        if not self._buffer:
            self._lose(None)

    def abort(self) -> None:
        """The peer sees a FIN, unless unread data is thrown away: asyncio sets no SO_LINGER."""
        self._force_close(None)

    # ---- sending --------------------------------------------------------------------------------------------------

    def push(self, data: bytes) -> None:
        """Send now what the kernel has room for, and keep the rest."""
        if self._reset_arrived and not self.lost:
            self._fail()
        if self.lost:
            return
        if not self._buffer:
            room = self.outgoing.room
            if len(data) <= room:
                self.outgoing.send(data)
                return
            if room > 0:
                self.outgoing.send(data[:room])
                data = data[room:]
        self._buffer.append(data)
        self._buffered += len(data)
        self._maybe_pause_writing()
        if self.outgoing.room > 0:  # a toxic has swallowed what the kernel took
            self.make_room()

    @property
    def sends(self) -> bool:
        """May further data be sent, which the program did not write (a copy of a message)?"""
        return not (self._closing or self._eof_written or self.lost)

    def make_room(self) -> None:
        """The kernel has room again."""
        if self._buffer and not self._pumping and not self.lost:
            self._pumping = True
            self._loop.call_soon(self._pump, context=self._context)

    def _pump(self) -> None:
        self._pumping = False
        if self.lost:
            return
        if self._reset_arrived:
            self._fail()
            return
        while self._buffer and (room := self.outgoing.room) > 0:
            data = self._buffer.popleft()
            if len(data) > room:
                self._buffer.appendleft(data[room:])
                data = data[:room]
            self._buffered -= len(data)
            self.outgoing.send(data)
        self._maybe_resume_writing()
        if self._buffer:
            return
        if self._closing:
            self._lose(None)
        elif self._eof_written:
            self.outgoing.send_fin()

    def _flush_hop(self) -> None:
        rest = self.hop.drain() + (self._interpreter.said.drain() if self._interpreter is not None else b"")
        if rest:
            self.push(rest)

    def _maybe_pause_writing(self) -> None:
        if self._buffered > self._high and not self._writing_paused:
            self._writing_paused = True
            self._protocol.pause_writing()

    def _maybe_resume_writing(self) -> None:
        if self._writing_paused and self._buffered <= self._low:
            self._writing_paused = False
            self._protocol.resume_writing()

    # ---- receiving ------------------------------------------------------------------------------------------------

    def arrive(self, data: bytes) -> None:
        if self._interpreter is not None:
            came, data = len(data), self._interpreter.heard.feed(data)
            self.incoming.resize(came, len(data))
            if not data:
                return
        self._arrived.append(data)
        self._arrived_bytes += len(data)
        if self.node is not None and self.node.machine.deaf:
            for effect in self.node.machine.deaf:
                effect.met(bytes_unread=len(data))

    @property
    def unread_bytes(self) -> int:
        """Bytes that have arrived and were not read (what FIONREAD says)."""
        return self._arrived_bytes

    def arrive_fin(self) -> None:
        self._fin_arrived = True

    def arrive_reset(self) -> None:
        """The peer's reset. What had arrived before can still be read (Linux: tcp_reset keeps the receive queue)."""
        self._reset_arrived = True
        self.make_room()  # a full socket is watched for writing too, and notices at once

    def notice(self) -> None:
        """Something arrived just now, between callbacks: read it at once unless others wait to run."""
        if not self._readable() or self._reading:
            return
        if self._loop._ready or self._loop.absent:
            self.wake()
        else:
            assert self._context is not None
            self._loop.run_in(self._context, self._read)

    def wake(self) -> None:
        """Read soon, if there is something to read."""
        if self._readable() and not self._reading:
            self._reading = True
            self._loop.call_soon(self._read_later, context=self._context)

    def _readable(self) -> bool:
        """Is there something to read, and somebody who reads?"""
        if self._protocol is None or self.lost or self._closing or self._reading_paused or self._eof_seen:
            return False
        if self.node is not None and self.node.machine.deaf:
            return False
        return bool(self._arrived) or self._reset_arrived or self._fin_arrived

    def _read_later(self) -> None:
        self._reading = False
        if self._readable():
            self._read()

    def _read(self) -> None:
        if self._arrived:
            data = self._take_arrived()
            self.incoming.read(len(data))
            self._call(self._protocol.data_received, data)
            self.wake()
        elif self._fin_arrived:
            self._eof_seen = True
            if not self._call(self._protocol.eof_received):
                self.close()
        else:
            self._fail()

    def _take_arrived(self) -> bytes:
        arrived = self._arrived
        if len(arrived) == 1 and self._arrived_bytes <= READ_BYTES:
            data = arrived.popleft()
        else:
            data = b"".join(arrived)
            arrived.clear()
            if len(data) > READ_BYTES:
                arrived.append(data[READ_BYTES:])
                data = data[:READ_BYTES]
        self._arrived_bytes -= len(data)
        return data

    def _call(self, callback: Any, *args: Any) -> Any:
        try:
            return callback(*args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:
            message = f"Fatal error: protocol.{callback.__name__}() call failed."
            self._loop.call_exception_handler(
                {"message": message, "exception": exc, "transport": self, "protocol": self._protocol}
            )
            self._force_close(exc)
            return True

    # ---- the end --------------------------------------------------------------------------------------------------

    def _fail(self) -> None:
        """What recv or send says after a reset. After a FIN it is a broken pipe (Linux: tcp_reset in CLOSE_WAIT)."""
        if self._fin_arrived:
            self._force_close(BrokenPipeError(32, "Broken pipe"))
        else:
            self._force_close(ConnectionResetError(104, "Connection reset by peer"))

    def _force_close(self, exc: BaseException | None) -> None:
        if self.lost:
            return
        self._buffer.clear()
        self._buffered = 0
        self._closing = True
        self._lose(exc)

    def _lose(self, exc: BaseException | None) -> None:
        if not self.lost:
            self.lost = True
            self._loop.call_soon(self._tell_lost, exc, context=self._context)

    def _tell_lost(self, exc: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(exc)
        finally:
            self.close_socket()

    def close_socket(self) -> None:
        """What the kernel does on close(2): FIN, or a reset when unread data is thrown away."""
        if self.closed:
            return
        self.closed = self.lost = self._closing = True
        if self._arrived:
            self.outgoing.send_reset()
        else:
            self.outgoing.send_fin()
        self._arrived.clear()
        self._buffer.clear()
        self._buffered = 0
        if self.listener is not None:
            self.listener.detach(self)
        self.connection.closed_socket(self)

    def vanish(self) -> None:
        """The machine has lost power: the socket is gone, and nobody is told."""
        self.outgoing.hush()
        self._arrived.clear()
        self.close_socket()

    def release(self) -> None:
        """Break reference cycles when the run is over."""
        self._protocol = self._context = self.listener = None
        self.__dict__.clear()
        self._closing = True  # a StreamWriter that is collected later asks
