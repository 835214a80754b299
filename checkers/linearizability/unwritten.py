"""Registers that answer with a value which nobody wrote: no order is needed to see that none explains it.

A search sees it as well, unless so many operations are under way at that moment that it cannot try all their orders.
"""

from __future__ import annotations

from collections.abc import Hashable

from checkers.linearizability import NotLinearizable, Operation, Trial
from checkers.linearizability.prefixes import at
from checkers.linearizability.registers import as_state

METHOD = "unwritten values"


def decide(trial: Trial, initial: object, position: int) -> NotLinearizable | None:
    """Is the event at `position`, up to which all can be explained, a return that nothing explains? None: not known."""
    event = trial.events[position] if position < len(trial.events) else 0
    asked = _found(trial.operations[~event]) if event < 0 else None
    if asked is None:
        return None
    calls = (trial.operations[event] for event in trial.events[:position] if event >= 0)
    put = {as_state(initial), *(state for call in calls if (state := _put(call)) is not None)}
    return at(trial, METHOD, position) if asked not in put else None


def _found(operation: Operation) -> Hashable | None:
    """The value that the register had when it took effect."""
    if operation.f == "read":
        return as_state(operation.result)
    return as_state(operation.value[0]) if operation.f == "cas" and operation.outcome == "ok" else None


def _put(operation: Operation) -> Hashable | None:
    """The value that it may have left there."""
    if operation.f == "write":
        return as_state(operation.value)
    return as_state(operation.value[1]) if operation.f == "cas" else None
