"""What of a simulated computer outlives the process on it: its clocks, its disk, its ill luck."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from faults import Effect
from harness.runtimes.sim.kernel import EPOCH_S
from harness.runtimes.sim.kernel.loop import to_ns
from harness.runtimes.sim.machines.disk import Disk

_EPOCH_NS: Final = EPOCH_S * 10**9
_PPM: Final = 1_000_000


class Warp:
    """Sets a clock off by `skew_ns` and lets it run `ppm` parts per million as fast as the true one."""

    def __init__(self, effect: Effect, skew_ns: int, ppm: int) -> None:
        self.effect, self.skew_ns, self.ppm = effect, skew_ns, ppm


class Clock:
    """A wall clock and a monotonic one, in integers, so that they are the same on every platform.

    The monotonic one never steps: what it gains or loses at another rate it keeps. When the last warp ends, the wall
    clock steps to the true time.
    """

    def __init__(self) -> None:
        self.true = True  # as the world's, from the beginning until now
        self.warps: list[Warp] = []
        self._since_ns = 0  # true time of the last change of rate
        self._reading_ns = 0  # the monotonic clock then
        self._ppm = _PPM
        self._forgiven_ns = 0  # what of the monotonic clock's drift the wall clock has stepped back

    def monotonic_ns(self, now_ns: int) -> int:
        if self.true:
            return now_ns
        return self._reading_ns + (now_ns - self._since_ns) * self._ppm // _PPM

    def wall_ns(self, now_ns: int) -> int:
        if self.true:
            return _EPOCH_NS + now_ns
        for warp in self.warps:
            warp.effect.note(readings=1)
        skew_ns = sum(warp.skew_ns for warp in self.warps)
        return _EPOCH_NS + self.monotonic_ns(now_ns) - self._forgiven_ns + skew_ns

    def due_ns(self, when_s: float) -> int:
        """The first true time at which the monotonic clock is not before `when_s`."""
        if self.true:
            return to_ns(when_s)
        ahead_ns = to_ns(when_s) - self._reading_ns
        return self._since_ns - (-ahead_ns * _PPM // self._ppm)

    def add(self, warp: Warp, now_ns: int) -> None:
        self.true = False
        self.warps.append(warp)
        self._turn(now_ns)

    def remove(self, warp: Warp, now_ns: int) -> None:
        self.warps.remove(warp)
        self._turn(now_ns)
        if not self.warps:
            self._forgiven_ns = self._reading_ns - now_ns

    def _turn(self, now_ns: int) -> None:
        """The rate may change now: go on from here."""
        self._reading_ns, self._since_ns = self.monotonic_ns(now_ns), now_ns
        self._ppm = _PPM
        for warp in self.warps:
            self._ppm = max(1, self._ppm * warp.ppm // _PPM)


class Machine:
    """`dark`: without power. `deaf`: whose doing it is that its process reads no socket; empty: it reads."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.disk = Disk()
        self.dark = 0
        self.deaf: list[Effect] = []

    @contextmanager
    def deafened(self, effect: Effect) -> Iterator[None]:
        """(Effects are equal by value: remove by identity.)"""
        self.deaf.append(effect)
        try:
            yield
        finally:
            self.deaf[:] = [mine for mine in self.deaf if mine is not effect]
