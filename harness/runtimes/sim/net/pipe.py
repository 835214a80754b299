"""One direction of one connection: segments in flight, in order, from the sender's kernel to the receiver's socket."""

from __future__ import annotations

import random
from collections import deque
from typing import Final, Protocol

from harness.runtimes.sim.kernel.loop import Due, SimLoop
from harness.runtimes.sim.net import Ground
from harness.runtimes.sim.net.links import Delay, Hold, Installed, Link
from harness.runtimes.sim.net.segment import OPEN, Segment
from harness.runtimes.sim.net.taps import Watch
from harness.seeds import stream
from harness.wire.toxics import CLOSE, DATA, FIN, RESET, Ends, Stub, through

KERNEL_BYTES: Final = 256 * 1024  # sent and not read yet; beyond it write() buffers in the program
LATER_NS: Final = 1 << 62


class Joined(Ends, Protocol):
    """The connection of two sockets."""

    def close_back(self, pipe: Pipe) -> None:
        """A toxic has closed the receiver's end of `pipe`."""
        ...


class Socket(Protocol):
    """One end of a connection, as the kernel's pipe speaks to it."""

    outgoing: Pipe

    @property
    def closed(self) -> bool: ...

    @property
    def connection(self) -> Joined: ...

    def arrive(self, data: bytes) -> None: ...

    def arrive_fin(self) -> None: ...

    def arrive_reset(self) -> None: ...

    def wake(self) -> None: ...

    def notice(self) -> None: ...

    def make_room(self) -> None: ...


class Lines(Ground, Protocol):
    """The world of a pipe. `accept`: the last packet of the handshake has reached a server's socket."""

    @property
    def loop(self) -> SimLoop: ...

    def accept(self, socket: Socket) -> None: ...


