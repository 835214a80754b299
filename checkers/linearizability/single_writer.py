"""One writer, growing versions: one pass, and no memory but for the calls under way.

The *versioned* specification: a read gives the version of the latest write before it, and the writer's n-th write comes
after all before it even if that one never returned. (As a plain register a write that crashed could take effect after
its successor.) Then a read may return any version between the greatest that was complete when it was called and the
greatest that was called when it returns.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Protocol

from checkers.linearizability import Operation, Trial

METHOD = "single writer"


class Line(Protocol):
    """One event as a file tells it."""

    @property
    def process(self) -> Any: ...
    @property
    def type(self) -> Literal["invoke", "ok", "fail", "info"]: ...
    @property
    def f(self) -> str: ...
    @property
    def value(self) -> Any: ...
    @property
    def key(self) -> Any: ...


class NotVersioned(ValueError):
    """Not a history of one writer that counts up in steps of one: another method must decide."""


def explains(lines: Iterable[Line]) -> int | None:  # noqa: PLR0912  # a call costs more than all the rest
    """None: a register that begins as nil is linearizable. Else the number, from 0, of the event at which the
    *versioned* specification fails, a read that returns there; then another method must say.

    Raises `NotVersioned`, too, for a history that is none (a process that calls twice), or has keys, or in which a call
    failed or a write was never answered. Every line is one of a client that has a name.
    """
    base = complete = called = 0  # base: the version that nil stands for, the one before the first write
    lowest: dict[Any, int] = {}  # process → what was complete when its read was called
    writer: Any = None
    writing = False
    for number, line in enumerate(lines):
        type_, value, process = line.type, line.value, line.process
        if line.key is not None:
            raise NotVersioned
        if line.f == "read":
            if type_ == "invoke":
                if process in lowest or (process == writer and writing):
                    raise NotVersioned
                lowest[process] = complete
                continue
            low = lowest.pop(process, None) if type_ == "ok" else None
            if low is None or not (value is None or (type(value) is int and value > base)):
                raise NotVersioned
            if value is None:
                value = base
            if not low <= value <= called:
                return number
            if value > complete:  # noqa: PLR1730
                complete = value
        elif line.f != "write" or type(value) is not int:
            raise NotVersioned
        elif type_ == "invoke":
            if writing or process in lowest or not (called == 0 or (value == called + 1 and process == writer)):
                raise NotVersioned
            if called == 0:
                if value < 1 or (lowest and value > 1):
                    raise NotVersioned
                base = complete = value - 1
            called, writer, writing = value, process, True
        elif type_ == "ok" and writing and process == writer and value == called:
            writing, complete = False, called
        else:
            raise NotVersioned
    if writing:
        raise NotVersioned
    return None


def counts(trial: Trial) -> bool:
    """Does one writer count up in steps of one, and is the register linearizable? False: another method must say.

    What the versioned specification explains, the plain one does: here a yes counts, and no more.
    """
    try:
        return all(map(_Count(trial).event, trial.events)) and len(trial.events) > 0
    except NotVersioned:
        return False


class _Count:
    """`base`: the version before the first write. Raises `NotVersioned`, as above."""

    def __init__(self, trial: Trial) -> None:
        self._operations = trial.operations
        self._lowest = [0] * len(trial.operations)  # what was complete when a read was called
        self._base = self._complete = self._called = 0
        self._writing = False

    def event(self, event: int) -> bool:
        """False: nothing explains this answer."""
        operation = self._operations[event if event >= 0 else ~event]
        if operation.f not in ("read", "write") or operation.outcome == "fail":
            raise NotVersioned
        if event < 0:
            return self._returns(~event, operation)
        if operation.f == "read":
            self._lowest[event] = self._complete
        else:
            self._writes(operation)
        return True

    def _writes(self, operation: Operation) -> None:
        version = operation.value
        if type(version) is not int or version < 1 or self._writing:
            raise NotVersioned
        if not self._called:
            self._base = self._complete = version - 1
        elif version != self._called + 1:
            raise NotVersioned
        self._called, self._writing = version, operation.outcome == "ok"

    def _returns(self, number: int, operation: Operation) -> bool:
        if operation.f == "write":
            self._writing, self._complete = False, self._called
            return True
        found = self._base if operation.result is None else operation.result
        if type(found) is not int or (operation.result is not None and found <= self._base):
            raise NotVersioned
        self._complete = max(self._complete, found)
        return self._lowest[number] <= found <= self._called
