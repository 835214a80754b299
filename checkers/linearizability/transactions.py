"""Several registers, read and written in transactions: Knossos' `multi-register`.

An operation `txn` has for `value` and `result` its parts `(f, key, value)`, `f` being `read` or `write`, and happens at
one instant. Whether some order of them explains all reads is asked of the registers as a whole; those that share no
transaction are objects of their own (`components`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import msgspec

from checkers.linearizability import Effect, Malformed, Operation, Space, To, Trial
from checkers.linearizability.registers import as_state, require, show_value
from checkers.linearizability.values import a_map, shown

Part = tuple[str, Any, Any]


class MultiRegister:
    """`initial`: what each register holds at first."""

    NAME = "multi-register"
    SUMMARY = "registers by key, read and written in transactions; each at first {}"
    OPERATIONS: Mapping[str, str] = {"txn": "reads and writes registers, at one instant: [[:read k v] [:write k v] …]"}
    KEYED: bool | None = None

    def __init__(self, initial: Any = None) -> None:
        self.initial = initial

    def space(self, operations: Sequence[Operation]) -> Space:
        require(self, operations)
        for operation in operations:
            odd = next((f for f, _, _ in operation.value if f not in ("read", "write")), None)
            if odd is not None:
                raise Malformed(
                    f"line {operation.line}: a transaction of {self.NAME} has no operation {shown(odd)}; "
                    "it has: read (or r), write (or w)"
                )
        return _Registers(operations, self.initial)


class _Registers:
    """A state is a value for every key, in order of first use."""

    dead: Hashable | None = None
    trapped = False

    def __init__(self, operations: Sequence[Operation], initial: Any) -> None:
        self._places: dict[Hashable, int] = {}
        for operation in operations:
            for _, key, _ in operation.value:
                self._places.setdefault(key, len(self._places))
        self.initial: Hashable = (as_state(initial),) * len(self._places)

    def effect(self, operation: Operation) -> Effect:
        """What a transaction that never returned has read is not known, and says nothing."""
        known = operation.outcome != "info"
        parts = operation.value if not known or operation.result is None else operation.result
        steps = tuple((f == "read", self._places[key], as_state(value)) for f, key, value in parts)
        steps = steps if known else tuple(step for step in steps if not step[0])
        written = {place for reads, place, _ in steps if not reads}
        blind = len(written) == len(self._places) and not any(reads for reads, _, _ in steps)
        return To(lambda state: _after(state, steps), blind, ("txn", steps))

    def show(self, state: Any) -> Any:
        return a_map((key, show_value(state[place])) for key, place in self._places.items())


def _after(state: tuple[Hashable, ...], steps: tuple[tuple[bool, int, Hashable], ...]) -> tuple[Hashable, ...] | None:
    now = list(state)
    for reads, place, value in steps:
        if not reads:
            now[place] = value
        elif now[place] != value:
            return None
    return tuple(now)


def components(trial: Trial) -> Trial:
    """The same with a key for every operation, where there are several sets of registers that share no transaction: the
    first of its registers. Raises `Malformed` for an operation that is no transaction."""
    require(MultiRegister(), trial.operations)
    roots: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        while roots.setdefault(key, key) != key:
            roots[key] = key = roots[roots[key]]
        return key

    for operation in trial.operations:
        for _, key, _ in operation.value:
            roots[root(key)] = root(operation.value[0][1])
    if len({root(key) for key in list(roots)}) <= 1:
        return trial
    keyed = [msgspec.structs.replace(o, key=root(o.value[0][1])) if o.value else o for o in trial.operations]
    return Trial(keyed, trial.events)
