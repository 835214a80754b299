"""A desktop's list cache refuses a page only because of a write: one under way, or ended, since its read began.

Which read a line belongs to is not told. So a refusal is held against everything since the last moment without a read
under way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

from harness.history import Op

_BEGINS: Final = frozenset({"miss", "outdated", "bypass"})


@dataclass
class _Reads:
    """Of one key: how many are under way, and since when there was always one."""

    count: int = 0
    since_ns: int = 0

    def begin(self, now_ns: int) -> None:
        if not self.count:
            self.since_ns = now_ns
        self.count += 1


@dataclass
class _Desktop:
    writes: Counter[str] = field(default_factory=Counter)  # process → commits under way
    wrote_ns: int = -1  # when the last one ended
    reads: defaultdict[str, _Reads] = field(default_factory=lambda: defaultdict(_Reads))


class Caching:
    """`refusals`: how many were judged."""

    def __init__(self) -> None:
        self._desktops: defaultdict[str, _Desktop] = defaultdict(_Desktop)
        self.refusals = 0

    def commit(self, op: Op) -> None:
        desktop = self._desktops[str(op.node)]
        if op.type == "invoke":
            desktop.writes[op.process] += 1
        else:
            desktop.writes[op.process] = max(0, desktop.writes[op.process] - 1)  # of a former life: it is told later
            desktop.wrote_ns = op.time_ns

    def forget(self, node: str) -> None:
        """Its program has started anew."""
        self._desktops.pop(node, None)

    def unfounded(self, op: Op) -> str | None:
        """A `cache` line: the key of a page that was refused although nothing was written."""
        said = op.value if isinstance(op.value, dict) else {}
        desktop, key, what = self._desktops[str(op.node)], str(said.get("key")), said.get("what")
        reads = desktop.reads[key]
        if what in _BEGINS:
            reads.begin(op.time_ns)
        elif what == "fill":
            reads.count = max(0, reads.count - 1)
        elif what == "refuse" and reads.count:
            reads.count -= 1
            self.refusals += 1
            if not desktop.writes.total() and desktop.wrote_ns < reads.since_ns:
                return key
        return None
