"""One direction of one connection: segments in flight, in order, from the sender's kernel to the receiver's socket."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Final

from harness.runtimes.sim.links import Delay, Hold, Link
from harness.seeds import stream

if TYPE_CHECKING:
    from harness.runtimes.sim.loop import SimLoop
    from harness.runtimes.sim.taps import Watch
    from harness.runtimes.sim.transport import Endpoint
    from harness.runtimes.sim.world import World

KERNEL_BYTES: Final = 256 * 1024  # sent and not read yet; beyond it write() buffers in the program

OPEN: Final = "open"  # the last packet of the handshake
DATA: Final = "data"
FIN: Final = "fin"
RESET: Final = "reset"


class Segment:
    """`base_ns` is what the link itself takes; `extra` what each delay adds."""

    __slots__ = ("at_ns", "base_ns", "counted", "data", "extra", "kind", "sent_ns")

    def __init__(self, kind: str, data: bytes, sent_ns: int, base_ns: int) -> None:
        self.kind = kind
        self.data = data
        self.sent_ns = sent_ns
        self.base_ns = base_ns
        self.at_ns = sent_ns + base_ns
        self.extra: dict[Delay, int] | None = None
        self.counted = False  # by the holds that keep it

    def natural_ns(self) -> int:
        """When it arrives if nothing is ahead of it."""
        return self.sent_ns + self.base_ns + (sum(self.extra.values()) if self.extra else 0)


class Pipe:
    """Arrival is first in, first out. `silent` pipes swallow; those of a `cut` connection answer with a reset."""

    __slots__ = (
        "_armed_ns",
        "_draws",
        "_fin_sent",
        "_flight",
        "_last_ns",
        "_loop",
        "_trace",
        "_unread",
        "_world",
        "cut",
        "link",
        "name",
        "receiver",
        "sender",
        "silent",
        "watch",
    )

    def __init__(self, world: World, link: Link, number: int, way: str, watch: Watch) -> None:
        self.link = link
        self.name = f"link:{link.name}:{number}:{way}"
        self.sender: Endpoint
        self.receiver: Endpoint
        self.watch = watch
        self.silent = False
        self.cut = False
        self._world = world
        self._loop: SimLoop = world.loop
        self._trace = world.trace
        self._draws: random.Random = stream(world.seed, self.name)
        self._flight: deque[Segment] = deque()
        self._armed_ns: int | None = None
        self._last_ns = 0
        self._unread = 0
        self._fin_sent = False
        link.pipes[self] = None

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
            return
        if self.cut:
            self.sender.arrive_reset()
            self.sender.wake()
            return
        self._unread += len(data)
        self._put(DATA, data)

    def send_fin(self) -> None:
        if not self._fin_sent:
            self._fin_sent = True
            self._put(FIN, b"")

    def send_reset(self) -> None:
        self._fin_sent = True
        self._put(RESET, b"")

    def _put(self, kind: str, data: bytes) -> None:
        if self.silent or self.cut:
            return
        link = self.link
        segment = Segment(kind, data, self._loop.now_ns, link.base_ns(self._draws))
        if link.delays:
            self._delay(segment)
        segment.at_ns = self._last_ns = max(segment.at_ns, self._last_ns)
        self._flight.append(segment)
        if self._armed_ns is None:
            self._arm(segment.at_ns)

    def _delay(self, segment: Segment) -> None:
        seed = self._world.seed
        segment.extra = {delay: delay.draw_ns(seed, self.name) for delay in self.link.delays}
        segment.at_ns += sum(segment.extra.values())
        for delay in segment.extra:
            delay.effect.note(segments_delayed=1)
            if segment.data:
                delay.effect.met(bytes_delayed=len(segment.data))

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
        if kind is OPEN:
            self._world.network.accept(receiver)
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
        self._retime()

    def hasten(self, delay: Delay) -> None:
        """A delay has ended: what it slowed down arrives when it would have without it, or now."""
        for segment in self._flight:
            if segment.extra is not None:
                segment.extra.pop(delay, None)
        self._retime()

    def _retime(self) -> None:
        at_ns = self._loop.now_ns
        for segment in self._flight:
            at_ns = segment.at_ns = max(at_ns, segment.natural_ns())
        self._last_ns = at_ns
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