class Pipe:
    """Arrival is first in, first out.

    `silent` pipes lose what they take; those of a `cut` connection answer with a reset; when a toxic has closed the
    connection, the pipe is `finished` and swallows what is sent.
    """

    __slots__ = (
        "_armed_ns",
        "_draws",
        "_fin_sent",
        "_flight",
        "_hushed",
        "_last_ns",
        "_loop",
        "_owes_reset",
        "_trace",
        "_unread",
        "_world",
        "cut",
        "finished",
        "link",
        "name",
        "receiver",
        "sender",
        "silent",
        "stubs",
        "watch",
    )

    def __init__(self, world: Lines, link: Link, number: int, way: str, watch: Watch) -> None:
        self.link = link
        self.name = f"link:{link.name}:{number}:{way}"
        self.sender: Socket
        self.receiver: Socket
        self.watch = watch
        self.silent = False
        self.cut = False
        self.finished = False
        self._world = world
        self._loop: SimLoop = world.loop
        self._trace = world.trace
        self._draws: random.Random = stream(world.seed, self.name)
        self._flight: deque[Segment] = deque()
        self._armed_ns: int | None = None
        self._last_ns = 0
        self._unread = 0
        self._fin_sent = False
        self.stubs: list[Stub] = []
        self._hushed = self._owes_reset = False
        link.pipes[self] = None
        for toxic in link.toxics:
            self.install(toxic, is_new=True)

    # ---- the sender's kernel --------------------------------------------------------------------------------------

    @property
    def room(self) -> int:
        """Bytes that the kernel takes now."""
        return KERNEL_BYTES - self._unread

    def send_open(self) -> None:
        self._put(OPEN, b"")

    def send(self, data: bytes) -> None:
        self.link.bytes_sent += len(data)
        if self.silent:
            self._unread += len(data)  # nobody acknowledges it
        elif self.cut:
            self.sender.arrive_reset()
            self.sender.wake()
        else:
            self._put(DATA, data)

    def send_fin(self) -> None:
        if not self._fin_sent:
            self._fin_sent = True
            self._put(FIN, b"")

    def send_reset(self) -> None:
        self._fin_sent = True
        self._owes_reset = self._hushed
        self._put(RESET, b"")

    @property
    def over(self) -> bool:
        """Nothing that is sent from now on arrives."""
        return self.silent or self.cut or self.finished

    def hush(self) -> None:
        """The sender's machine is without power: nothing leaves it. What has left it still arrives."""
        if not self.silent:
            self.silent = self._hushed = True

    def speak(self) -> None:
        """It is back and knows of no connection: whoever has sent to it, and sends again, gets a reset."""
        if self._hushed:
            self.silent = self._hushed = False
            if self._owes_reset:
                self.send_reset()

    def _put(self, kind: str, data: bytes) -> None:
        """What a toxic makes of it draws nothing from the link's own stream, nor from that of a delay."""
        if self.silent or self.cut or self.finished:
            return
        link = self.link
        segment = Segment(kind, data, self._loop.now_ns, link.base_ns(self._draws))
        if link.delays:
            self._delay(segment, is_handshake=kind is OPEN)
        if self.stubs and kind is not OPEN:
            self._pass(segment)
        else:
            self._unread += len(data)
            segment.at_ns = max(segment.ready_ns, self._last_ns)
            self._fly(segment)

    def _fly(self, segment: Segment) -> None:
        self._last_ns = segment.at_ns
        self._flight.append(segment)
        if self._armed_ns is None:
            self._arm(segment.at_ns)

    def _delay(self, segment: Segment, *, is_handshake: bool) -> None:
        seed, name = self._world.seed, self.name
        slow = [d for d in self.link.delays if d.slows(seed, name, is_handshake=is_handshake)]
        segment.extra = {delay: delay.draw_ns(seed, name) for delay in slow}
        segment.ready_ns += sum(segment.extra.values())
        for delay in segment.extra:
            delay.effect.note(segments_delayed=1)
            if segment.data:
                delay.effect.met(bytes_delayed=len(segment.data))

    # ---- toxics ---------------------------------------------------------------------------------------------------

    @property
    def connection(self) -> Joined:
        return self.sender.connection

    @property
    def now_ns(self) -> int:
        return self._loop.now_ns

    def at_ns(self, when_ns: int, item: Due) -> None:
        self._loop.at_ns(when_ns, item)

    def install(self, toxic: Installed, *, is_new: bool = False) -> None:
        """For what is sent from now on."""
        if stub := toxic.stub(self, self._world.seed, is_new=is_new):
            self.stubs.append(stub)
            self.stubs.sort(key=lambda each: each.RANK)

    def uninstall(self, toxic: Installed) -> None:
        """What waited at the toxic goes on at once, and arrives when the others let it."""
        for stub in self.stubs:
            if stub.toxic is toxic:
                self.stubs.remove(stub)
                self._retime(without=stub)
                stub.remove()
                return

    def _pass(self, sent: Segment) -> None:
        """Through all stubs, which swallow it, or cut it, and say when it arrives."""
        kind = sent.kind
        for piece in through(self.stubs, kind, sent.data) or ():
            segment = Segment(kind, piece, sent.sent_ns, sent.base_ns)
            segment.extra, segment.leaves = sent.extra, dict.fromkeys(self.stubs, 0)
            segment.ready_ns = max(sent.ready_ns, self._flight[-1].ready_ns if self._flight else 0)
            segment.at_ns = max(self._last_ns, segment.leave_ns())
            self._unread += len(piece)
            self._fly(segment)
        if kind is DATA and any(stub.wants_end for stub in self.stubs):
            self.finish()

    def finish(self) -> None:
        """A toxic closes the connection, as soon as what is under way has arrived."""
        if not self.over:
            self._put(CLOSE, b"")
            self.finished = True

    # ---- arrival --------------------------------------------------------------------------------------------------

    def _arm(self, at_ns: int) -> None:
        if self._armed_ns is None or at_ns < self._armed_ns:
            self._armed_ns = at_ns
            self._loop.at_ns(at_ns, self)

    def due(self) -> None:
        """Deliver what is due. A timer that was overtaken by an earlier one finds nothing to do."""
        now_ns = self._loop.now_ns
        if self._armed_ns != now_ns:
            return
        self._armed_ns = None
        flight = self._flight
        if self.link.holds:
            self._keep(now_ns)
            return
        while flight and flight[0].at_ns <= now_ns:
            self._deliver(flight.popleft())
        if flight:
            self._arm(flight[0].at_ns)
        self.receiver.notice()

    def _deliver(self, segment: Segment) -> None:
        kind, data, receiver = segment.kind, segment.data, self.receiver
        self._trace(kind, self.name, data)
        if segment.leaves:
            for stub, left_ns in segment.leaves.items():
                stub.delivered_ns = left_ns
        if kind is OPEN:
            self._world.accept(receiver)
        elif kind is CLOSE:
            receiver.arrive_fin()
            receiver.connection.close_back(self)
        elif receiver.closed:
            self._unread -= len(data)
            if kind is DATA:
                receiver.outgoing.send_reset()
        elif kind is DATA:
            self.link.bytes_delivered += len(data)
            self.watch.delivered(data)
            receiver.arrive(data)
        elif kind is FIN:
            receiver.arrive_fin()
        else:
            receiver.arrive_reset()

    def resize(self, came: int, became: int) -> None:
        """What arrived was translated: so much of it waits to be read."""
        self._unread += became - came
        if became < came:
            self.sender.make_room()

    def read(self, size: int) -> None:
        """The program at the other end took `size` bytes out of its socket."""
        self._unread -= size
        self.sender.make_room()

    # ---- faults ---------------------------------------------------------------------------------------------------

    def _keep(self, now_ns: int) -> None:
        """Segments that would arrive now are held; the next one is counted when its time comes."""
        for segment in self._flight:
            if segment.at_ns > now_ns:
                self._arm(segment.at_ns)
                return
            if not segment.counted:
                segment.counted = True
                for hold in self.link.holds:
                    _count_held(hold, segment)

    def count_stuck(self, hold: Hold) -> None:
        """Another hold begins: it keeps as well what is kept already."""
        for segment in self._flight:
            if segment.counted:
                _count_held(hold, segment)

    def release(self) -> None:
        """The last hold has ended: what it kept is sent again, and takes what the link takes."""
        for segment in self._flight:
            if segment.counted:
                segment.sent_ns, segment.extra, segment.counted = self._loop.now_ns, None, False
                segment.ready_ns = LATER_NS
        self._retime()

    def hasten(self, delay: Delay) -> None:
        """A delay has ended: what it slowed down arrives when it would have without it, or now."""
        for segment in self._flight:
            if segment.extra is not None:
                segment.extra.pop(delay, None)
        self._retime()

    def _retime(self, without: Stub | None = None) -> None:
        """What was ready for the stubs stays so. They are asked again, from what they let pass to what has arrived."""
        now_ns = last_ns = self._loop.now_ns
        ready_ns = 0
        for stub in self.stubs:
            stub.last_ns = stub.delivered_ns
        for segment in self._flight:
            if segment.ready_ns > now_ns:
                segment.ready_ns = max(now_ns, ready_ns, segment.natural_ns())
            ready_ns = segment.ready_ns
            last_ns = segment.at_ns = max(last_ns, segment.leave_ns(without, now_ns))
        self._last_ns = last_ns
        if self._flight:
            self._arm(self._flight[0].at_ns)

    def end(self, *, silent: bool) -> None:
        """The connection is severed: what is in flight is gone, and what is sent from now on goes nowhere."""
        self.silent, self.cut = silent, not silent
        self._flight.clear()
        self._unread = 0
        self.sender.make_room()


def _count_held(hold: Hold, segment: Segment) -> None:
    if segment.kind is DATA:
        hold.effect.met(bytes_held=len(segment.data))
    elif segment.kind is OPEN:
        hold.effect.met(connections_held=1)
