"""Registers whose written values are unique: linear time, by zones (Gibbons & Korach, "Testing shared memories", 1997).

The *cluster* of a value is its write and its reads. Its zone spans the earliest return and the latest call among them.
It is *forward* when the earliest return comes first: then the register held the value all that time; else *backward*,
and all its operations overlap. A history is linearizable iff no two forward zones overlap and no backward zone lies
within a forward one, and no read returns before its write is called. Events are in time order, so nothing is sorted:
values are met in the order of their first return.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from checkers.linearizability import Answer, Linearizable, Trial
from checkers.linearizability.prefixes import refuted
from checkers.linearizability.registers import as_state

METHOD = "zones"


def fits(trial: Trial, initial: Any = None) -> bool:
    """Plain reads and writes, every value written once at most, and the initial one never."""
    written, first = set(), as_state(initial)
    for operation in trial.operations:
        if operation.f == "write":
            value = as_state(operation.value)
            if value in written or value == first:
                return False
            written.add(value)
        elif operation.f != "read":
            return False
    return True


def decide(trial: Trial, initial: Any = None) -> Answer:
    """`fits` must hold."""
    if explains(trial, initial):
        return Linearizable(METHOD)
    return refuted(trial, METHOD, lambda length: explains(trial, initial, length))


def explains(trial: Trial, initial: Any = None, length: int | None = None) -> bool:
    """Is `trial`, or so many of its first events, linearizable? `fits` must hold.

    An indeterminate write that is read returns after everything, and one that is not read did not happen; an
    indeterminate read says nothing.
    """
    first = as_state(initial)
    first_return: dict[Any, int] = {first: -1}
    last_call: dict[Any, int] = {first: -2}
    operations = trial.operations
    called = [0] * len(operations)
    for position, event in enumerate(trial.events if length is None else trial.events[:length]):
        if event >= 0:
            called[event] = position
            operation = operations[event]
            if operation.f == "write":
                last_call[as_state(operation.value)] = position
            continue
        operation = operations[~event]
        value = as_state(operation.result if operation.f == "read" else operation.value)
        if value not in last_call:
            return False  # read before anybody wrote it
        first_return.setdefault(value, position)
        last_call[value] = max(last_call[value], called[~event])
    return not _overlap(first_return, last_call)


def _overlap(first_return: dict[Any, int], last_call: dict[Any, int]) -> bool:
    """Must one value be there both before and after another one?"""
    starts: list[int] = []
    ends: list[int] = []
    backward: list[tuple[int, int]] = []
    for value, first in first_return.items():
        last = last_call[value]
        if first >= last:
            backward.append((last, first))
            continue
        if ends and first < ends[-1]:
            return True
        starts.append(first)
        ends.append(last)
    for last, first in backward:
        at = bisect_right(starts, last) - 1
        if at >= 0 and first < ends[at]:
            return True
    return False
