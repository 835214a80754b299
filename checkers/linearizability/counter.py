"""One writer's versions as they grow, for readers that tell which version they saw.

The versioned specification of `single_writer`, kept open: an answer may be judged at the end of its call, a while
later, or against an earlier moment (a cache that may be old), and a version that was called may turn out not to have
happened. A reader's answer lies between what was complete before its call and what was called by its return.
"""

from __future__ import annotations

from bisect import bisect_left


class Counter:
    """`called`: the greatest version whose write began; `complete`: the greatest that is known to have happened.

    Times must not decrease. Everything is O(1), but for `complete_before`, which is O(log n).
    """

    def __init__(self) -> None:
        self.called = 0
        self._times: list[int] = []
        self._values: list[int] = []  # ascending

    @property
    def complete(self) -> int:
        return self._values[-1] if self._values else 0

    def call(self, version: int) -> None:
        self.called = max(self.called, version)

    def happened(self, version: int, time_ns: int) -> None:
        """A write returned, or somebody was told of this version."""
        if version > self.complete:
            self._times.append(time_ns)
            self._values.append(version)

    def undo(self, version: int) -> None:
        """The write of `version`, the last one, did not happen; what was told of it was told wrongly."""
        if version <= self.called:
            self.called = version - 1
        while self._values and self._values[-1] >= version:
            self._values.pop()
            self._times.pop()

    def complete_before(self, time_ns: int) -> int:
        """What was complete before that time; what happened at that very time is concurrent with it."""
        at = bisect_left(self._times, time_ns)
        return self._values[at - 1] if at else 0
