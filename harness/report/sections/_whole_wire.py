"""The messages of a run: which link each crossed, when it was sent and when it came out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.history import Tap
from harness.report.told import timeline

_UNTOLD = frozenset({"heartbeat"})  # most of them, and nobody looks for one


@dataclass(frozen=True, slots=True)
class Crossing:
    """`arrived_ns`: None when no tap saw it come out. `again`: a second delivery of the same message."""

    link: str
    type: str
    job: str
    msg: str
    sent_ns: int
    arrived_ns: int | None
    again: bool


def crossings(taps: Iterable[Tap]) -> list[Crossing]:
    """All of them, in the order in which they were sent. What has no name is told apart by its connection."""
    seen: dict[tuple[str, str, object], list[Tap]] = {}
    for tap in taps:
        if tap.type not in _UNTOLD:
            seen.setdefault((tap.link, tap.type, tap.msg or tap.conn), []).append(tap)
    found = [
        Crossing(of[0].link, of[0].type, of[0].job or "", of[0].msg or "", f.sent_ns, f.arrived_ns, f.again)
        for of in seen.values()
        for f in timeline.crossings(of)
    ]
    return sorted(found, key=lambda c: (c.sent_ns, c.arrived_ns or 0, c.link, c.msg))
