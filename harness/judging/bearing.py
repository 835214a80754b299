"""What a history may hold, and what judging it may cost, so that no history takes a machine down.

In the simulator the cost is counted in steps, an op or a tap each, so that equal runs have equal verdicts; elsewhere in
seconds and bytes of memory as well.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass, field

from harness.history import Header, History, Op, Tap

_FIT = 1 << 62  # times, revisions and connections beyond it are nobody's
_LONGEST_S = 1e9  # no timer of a protocol is longer
_KIB = 1024 if sys.platform != "darwin" else 1  # ru_maxrss is in KiB, there in bytes


@dataclass(frozen=True)
class Limits:
    """Of one pass over a history, all its checkers together."""

    steps: int = 50_000_000
    seconds: float = 900.0
    bytes: int = 8 << 30


LIMITS = Limits()


@dataclass
class Budget:
    """Asked now and then in the course of a pass. `simulated`: only steps count."""

    limits: Limits
    simulated: bool
    begun_s: float = field(default_factory=time.monotonic)

    def spent(self, steps: int) -> str:
        """In words, what was used up; nothing while there is some left."""
        if steps >= self.limits.steps:
            return f"{self.limits.steps} steps"
        if self.simulated:
            return ""
        if time.monotonic() - self.begun_s > self.limits.seconds:
            return f"{self.limits.seconds:g} s"
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB > self.limits.bytes:
            return f"{self.limits.bytes >> 20} MiB of memory"
        return ""


def bearable(history: History) -> tuple[History, int]:
    """The history without what no clock and no counter can have said, and how many ops and taps that were."""
    header = _header(history.header)
    ops = history.ops if all(map(_op_fits, history.ops)) else [op for op in history.ops if _op_fits(op)]
    taps = history.taps if all(map(_tap_fits, history.taps)) else [tap for tap in history.taps if _tap_fits(tap)]
    left_out = len(history.ops) - len(ops) + len(history.taps) - len(taps)
    if not left_out and header is history.header:
        return history, 0
    return History(header=header, ops=ops, complete=history.complete, problem=history.problem, taps=taps), left_out


def _op_fits(op: Op) -> bool:
    return -_FIT < op.time_ns < _FIT and (op.rev is None or -_FIT < op.rev.n < _FIT)


def _tap_fits(tap: Tap) -> bool:
    return -_FIT < tap.time_ns < _FIT and -_FIT < tap.conn < _FIT


def _header(header: Header) -> Header:
    timing = {name: s for name, s in header.timing.items() if -_LONGEST_S <= s <= _LONGEST_S}
    if len(timing) == len(header.timing):
        return header
    known = {name: getattr(header, name) for name in Header.__struct_fields__}
    return Header(**{**known, "timing": timing})
