"""Transactions, as Elle has them: `:f :txn, :value [[:append k v] [:r k nil] [:w k v] …]`.

One operation in a transaction is that operation, on the object `k`. Several reads are each of them, judged by itself:
that is less than Elle sees. Of several others the order among objects is what matters, which is not judged here, but by
Elle, or with `multi-register`.
"""

from __future__ import annotations

from typing import Any, Final, cast

from checkers.linearizability import Malformed, Operation
from checkers.linearizability.values import Literal, shown
from harness.interchange.calls import Call, Returned
from harness.interchange.names import NIL_KEY, name_of

F: Final = "txn"
_NAMES = {"r": "read", "w": "write"}

Part = tuple[str, Any, Any]  # f, key, value


def operations(call: Call, returned: Returned, whole: bool) -> list[Operation]:
    """Raises `Malformed`. Of what never returned, or did not happen, nothing is asked but the call."""
    if call.key is not None:
        raise Malformed(f"line {call.line}: a transaction names its keys itself, and here is a key beside it")
    asked = _parts(call.value, call.line)
    outcome = "info" if returned is None else returned[1]
    if outcome in ("fail", "failed"):
        return []
    if not whole:
        _separable(asked, call.line)
    told = None
    answered = 0
    if returned is not None and outcome == "ok":
        answered = returned[0]
        told = _answers(asked, returned[2], call, answered)
    if whole:
        return [_one(call, "", F, tuple(asked), None if told is None else tuple(told), None, outcome, answered)]
    found = []
    for number, (f, key, value) in enumerate(asked):
        result = None if told is None or f != "read" else told[number][2]
        said = None if f == "read" else value
        more = f"+{number}" if number else ""
        found.append(_one(call, more, f, said, result, NIL_KEY if key is None else key, outcome, answered))
    return found


def _one(call: Call, more: str, f: str, value: Any, result: Any, key: Any, outcome: str, answered: int) -> Operation:
    process = name_of(call.process) + more
    said = cast(Any, outcome)
    return Operation(
        f=f, value=value, result=result, key=key, process=process, line=call.line, outcome=said, answered=answered
    )


def _parts(value: Any, line: int) -> list[Part]:
    if not isinstance(value, tuple):
        raise Malformed(f"line {line}: a transaction is a list of operations [f key value], not {shown(value)}")
    return [_part(part, line) for part in value]


def _part(part: Any, line: int) -> Part:
    f = part[0] if isinstance(part, tuple) and len(part) == 3 else None
    name = f.text.removeprefix(":") if isinstance(f, Literal) and f.text.startswith(":") else f
    if not isinstance(name, str):
        raise Malformed(f"line {line}: an operation of a transaction is [f key value], not {shown(part)}")
    return _NAMES.get(name, name), part[1], part[2]


def _separable(asked: list[Part], line: int) -> None:
    if not asked or (len(asked) > 1 and any(f != "read" for f, _, _ in asked)):
        many = f"a transaction of {len(asked)} operations" if asked else "an empty transaction"
        raise Malformed(
            f"line {line}: {many}: only transactions of one operation, [[:append k v]], [[:w k v]] or [[:r k v]], or "
            "of reads alone can be judged by key. `--model multi-register` judges reads and writes of several "
            "registers; for lists Elle does: `--model append --export edn` prints them for it"
        )


def _answers(asked: list[Part], value: Any, call: Call, line: int) -> list[Part]:
    """What was answered, part by part; without an answer to any read nothing need be said."""
    if value is None and all(f != "read" for f, _, _ in asked):
        return asked
    told = _parts(value, line)
    same = len(told) == len(asked) and all(
        mine[:2] == theirs[:2] and (mine[0] == "read" or mine[2] == theirs[2])
        for mine, theirs in zip(asked, told, strict=True)
    )
    if not same:
        raise Malformed(
            f"line {line}: the transaction {shown(call.value)}, called in line {call.line}, "
            f"is answered as {shown(value)}"
        )
    return told
