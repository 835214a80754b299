"""The compiled engine, where it was built: `native/`, the frontier, zones and single writers again in C.

Its answers are equal, and it is never needed. `HARNESS_PURE=1` does without it; so does a machine without a compiler.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checkers.linearizability import (
    Answer,
    Linearizable,
    Model,
    NotLinearizable,
    Operation,
    OutOfBudget,
    Trial,
    frontier,
)
from checkers.linearizability.registers import Mutex, as_state, show_value
from checkers.linearizability.stores import DEAD, show_text

SOURCES = Path(__file__).parent / "native"

Answered = tuple[Any, Answer | None]  # the key, and the answer for its part of the trial


# a model's NAME → its number over there
_FAMILIES = {"register": 0, "cas-register": 1, "mutex": 1, "kv": 2, "append": 3}
_IF_NAMED = 2  # keys, where the operations name any


class Engine:
    """The built module, bound to our types."""

    def __init__(self, module: Any) -> None:
        self._decide = module.decide

    def decide(self, trial: Trial, model: Model, keyed: bool | None, budget: int) -> Iterator[Answered] | None:
        """One answer a key in the order of first use, each worked out when it is asked for, or one for all.

        `keyed` None: by key where the operations name any.

        None, or None as a key's answer: Python must decide."""
        family = _FAMILIES.get(model.NAME)
        if family is None:
            return None
        operations = trial.operations
        if isinstance(model, Mutex):
            if not {operation.f for operation in operations} <= model.OPERATIONS.keys():
                return None
            operations = [model.as_cas(operation) for operation in operations]
        initial = getattr(model, "initial", None)
        by_key = _IF_NAMED if keyed is None else int(keyed)
        told = self._decide(operations, trial.events, family, by_key, budget, initial)
        return None if told is None else ((one[0], _answer(one, family)) for one in told)


def _answer(told: tuple[Any, ...], family: int) -> Answer | None:
    if len(told) == 1:
        return None
    if len(told) == 2:
        by = told[1]
        return Linearizable(by) if isinstance(by, str) else Linearizable(frontier.METHOD, by)
    if len(told) == 3:
        return OutOfBudget(frontier.METHOD, told[2])
    _, position, blamed, found, pending = told
    states = [show_value(s) for s in found] if family <= 1 else [show_text(DEAD if s is None else s) for s in found]
    states.sort(key=repr)
    return NotLinearizable(method=frontier.METHOD, blamed=blamed, position=position, states=states, pending=pending)


def digest(sources: Path = SOURCES) -> str:
    """Of the C sources: a built module that does not carry it is of another version."""
    found = hashlib.sha256()
    for path in sorted(sources.glob("*.[ch]")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def bind(module: Any) -> Engine | None:
    """None: it was built for another version, or this Python keeps a struct's fields in another way."""
    if digest() != module.SOURCE or not module.bind(Operation, as_state):
        return None
    return Engine(module)


def _found() -> tuple[Engine | None, str]:
    if os.environ.get("HARNESS_PURE", "") not in ("", "0"):
        return None, "pure Python, as HARNESS_PURE asks"
    try:
        module = importlib.import_module("checkers.linearizability._native")
    except ImportError as exc:
        missing = isinstance(exc, ModuleNotFoundError)
        return None, "pure Python: the compiled one was not built" if missing else f"pure Python: {exc}"
    engine = bind(module)
    return engine, "compiled" if engine else "pure Python: the compiled one is of another version"


ENGINE, TOLD = _found()  # what decides, and how to say so
