"""What helps a reader of `harness check --model` beside the failure itself, on the terminal and on the page."""

from __future__ import annotations

import shlex
from typing import Any

from checkers.linearizability import Model, NotLinearizable, Operation, Trial
from checkers.linearizability.decide import Judged
from checkers.linearizability.registers import Mutex, Register
from checkers.linearizability.transactions import MultiRegister
from checkers.linearizability.values import LONG, edn, parting, shown, visible
from harness.interchange import transactions


def of(judged: Judged, model: Model, states: list[Any]) -> list[str]:
    """`states`: those that the object could have been in before the failure. Sentences, fit to be shown."""
    if not isinstance(judged.answer, NotLinearizable):
        return []
    blamed = judged.trial.operations[judged.answer.blamed]
    return [*_where_they_part(blamed, states), *_unsaid(blamed, states, judged.trial, model)]


def _where_they_part(blamed: Operation, states: list[Any]) -> list[str]:
    """Of long values, since only what is around it is shown."""
    at = next((place for state in states if (place := parting(blamed.result, state)) is not None), None)
    if at is None or not any(len(edn(value)) > LONG for value in (*states, blamed.result)):
        return []
    unit = "character" if isinstance(blamed.result, str) else "element"
    return [f"(what was read and what was there part at {unit} {at}, counted from 0)"]


def _unsaid(blamed: Operation, states: list[Any], trial: Trial, model: Model) -> list[str]:
    """What a reader may have forgotten to say."""
    if not isinstance(model, (Register, MultiRegister)) or isinstance(model, Mutex):
        return []
    if isinstance(model, Register) and model.initial not in states:
        return []  # something else was there by then
    written = {edn(value) for operation in trial.operations for value in _written(operation)}
    unwritten = [v for v in _found(blamed) if v != model.initial and edn(v) not in written]
    return [
        f"No write of {shown(value)} has happened: if it is there at first, say so with "
        f"--initial {visible(shlex.quote(edn(value)))}"
        for value in unwritten[:1]
    ]


def _found(operation: Operation) -> list[Any]:
    """What it says it has read."""
    if operation.f == "read":
        return [operation.result]
    return [value for f, _, value in operation.result or () if f == "read"] if operation.f == transactions.F else []


def _written(operation: Operation) -> list[Any]:
    if operation.f == transactions.F:
        return [value for f, _, value in operation.value if f == "write"]
    if operation.f == "write":
        return [operation.value]
    return [operation.value[1]] if operation.f == "cas" else []
