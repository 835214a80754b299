"""What a pipe carries, and when it leaves the toxics on its way."""

from __future__ import annotations

from typing import Final

from harness.runtimes.sim.net.links import Delay
from harness.runtimes.sim.net.toxics import Stub

OPEN: Final = "open"  # the last packet of the handshake
DATA: Final = "data"
FIN: Final = "fin"
RESET: Final = "reset"
CLOSE: Final = "close"  # a toxic closes the connection: a FIN, and nothing comes back

_ENDS: Final = (FIN, RESET, CLOSE)


class Segment:
    """`base_ns` is what the link itself takes; `extra` what each delay adds.

    It is ready for the first stub at `ready_ns` and leaves each one as `leaves` says.
    """

    __slots__ = ("at_ns", "base_ns", "counted", "data", "extra", "kind", "leaves", "ready_ns", "sent_ns")

    def __init__(self, kind: str, data: bytes, sent_ns: int, base_ns: int) -> None:
        self.kind = kind
        self.data = data
        self.sent_ns = sent_ns
        self.base_ns = base_ns
        self.at_ns = self.ready_ns = sent_ns + base_ns
        self.extra: dict[Delay, int] | None = None
        self.leaves: dict[Stub, int] | None = None
        self.counted = False  # by the holds that keep it

    def natural_ns(self) -> int:
        """When it is ready if nothing is ahead of it."""
        return self.sent_ns + self.base_ns + (sum(self.extra.values()) if self.extra else 0)

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
