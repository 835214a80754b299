"""Text that grows: a key-value store with put, append and get, and lists that are appended to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from checkers.linearizability import Effect, Is, Malformed, Operation, Space, To
from checkers.linearizability.registers import require
from checkers.linearizability.values import shown

DEAD: Final = -1
UNREAD: Final = "(a value that nobody read)"  # the dead state, to a reader


class _Prefixes:
    """The states are those values of which somebody saw a continuation: numbered, by value.

    Any other value is the one dead state: appending leads out of it no more than out of its real value, which no read
    can have returned. `V` is str or a tuple of elements, both ordered and sliceable.
    """

    dead: Hashable | None = DEAD

    def __init__(self, initial: Any, seen: set[Any], trapped: bool) -> None:
        self.trapped = trapped
        self._seen = sorted(seen)
        self._numbers: dict[Any, int] = {}
        self._values: list[Any] = []
        self.initial: Hashable = self.number(initial)

    def number(self, value: Any) -> int:
        found = self._numbers.get(value)
        if found is None:
            at = bisect_left(self._seen, value)  # all continuations of a value follow it in order
            if at < len(self._seen) and self._seen[at][: len(value)] == value:
                found = len(self._values)
                self._values.append(value)
            else:
                found = DEAD
            self._numbers[value] = found
        return found

    def append(self, state: int, tail: Any) -> int:
        return DEAD if state == DEAD else self.number(self._values[state] + tail)

    def show(self, state: Any) -> Any:
        return show_text(DEAD if state == DEAD else self._values[state])

    def _append(self, tail: Any) -> Effect:
        return To(lambda state: self.append(state, tail), False, ("append", tail))


def show_text(value: Any) -> Any:
    if value == DEAD:
        return UNREAD
    return list(value) if isinstance(value, tuple) else value


class _Texts(_Prefixes):
    def effect(self, operation: Operation) -> Effect:
        value = operation.value
        if operation.f == "get":
            return Is(self.number(operation.result or ""))
        if operation.f == "append":
            return self._append(value)
        number = self.number(value)
        return To(lambda _: number, True, ("put", value))


class _Lists(_Prefixes):
    def effect(self, operation: Operation) -> Effect:
        if operation.f == "read":
            return Is(self.number(tuple(operation.result or ())))
        return self._append((operation.value,))


class _Whole(_Prefixes):
    """Every value is a state of its own, read or not."""

    dead: Hashable | None = None

    def number(self, value: Any) -> int:
        found = self._numbers.setdefault(value, len(self._values))
        if found == len(self._values):
            self._values.append(value)
        return found


class _WholeTexts(_Whole, _Texts):
    pass


class _WholeLists(_Whole, _Lists):
    pass


class KeyValue:
    NAME = "kv"
    SUMMARY = "texts by key: put, append, get; at first empty; each key is judged for itself"
    OPERATIONS: Mapping[str, str] = {
        "get": "gives the text",
        "put": "replaces the text",
        "append": "adds to the end of the text",
    }
    KEYED: bool | None = True

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        for operation in operations:
            if operation.f == "get":
                _typed(operation, "gives", "a text or nil", (operation.result,), (str, type(None)))
            else:
                _typed(operation, "needs", "a text", (operation.value,), (str,))
        seen = {o.result or "" for o in operations if o.f == "get" and o.outcome == "ok"}
        return _Texts("", seen, all(o.f != "put" for o in operations))

    def whole(self) -> Space:
        return _WholeTexts("", set(), False)


class AppendList:
    NAME = "append"
    SUMMARY = "lists by key: append one element, read all; at first empty; each key is judged for itself"
    OPERATIONS: Mapping[str, str] = {"read": "gives all elements in order", "append": "adds one element to the end"}
    KEYED: bool | None = True

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        compared = any(operation.f == "read" and operation.result for operation in operations)
        kind: type | None = None  # of all elements, where they are compared with one another
        for operation in operations:
            appends = operation.f == "append"
            elements = (operation.value,) if appends else _elements(operation)
            _typed(operation, *(_ELEMENT if appends else _LIST), elements, (int, str))
            for element in elements if compared else ():
                kind = kind or type(element)
                if type(element) is not kind:
                    raise Malformed(
                        f"line {_line(operation)}: a list of the model append is one of numbers or one of texts, "
                        f"and not of both: {shown(element)} is no {'number' if kind is int else 'text'}"
                    )
        seen = {tuple(o.result or ()) for o in operations if o.f == "read" and o.outcome == "ok"}
        return _Lists((), seen, True)

    def whole(self) -> Space:
        return _WholeLists((), set(), False)


_ELEMENT = ("needs", "a number or a text")
_LIST = ("gives", "a list of numbers or of texts")


def _elements(read: Operation) -> Sequence[Any]:
    if read.result is not None and not isinstance(read.result, (list, tuple)):
        raise Malformed(
            f"line {_line(read)}: a read of the model append gives a list of numbers or of texts, "
            f"not {shown(read.result)}"
        )
    return read.result or ()


def _typed(operation: Operation, does: str, said: str, values: Sequence[Any], kinds: tuple[type, ...]) -> None:
    for value in values:
        if type(value) not in kinds:
            raise Malformed(f"line {_line(operation)}: {operation.f} {does} {said}, not {shown(value)}")


def _line(operation: Operation) -> int:
    """Where it says what is wrong with it."""
    return (operation.answered if operation.f in ("read", "get") else 0) or operation.line
