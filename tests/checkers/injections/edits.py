"""Changes of a history: ops and taps put in, taken out, exchanged. The history that is changed stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from harness.history import Header, History, Op, Tap

US, MS = 1_000, 1_000_000  # ns


class Edit:
    def __init__(self, run: History) -> None:
        self.header: Header = run.header
        self._ops: list[Op] = list(run.ops)
        self._taps: list[Tap] = list(run.taps)

    def history(self) -> History:
        """Ops are counted anew, in time order."""
        ops = sorted(self._ops, key=lambda op: op.time_ns)
        counted = [op if op.index == n else msgspec.structs.replace(op, index=n) for n, op in enumerate(ops)]
        return History(header=self.header, ops=counted, taps=sorted(self._taps, key=lambda tap: tap.time_ns))

    # ---- ops --------------------------------------------------------------------------------------------------------

    @property
    def ops(self) -> list[Op]:
        return list(self._ops)

    def after(self, op: Op, *new: Op) -> None:
        at = self._at(op) + 1
        self._ops[at:at] = new

    def before(self, op: Op, *new: Op) -> None:
        at = self._at(op)
        self._ops[at:at] = new

    def add(self, *new: Op) -> None:
        """Each at its time, after what there is of that instant."""
        self._ops += new

    def drop(self, *ops: Op) -> None:
        gone = {id(op) for op in ops}
        self._ops = [op for op in self._ops if id(op) not in gone]

    def change(self, op: Op, **fields: Any) -> Op:
        """`value` is merged into the op's own."""
        new = like(op, **fields)
        self._ops[self._at(op)] = new
        return new

    def _at(self, op: Op) -> int:
        return next(at for at, other in enumerate(self._ops) if other is op)

    # ---- taps -------------------------------------------------------------------------------------------------------

    @property
    def taps(self) -> list[Tap]:
        return list(self._taps)

    def add_tap(self, *taps: Tap) -> None:
        self._taps += taps

    def drop_taps(self, which: Callable[[Tap], bool]) -> None:
        self._taps = [tap for tap in self._taps if not which(tap)]

    # ---- time -------------------------------------------------------------------------------------------------------

    def pause(self, op: Op, for_ns: int) -> None:
        """Nothing happens for so long before `op`; then everything goes on."""
        at, now_ns = self._at(op), op.time_ns
        late = [msgspec.structs.replace(o, time_ns=o.time_ns + for_ns) for o in self._ops[at:]]
        self._ops[at:] = late
        self._taps = [
            msgspec.structs.replace(t, time_ns=t.time_ns + for_ns) if t.time_ns > now_ns else t for t in self._taps
        ]


def like(op: Op, **fields: Any) -> Op:
    """Another op with these fields; `value` is merged into the op's own."""
    if isinstance(value := fields.get("value"), dict) and isinstance(op.value, dict):
        fields["value"] = {**op.value, **value}
    return msgspec.structs.replace(op, **fields)
