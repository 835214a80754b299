"""Toxiproxy's toxics, with its attributes, its units, and what its server 2.12 does with them, on anybody's clock.

A `Toxic` is installed on a direction; each of its connections gets a `Stub` of its own, as Toxiproxy calls it, if the
toxicity's draw falls so. What a program sends passes the stubs in a fixed order: `admit` may swallow it, `cut` makes
pieces of it, and `leave_ns` says when a piece leaves the stub. (In the simulator `latency` is no stub, but a
`links.Delay`, which slows down handshakes too.)
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, Protocol

from faults import Effect
from harness.seeds import stream

NS_PER_MS: Final = 1_000_000
DATA: Final = "data"
FIN: Final = "fin"
RESET: Final = "reset"
CLOSE: Final = "close"  # a toxic closes the connection: a FIN, and nothing comes back
_ENDS: Final = (FIN, RESET, CLOSE)
_READ_BYTES = 32 * 1024  # Toxiproxy reads so much at once
_NEVER_NS = 86_400_000 * NS_PER_MS
_LONG_AGO_NS = -(1 << 62)


class Due(Protocol):
    """Something whose time comes."""

    def due(self) -> None: ...


class Ends(Protocol):
    """The connection that a stream belongs to."""

    @property
    def live(self) -> bool: ...

    def sever(self, how: Literal["reset"]) -> None: ...


class Stream(Protocol):
    """One direction of one connection, as a stub works on it."""

    name: str

    @property
    def connection(self) -> Ends: ...

    @property
    def stubs(self) -> Sequence[Stub]: ...

    @property
    def now_ns(self) -> int: ...

    @property
    def over(self) -> bool: ...

    def at_ns(self, when_ns: int, item: Due) -> None: ...

    def finish(self) -> None: ...


class Toxic:
    """`attributes` are Toxiproxy's; what is left out is 0. `name` is that of its random streams."""

    def __init__(
        self, kind: str, attributes: Mapping[str, int], effect: Effect, *, name: str, toxicity: float = 1.0
    ) -> None:
        self.kind, self.attributes, self.effect = kind, attributes, effect
        self._name, self._toxicity = name, toxicity
        self._drawn: dict[str, bool] = {}

    def stub(self, pipe: Stream, seed: int, *, is_new: bool) -> Stub | None:
        """For one connection's direction; None if it is spared. `is_new`: the connection opens just now."""
        name = f"{pipe.name}/{self._name}"
        stub = STUBS[self.kind]
        if not is_toxic(seed, name, self._toxicity, self._drawn):
            if stub is not Timeout:
                return None
            stub = Spared
        return stub(self, pipe, stream(seed, name), is_new=is_new)


class Stub:
    """One toxic at work on one direction of one connection. This one lets everything pass."""

    RANK: ClassVar[int] = 0

    def __init__(self, toxic: Toxic, pipe: Stream, draws: random.Random, *, is_new: bool) -> None:
        self.toxic, self.pipe = toxic, pipe
        self.effect = toxic.effect
        self.draws, self.is_new = draws, is_new
        self.last_ns = _LONG_AGO_NS  # when something left it last
        self.delivered_ns = _LONG_AGO_NS  # the same, of what has arrived since
        self.wants_end = False  # of the connection, after what was admitted
        self.begin()

    def begin(self) -> None: ...

    def attribute(self, name: str) -> int:
        return self.toxic.attributes.get(name, 0)

    def admit(self, data: bytes) -> bytes:
        """What goes on of `data`."""
        return data

    def ends(self) -> bool:
        """The stream ends, orderly or not. Does that go on?"""
        return True

    def cut(self, data: bytes) -> list[bytes]:
        return [data]

    def leave_ns(self, at_ns: int, size: int, is_end: bool) -> int:
        """When what comes at `at_ns` leaves, after what left at `last_ns`."""
        return at_ns

    def remove(self) -> None:
        """The toxic is healed. (What waited at the stub goes on without its doing.)"""

    def close(self, *, reset: bool = False) -> None:
        """End the connection."""
        connection = self.pipe.connection
        if self.pipe.over or not connection.live:
            return
        if reset:
            self.effect.met(connections_reset=1)
            connection.sever("reset")
        else:
            self.effect.met(connections_closed=1)
            self.pipe.finish()


