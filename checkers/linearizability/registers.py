"""Registers: one value, read and written as a whole, perhaps with compare-and-set."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final

from checkers.linearizability import Effect, Is, IsNot, Malformed, Model, Operation, Space, To

NIL: Final = ("nil",)  # the value of a register that nobody wrote


class _Values:
    """The states are the values."""

    initial: Hashable = NIL
    dead: Hashable | None = None

    def __init__(self) -> None:
        self._read, self._written = remembered(_read), remembered(_written)
        self._swapped, self._refused = remembered(_swapped), remembered(_refused)

    def effect(self, operation: Operation) -> Effect:
        if operation.f == "read":
            return self._read(operation.result)
        if operation.f == "write":
            return self._written(operation.value)
        swapped = self._refused if operation.outcome == "fail" else self._swapped
        return swapped(operation.value)

    def show(self, state: Any) -> Any:
        return None if state == NIL else state


def _read(value: Any) -> Effect:
    return Is(as_state(value))


def _written(value: Any) -> Effect:
    state = as_state(value)
    return To(lambda _: state, True, ("write", state))


def _swapped(pair: Any) -> Effect:
    before, after = (as_state(value) for value in pair)
    if before == after:
        return Is(before)
    return To(lambda state: after if state == before else None, False, ("cas", before, after))


def _refused(pair: Any) -> Effect:
    return IsNot(as_state(pair[0]))


def remembered(make: Callable[[Any], Effect]) -> Callable[[Any], Effect]:
    """`make`, worked out once for what is written alike."""
    known: dict[str, Effect] = {}

    def made(value: Any) -> Effect:
        written = repr(value)
        found = known.get(written)
        if found is None:
            found = known[written] = make(value)
        return found

    return made


def as_state(value: Any) -> Hashable:
    """Values as states: hashable, never None, and 1 is neither 1.0 nor True."""
    if value is None:
        return NIL
    if type(value) in (int, str):
        return value  # type: ignore[no-any-return]
    if isinstance(value, (list, tuple)):
        return ("list", *(as_state(v) for v in value))
    return (type(value).__name__, repr(value))


class Register:
    NAME = "register"
    SUMMARY = "one value, read and written as a whole; at first nil"
    OPERATIONS: Mapping[str, str] = {"read": "gives the value", "write": "replaces the value"}
    KEYED = False

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        return _Values()


class CasRegister(Register):
    NAME = "cas-register"
    SUMMARY = "a register with compare-and-set; at first nil"
    OPERATIONS: Mapping[str, str] = {
        **Register.OPERATIONS,
        "cas": "replaces the first value of a pair by the second; refuses where it is another one",
    }

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        for operation in operations:
            if operation.f == "cas" and not _is_pair(operation.value):
                raise Malformed(f"line {operation.line}: cas needs a pair [from to], not {operation.value!r}")
        return _Values()


def _is_pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2


def require(model: Model, operations: Sequence[Operation]) -> None:
    """Raises `Malformed` for an operation that the model does not know."""
    if {operation.f for operation in operations} <= model.OPERATIONS.keys():
        return
    odd = next(operation for operation in operations if operation.f not in model.OPERATIONS)
    known = ", ".join(model.OPERATIONS)
    raise Malformed(f"line {odd.line}: {model.NAME} has no operation {odd.f!r}; it has: {known}")
