"""The operations of a run as marks of its timeline: a call and its answer are one, a fault and its healing too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from harness.history import History, Op
from harness.report.sections import _whole_values as values
from harness.report.sections._whole_states import State, States
from harness.report.told import timeline

OPEN_NS = -1  # how long something takes that never ended


class Kind(IntEnum):
    """What an operation is; the script draws each in its own row and colour."""

    CALL = 0
    COMMIT = 1
    OBSERVE = 2
    NOTE = 3  # a line of a node's journal
    FAULT = 4
    FINAL = 5


class Outcome(IntEnum):
    OK = 0
    FAIL = 1
    INFO = 2  # it may have happened
    UNANSWERED = 3
    NONE = 4  # a note: there is nothing to answer


_OUTCOMES = {"ok": Outcome.OK, "fail": Outcome.FAIL, "info": Outcome.INFO, "invoke": Outcome.UNANSWERED}
_BY_F = {"commit": Kind.COMMIT, "observe": Kind.OBSERVE, "final": Kind.FINAL, "fault-begin": Kind.FAULT}
_BY_F["fault-heal"] = Kind.FAULT


@dataclass(slots=True)
class Mark:
    """`op` is what it began with, `end` what answered it. `value` is told when it is known whether it is kept."""

    op: Op
    kind: Kind
    outcome: Outcome
    end: Op | None = None
    before: State | None = None
    after: State | None = None
    span: timeline.Span | None = None

    @property
    def lasts_ns(self) -> int:
        if self.end is not None:
            return self.end.time_ns - self.op.time_ns
        return OPEN_NS if self.outcome is Outcome.UNANSWERED else 0

    @property
    def last(self) -> Op:
        return self.end or self.op

    def told(self, most: int) -> str:
        if self.span is not None:
            did = "" if self.end is None else f"did {self.span.did}"
            parts = (self.span.name, did, values.flat(self.span.params, most))
            return values.cut(" · ".join(part for part in parts if part), most)
        if self.end is None or self.kind is Kind.COMMIT:
            return values.told(self.last, most)
        return values.call(self.op, self.end, most)

    def message(self) -> str:
        """The message that it was caused by, or that it tells of; empty for none."""
        kind, _, name = (self.last.cause or "").partition(":")
        if name and kind in ("event", "get", "list"):
            return name
        value = self.op.value if isinstance(self.op.value, dict) else {}
        found = value.get("msg") or value.get("corr") if self.kind is Kind.NOTE else None
        return found if isinstance(found, str) else ""


@dataclass
class _Reading:
    """One pass over a history."""

    marks: list[Mark]
    states: States
    spans: list[timeline.Span]
    begun: dict[tuple[Any, ...], Mark]
    faults: int = 0

    def read(self, op: Op) -> None:
        kind = _kind(op)
        if kind is Kind.NOTE:  # most of them, and nothing answers one
            self.marks.append(Mark(op, kind, Outcome.NONE))
            return
        key = _key(op, kind)
        if op.type == "invoke":
            self.begun[key] = self._new(op, kind, Outcome.UNANSWERED)
        elif op.f == "fault-begin":
            self.begun[key] = self._fault(op)
        elif key in self.begun:
            self._end(self.begun.pop(key), op)
        else:
            self._new(op, kind, Outcome.NONE if kind is Kind.FAULT else _OUTCOMES[op.type])

    def _new(self, op: Op, kind: Kind, outcome: Outcome) -> Mark:
        mark = Mark(op, kind, outcome)
        if kind is Kind.COMMIT or kind is Kind.OBSERVE:
            mark.before, mark.after = self.states.feed(op)
        self.marks.append(mark)
        return mark

    def _fault(self, op: Op) -> Mark:
        mark = self._new(op, Kind.FAULT, Outcome.UNANSWERED)
        if self.faults < len(self.spans):
            mark.span = self.spans[self.faults]
        self.faults += 1
        return mark

    def _end(self, mark: Mark, op: Op) -> None:
        mark.end, mark.outcome = op, Outcome.NONE if mark.kind is Kind.FAULT else _OUTCOMES[op.type]
        if mark.kind is Kind.COMMIT and op.type == "fail":
            self.states.failed(op, mark.before)
            mark.after = mark.before


def marks(history: History) -> list[Mark]:
    """All operations, in the order in which they began."""
    reading = _Reading([], States(history.header), timeline.spans(history), {})
    for op in history.ops:
        reading.read(op)
    return reading.marks


def messages(found: Sequence[Mark]) -> list[str]:
    """The message of each: of a commit, the one in which its desktop told of it."""
    named = [mark.message() for mark in found]
    told: dict[tuple[str | None, object], str] = {}
    for mark, name in zip(found, named, strict=True):
        if name and mark.op.f == "emit" and isinstance(mark.op.value, dict):
            rev = mark.op.value.get("rev")
            number = rev.get("n") if isinstance(rev, dict) else rev
            if isinstance(number, int):
                told.setdefault((mark.op.node, number), name)
    return [
        told.get((mark.op.node, mark.op.rev.n), "") if mark.kind is Kind.COMMIT and mark.op.rev is not None else name
        for mark, name in zip(found, named, strict=True)
    ]


def _kind(op: Op) -> Kind:
    found = _BY_F.get(op.f)
    if found is not None:
        return found
    return Kind.NOTE if op.type == "info" and op.process.endswith("/journal") else Kind.CALL


def _key(op: Op, kind: Kind) -> tuple[Any, ...]:
    """What an answer has in common with its invocation. A client has one call at a time."""
    if kind is Kind.FAULT:
        value = op.value if isinstance(op.value, dict) else {}
        return ("fault", str(value.get("fault")), str(value.get("occurrence")))
    return (op.process, op.f, op.rev.n if op.rev is not None and op.f == "commit" else None)