class Latency(Stub):
    """Every piece leaves `latency` ± `jitter` ms later, in order; the end right after the last of them."""

    def leave_ns(self, at_ns: int, size: int, is_end: bool) -> int:
        if is_end:
            return max(at_ns, self.last_ns)
        jitter_ms = (2 * self.draws.random() - 1) * self.attribute("jitter")
        return max(at_ns + max(0, round((self.attribute("latency") + jitter_ms) * NS_PER_MS)), self.last_ns)

    def cut(self, data: bytes) -> list[bytes]:
        self.effect.met(bytes_delayed=len(data))
        return [data]


class Bandwidth(Stub):
    """`rate` KB/s of 1000 bytes. What takes longer than 100 ms comes in pieces of 100 ms; rate 0 lets nothing pass."""

    RANK = 1

    def begin(self) -> None:
        self._rate = self.attribute("rate")

    def cut(self, data: bytes) -> list[bytes]:
        self.effect.met(bytes_slowed=len(data))
        if not self._rate:
            return [data]
        return [data[a:b] for a, b in _spans(len(data), self._rate * 100)]

    def leave_ns(self, at_ns: int, size: int, is_end: bool) -> int:
        takes_ns = size * NS_PER_MS // self._rate if self._rate else _NEVER_NS
        return max(at_ns, self.last_ns) + (0 if is_end else takes_ns)


class Slicer(Stub):
    """Pieces of `average_size` ± `size_variation` bytes, and a pause of `delay` µs after each."""

    RANK = 2

    def begin(self) -> None:
        self._average, self._variation = self.attribute("average_size"), self.attribute("size_variation")
        self._pause_ns = self.attribute("delay") * 1000

    def cut(self, data: bytes) -> list[bytes]:
        pieces = [data[a:b] for block in _spans(len(data), _READ_BYTES) for a, b in self._halved(*block)]
        self.effect.met(bytes_sliced=len(data))
        self.effect.note(slices=len(pieces))
        return pieces

    def _halved(self, start: int, end: int) -> list[tuple[int, int]]:
        """Toxiproxy's way to cut: in about two, and each half again, until a piece is short enough."""
        if end - start - self._average <= self._variation:
            return [(start, end)]
        middle = start + (end - start) // 2
        if self._variation:
            middle += int(self.draws.random() * 2 * self._variation) - self._variation
        return self._halved(start, middle) + self._halved(middle, end)

    def leave_ns(self, at_ns: int, size: int, is_end: bool) -> int:
        return max(at_ns, self.last_ns + self._pause_ns)


class LimitData(Stub):
    """After `bytes` bytes, counted since the toxic met the connection, the connection is closed."""

    RANK = 3

    def begin(self) -> None:
        self._left = self.attribute("bytes")

    def admit(self, data: bytes) -> bytes:
        passed = data[: self._left]
        self._left -= len(passed)
        self.effect.met(bytes_counted=len(data))
        if not self._left and not self.wants_end:
            self.effect.note(connections_closed=1)
            self.wants_end = True
        return passed


class Timeout(Stub):
    """Data is dropped. With `timeout` n the connection is closed after n ms without any, and at the latest by heal."""

    RANK = 4

    def begin(self) -> None:
        self._due_ns = 0
        self._wait()

    def _wait(self) -> None:
        if timeout_ns := self.attribute("timeout") * NS_PER_MS:
            self._due_ns = self.pipe.now_ns + timeout_ns
            self.pipe.at_ns(self._due_ns, self)

    def due(self) -> None:
        if self in self.pipe.stubs and self.pipe.now_ns >= self._due_ns:
            self.close()

    def admit(self, data: bytes) -> bytes:
        self.effect.met(bytes_dropped=len(data))
        self._wait()
        return b""

    def remove(self) -> None:
        self.close()


