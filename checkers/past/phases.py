"""Before, during or after the faults: when something was judged, and how much of it.

What was judged before the first fault began says nothing of what the faults did.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

from harness.history import Op
from harness.verdict import LookedAt

Phase = Literal["before", "during", "after"]


class Phases:
    """Fed all ops in time order. Without a fault everything is `before`."""

    def __init__(self) -> None:
        self.now: Phase = "before"
        self._active: set[tuple[str, int]] = set()
        self._turns: list[tuple[int, Phase]] = []  # from when on it was which

    @property
    def first_ns(self) -> int | None:
        """When the first fault began."""
        return self._turns[0][0] if self._turns else None

    def feed(self, op: Op) -> None:
        if op.f == "fault-begin":
            self._active.add(occurrence(op))
        elif op.f == "fault-heal":
            self._active.discard(occurrence(op))
        else:
            return
        self.now = "during" if self._active else "after"
        self._turns.append((op.time_ns, self.now))

    def at(self, time_ns: int) -> Phase:
        """The phase of a time that is not later than what was fed last."""
        turn = bisect_right(self._turns, time_ns, key=lambda item: item[0])
        return self._turns[turn - 1][1] if turn else "before"


class Counted:
    """What a judge has looked at: `what` in the plural, `nothing` the sentence for none of it."""

    def __init__(self, what: str, nothing: str) -> None:
        self._what, self.nothing = what, nothing
        self._n: dict[Phase, int] = {"before": 0, "during": 0, "after": 0}
        self._grown: tuple[Phase, int] = ("before", 0)

    def add(self, phase: Phase, n: int = 1) -> None:
        self._n[phase] += n

    def grows(self, total: int, phase: Phase) -> None:
        """What is counted elsewhere has come to `total`; from now on it counts for `phase`."""
        until_now, before = self._grown
        self._n[until_now] += total - before
        self._grown = (phase, total)

    @property
    def total(self) -> int:
        return sum(self._n.values())

    def looked_at(self) -> LookedAt:
        return LookedAt(what=self._what, before=self._n["before"], during=self._n["during"], after=self._n["after"])


def occurrence(op: Op) -> tuple[str, int]:
    """Which fault's begin or heal an op is: its name and the number of the occurrence."""
    about = op.value if isinstance(op.value, dict) else {}
    index = about.get("occurrence")
    return str(about.get("fault")), index if isinstance(index, int) else 0
