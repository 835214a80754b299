"""Jepsen's independent keys: many objects in one history, each value a pair `[key value]`.

Nothing says so but the values. Whoever reads asks with `[key nil]`, and no register is asked for a pair of that kind:
so a history in which someone does is one of independent keys, and then all its values are such pairs.
"""

from __future__ import annotations

from typing import Any

import msgspec

from checkers.linearizability import Malformed
from checkers.linearizability.values import shown
from harness.interchange.calls import Call, Returned
from harness.interchange.names import NIL_KEY

_ASKING = frozenset({"read", "get", "acquire", "release"})


class Pair(tuple):  # type: ignore[type-arg]
    """A pair that says of itself that it is one: `#jepsen.independent.MapEntry [key value]`."""

    __slots__ = ()


def apart(calls: list[Call], returns: list[Returned]) -> tuple[list[Call], list[Returned]]:
    """The same with keys, where they are independent. Raises `Malformed`."""
    asks = next((call for call in calls if call.key is None and _asks_a_pair(call)), None)
    if asks is None:
        return calls, returns
    keyed, told = [], []
    for call, returned in zip(calls, returns, strict=True):
        if not _is_pair(call.value):
            raise Malformed(
                f"line {call.line}: {call.f} {shown(call.value)} is no pair [key value], though {asks.f} "
                f"{shown(asks.value)} in line {asks.line} is one, of independent keys"
            )
        key, value = call.value
        keyed.append(msgspec.structs.replace(call, key=NIL_KEY if key is None else key, value=value))
        told.append(_answer(call, key, returned))
    return keyed, told


def _asks_a_pair(call: Call) -> bool:
    if type(call.value) is Pair:
        return True
    return call.f in _ASKING and _is_pair(call.value) and call.value[1] is None


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _answer(call: Call, key: Any, returned: Returned) -> Returned:
    if returned is None or returned[1] != "ok":
        return returned
    line, type_, value, _ = returned
    if value is None and call.f not in ("read", "get"):
        return returned
    if not _is_pair(value):
        raise Malformed(
            f"line {line}: {call.f} of key {shown(key)}, called in line {call.line}, is answered with {shown(value)}, "
            "which is no pair [key value]"
        )
    if value[0] != key:
        raise Malformed(
            f"line {line}: {call.f} of key {shown(key)}, called in line {call.line}, "
            f"is answered for key {shown(value[0])}"
        )
    return line, type_, value[1], None