class Spared(Stub):
    """Toxiproxy closes all connections when `timeout` is removed, also those that toxicity had spared."""

    def remove(self) -> None:
        self.close()


class ResetPeer(Stub):
    """`timeout` ms after the first byte the connection ends: by a reset if the toxic was there when it opened."""

    RANK = 5

    def begin(self) -> None:
        self._triggered = False

    def admit(self, data: bytes) -> bytes:
        self.ends()
        return b""

    def ends(self) -> bool:
        if not self._triggered:
            self._triggered = True
            self.pipe.at_ns(self.pipe.now_ns + self.attribute("timeout") * NS_PER_MS, self)
        return False

    def due(self) -> None:
        """Also when it was healed meanwhile: Toxiproxy does not interrupt this wait."""
        self.close(reset=self.is_new)


class SlowClose(Stub):
    """The end of the stream, orderly or not, is kept for `delay` ms."""

    RANK = 6

    def ends(self) -> bool:
        self.effect.met(closes_slowed=1)
        return True

    def leave_ns(self, at_ns: int, size: int, is_end: bool) -> int:
        return at_ns + self.attribute("delay") * NS_PER_MS if is_end else at_ns


STUBS: Mapping[str, type[Stub]] = {
    "bandwidth": Bandwidth,
    "latency": Latency,
    "limit_data": LimitData,
    "reset_peer": ResetPeer,
    "slicer": Slicer,
    "slow_close": SlowClose,
    "timeout": Timeout,
}


class Passing:
    """A piece on its way: it is ready for the first stub at `ready_ns`, leaves each one as `leaves` says, and the last
    one at `at_ns`."""

    __slots__ = ("at_ns", "data", "kind", "leaves", "ready_ns")

    def __init__(self, kind: str, data: bytes, ready_ns: int) -> None:
        self.kind, self.data = kind, data
        self.at_ns = self.ready_ns = ready_ns
        self.leaves: dict[Stub, int] | None = None

    def leave_ns(self, without: Stub | None = None, now_ns: int = 0) -> int:
        """When it leaves the last stub. It leaves `without`, which is taken away, now if it was still there."""
        at_ns, leaves = self.ready_ns, self.leaves
        if not leaves:
            return at_ns
        size, is_end = len(self.data), self.kind in _ENDS
        for stub, left_ns in leaves.items():
            if stub is without:
                at_ns = max(at_ns, min(left_ns, now_ns))
            else:
                at_ns = leaves[stub] = stub.last_ns = stub.leave_ns(at_ns, size, is_end)
        if without is not None:
            leaves.pop(without, None)
        return at_ns


def through(stubs: Sequence[Stub], kind: str, data: bytes) -> list[bytes] | None:
    """What all stubs make of something: its pieces in order, or None if one of them swallows it."""
    pieces = [data]
    for stub in stubs:
        if kind is DATA:
            pieces = [cut for piece in pieces if (rest := stub.admit(piece)) for cut in stub.cut(rest)]
        elif not stub.ends() and kind is not CLOSE:
            return None
    return pieces


def is_toxic(seed: int, name: str, toxicity: float, drawn: dict[str, bool]) -> bool:
    """The draw of a toxicity, once for each connection and direction."""
    if toxicity >= 1:
        return True
    if name not in drawn:
        drawn[name] = stream(seed, f"{name}/toxicity").random() < toxicity
    return drawn[name]


def _spans(size: int, most: int) -> list[tuple[int, int]]:
    """[0, size) in parts of at most `most`."""
    return [(start, min(start + most, size)) for start in range(0, size, most)]
