"""Registers: one value, read and written as a whole, perhaps with compare-and-set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final

from checkers.linearizability import Effect, Is, IsNot, Malformed, Model, Operation, Space, To
from checkers.linearizability.values import Literal, shown

_PLAIN: Final = frozenset({int, str, float, bool, type(None)})

NIL: Final = ("nil",)  # the value of a register that nobody wrote


class _Values:
    """The states are the values."""

    dead: Hashable | None = None
    trapped = False

    def __init__(self, initial: Any = None) -> None:
        self.initial: Hashable = as_state(initial)

    def effect(self, operation: Operation) -> Effect:
        f = operation.f
        if f == "read":
            return _read(operation.result)
        if f == "write":
            return _written(operation.value)
        before, after = operation.value
        return _refused(before) if operation.outcome == "fail" else _swapped(before, after)

    def show(self, state: Any) -> Any:
        return show_value(state)


def _remembered(make: Callable[..., Effect]) -> Callable[..., Effect]:
    """`make`, worked out once for equal values of one type. Lists are worked out each time: (1,) equals (1.0,)."""
    known = functools.lru_cache(maxsize=4096, typed=True)(make)

    @functools.wraps(make)
    def made(*values: Any) -> Effect:
        return known(*values) if _PLAIN.issuperset(map(type, values)) else make(*values)

    return made


@_remembered
def _read(value: Any) -> Effect:
    return Is(as_state(value))


@_remembered
def _written(value: Any) -> Effect:
    state = as_state(value)
    return To(lambda _: state, True, ("write", state))


@_remembered
def _swapped(before: Any, after: Any) -> Effect:
    if as_state(before) == as_state(after):
        return Is(as_state(before))
    old, new = as_state(before), as_state(after)
    return To(lambda state: new if state == old else None, False, ("cas", old, new))


@_remembered
def _refused(before: Any) -> Effect:
    return IsNot(as_state(before))


def as_state(value: Any) -> Hashable:
    """Values as states: hashable, never None, and 1 is neither 1.0 nor True."""
    if value is None:
        return NIL
    if type(value) in (int, str):
        return value  # type: ignore[no-any-return]
    if isinstance(value, (list, tuple)):
        return ("list", *(as_state(v) for v in value))
    return (type(value).__name__, repr(value))


def show_value(state: Any) -> Any:
    """What `as_state` made a state of; of odd values their `repr`."""
    if not isinstance(state, tuple):
        return state
    if state == NIL:
        return None
    if state[0] == Literal.__name__:
        return Literal(state[1])
    return [show_value(s) for s in state[1:]] if state[0] == "list" else state[1]


class Register:
    """`initial`: its value at first."""

    NAME = "register"
    SUMMARY = "one value, read and written as a whole; at first {}"
    OPERATIONS: Mapping[str, str] = {"read": "gives the value", "write": "replaces the value"}
    KEYED: bool | None = None

    def __init__(self, initial: Any = None) -> None:
        self.initial = initial

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        return _Values(self.initial)


class CasRegister(Register):
    NAME = "cas-register"
    SUMMARY = "a register with compare-and-set; at first {}"
    OPERATIONS: Mapping[str, str] = {
        **Register.OPERATIONS,
        "cas": "replaces the first value of a pair by the second; refuses where it is another one",
    }

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        for operation in operations:
            if operation.f == "cas" and not _is_pair(operation.value):
                raise Malformed(f"line {operation.line}: cas needs a pair [from to], not {shown(operation.value)}")
        return _Values(self.initial)


class Mutex(CasRegister):
    """Who acquires compares-and-sets it from free to held. It is not known who holds it, as in Knossos' `mutex`."""

    NAME = "mutex"
    SUMMARY = "a lock; at first free"
    OPERATIONS: Mapping[str, str] = {"acquire": "from free to held", "release": "from held to free"}
    _FREE, _HELD = "free", "held"

    def __init__(self) -> None:
        super().__init__(self._FREE)

    def as_cas(self, operation: Operation) -> Operation:
        """What it is to a compare-and-set register."""
        pair = (self._FREE, self._HELD) if operation.f == "acquire" else (self._HELD, self._FREE)
        return Operation(f="cas", value=pair, outcome=operation.outcome, key=operation.key)

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        return _Locks(self)


class _Locks(_Values):
    def __init__(self, model: Mutex) -> None:
        super().__init__(model.initial)
        self._model = model

    def effect(self, operation: Operation) -> Effect:
        return super().effect(self._model.as_cas(operation))


def _is_pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2


def require(model: Model, operations: Sequence[Operation]) -> None:
    """Raises `Malformed` for an operation that the model does not know."""
    if {operation.f for operation in operations} <= model.OPERATIONS.keys():
        return
    odd = next(operation for operation in operations if operation.f not in model.OPERATIONS)
    known = ", ".join(model.OPERATIONS)
    raise Malformed(f"line {odd.line}: {model.NAME} has no operation {odd.f!r}; it has: {known}")
