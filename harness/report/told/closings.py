"""Connections that somebody closed with a code: who, how often, with which, and when first.

What a fault tears ends without a code, and an orderly goodbye (1000, 1001) is nothing to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.history import Op

_ORDERLY = (1000, 1001, 1005, 1006)
_CODE = re.compile(r"\b(?:received|sent) (\d{4})\b(?: \(([^)]{0,60})\))?(?: ([^;]{1,80}))?")
_MEANS = {4401: "its token was refused, or has expired"}
_MOST = 20  # rows of a table


@dataclass(frozen=True)
class Closing:
    """Of one client's connections, with one code. `meaning` may be empty."""

    node: str
    code: int
    meaning: str
    times: int
    first_ns: int  # since the run's first op

    @property
    def told(self) -> str:
        """`desktop-1's connection was closed 22 times with 1009 (message too big), first at 0.352 s`."""
        times = "once" if self.times == 1 else f"{self.times:,} times"
        meaning = f" ({self.meaning})" if self.meaning else ""
        at = f"{'first ' if self.times > 1 else ''}at {self.first_ns / 1e9:.3f} s"
        return f"{self.node}'s connection was closed {times} with {self.code}{meaning}, {at}"


def closings(ops: Iterable[Op]) -> list[Closing]:
    """By node and code, in the order in which they were first seen; what clients do not journal is not known."""
    found: dict[tuple[str, int], Closing] = {}
    origin_ns: int | None = None
    for op in ops:
        origin_ns = op.time_ns if origin_ns is None else origin_ns
        if op.f != "link" or not isinstance(op.value, dict) or op.value.get("state") != "closed":
            continue
        said = _CODE.search(str(op.value.get("reason") or ""))
        if said is None or int(said[1]) in _ORDERLY:
            continue
        key = (op.node or "", int(said[1]))
        known = found.get(key)
        first_ns = known.first_ns if known is not None else op.time_ns - origin_ns
        times = known.times + 1 if known is not None else 1
        found[key] = Closing(*key, _meaning(said), times, first_ns)
    return list(found.values())[:_MOST]


def _meaning(said: re.Match[str]) -> str:
    """What a code means; of one that a program chose itself, what it said with it."""
    standard = said[2] if said[2] not in (None, "private use", "registered") else None
    return _MEANS.get(int(said[1])) or standard or (said[3] or "").strip()
