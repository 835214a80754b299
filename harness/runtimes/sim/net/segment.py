"""What a pipe carries, and what its link and the delays on it take."""

from __future__ import annotations

from typing import Final

from harness.runtimes.sim.net.links import Delay
from harness.wire.toxics import Passing

OPEN: Final = "open"  # the last packet of the handshake


class Segment(Passing):
    """`base_ns` is what the link itself takes; `extra` what each delay adds."""

    __slots__ = ("base_ns", "counted", "extra", "sent_ns")

    def __init__(self, kind: str, data: bytes, sent_ns: int, base_ns: int) -> None:
        super().__init__(kind, data, sent_ns + base_ns)
        self.sent_ns = sent_ns
        self.base_ns = base_ns
        self.extra: dict[Delay, int] | None = None
        self.counted = False  # by the holds that keep it

    def natural_ns(self) -> int:
        """When it is ready if nothing is ahead of it."""
        return self.sent_ns + self.base_ns + (sum(self.extra.values()) if self.extra else 0)
