"""What a file tells, event by event, becomes a trial: calls and returns of processes are put together.

Every format says the same things: a line, a process, whether it calls or how it returns, an operation `f`, a value and
perhaps a key. What must hold of them is asked here, once.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from checkers.linearizability import Malformed, Operation, Trial
from checkers.linearizability.values import shown
from harness.interchange import independent, transactions
from harness.interchange.calls import Call, Returned
from harness.interchange.names import name_of

_READS = frozenset({"read", "get"})
_NAMELESS = ("acquire", "release")  # operations without a value


class Recording:
    """`event` is told line by line. `others`: lines that are no operations of clients, by what they are, counted."""

    def __init__(self, refusals: bool) -> None:
        """`refusals`: a compare-and-set that fails is an answer: the value was another one. Else it did not happen."""
        self.calls: list[Call] = []
        self.returns: list[Returned] = []  # line, type, value, key
        self.events: list[int] = []
        self.others: dict[str, int] = {}
        self._open: dict[Hashable, int] = {}
        self._given_up: dict[Hashable, int] = {}  # process → the line at which its last call became `info`
        self._refusals = refusals

    def other(self, what: str) -> None:
        self.others[what] = self.others.get(what, 0) + 1

    def event(self, line: int, process: Hashable, type_: str, f: str, value: Any, key: Any) -> None:
        """`type_` as Jepsen has them, or `failed`: a `fail` that is no answer. Raises `Malformed`."""
        if type_ == "invoke":
            number = len(self.calls)
            if self._open.setdefault(process, number) != number:
                before = self.calls[self._open[process]].line
                name = name_of(process)
                raise Malformed(
                    f"line {line}: process {name} calls again before its last call, of line {before}, returned"
                )
            self.calls.append(Call(line, process, f, value, key))
            self.returns.append(None)
            self.events.append(number)
            return
        found = self._open.pop(process, None)
        if found is None:
            raise Malformed(self._without_call(line, process))
        call = self.calls[found]
        if call.f != f or (key is not None and key != call.key):
            raise Malformed(_another(line, call, f, key))
        self.returns[found] = (line, type_, value, key)
        if type_ == "info":
            self._given_up[process] = line
        else:
            self.events.append(~found)

    def _without_call(self, line: int, process: Hashable) -> str:
        said = f"line {line}: process {name_of(process)} returns without having called"
        given_up = self._given_up.get(process)
        return f"{said}: its last call was given up (:info) in line {given_up}" if given_up is not None else said

    def trial(self, whole: bool = False) -> Trial:
        """What never returned may have happened. What did not happen is left out.

        `whole`: transactions are operations `txn` (see `checkers.linearizability.transactions`). Else those of one
        operation are that operation, and of several reads each is one. Raises `Malformed`.
        """
        calls, returns = independent.apart(self.calls, self.returns)
        _all_or_no_keys(calls)
        operation = self._operation
        taken = [
            operation(call, returned) if call.f != transactions.F else transactions.operations(call, returned, whole)
            for call, returned in zip(calls, returns, strict=True)
        ]
        return _trial(self.events, taken)

    def _operation(self, call: Call, returned: Returned) -> list[Operation]:
        """One, or none where it did not happen."""
        f, key, line = call.f, call.key, call.line
        process = str(call.process) if type(call.process) is int else name_of(call.process)
        reads = f in _READS
        asked = None if reads or f in _NAMELESS else call.value
        if returned is None or returned[1] == "info":
            return [Operation(f=f, value=asked, outcome="info", key=key, process=process, line=line)]
        answered, type_, told, _ = returned
        if type_ == "ok":
            if reads:
                return [Operation(f=f, result=told, key=key, process=process, line=line, answered=answered)]
            if told is not None and told != asked and f not in _NAMELESS:
                raise Malformed(
                    f"line {answered}: {f} {shown(asked)}, called in line {line}, is answered as {f} {shown(told)}; "
                    "what was asked, or nothing, belongs there"
                )
            return [Operation(f=f, value=asked, key=key, process=process, line=line, answered=answered)]
        if type_ == "failed" or not (self._refusals and f == "cas"):
            return []
        return [Operation(f=f, value=asked, outcome="fail", key=key, process=process, line=line, answered=answered)]


def _another(line: int, call: Call, f: str, key: Any) -> str:
    """A return that answers another call."""
    asked, told = call.f, f
    if call.f == f:
        asked, told = f"{f} of key {shown(call.key)}", f"{f} of key {shown(key)}"
        if call.key is None:
            asked = f"{f} of no key"
    return f"line {line}: process {name_of(call.process)} called {asked} in line {call.line}, and is answered as {told}"


def _all_or_no_keys(calls: list[Call]) -> None:
    keyed = next((call for call in calls if call.key is not None), None)
    if keyed is None:
        return
    odd = next((call for call in calls if call.key is None and call.f != transactions.F), None)
    if odd is not None:
        raise Malformed(
            f"line {odd.line}: {odd.f} names no key, though {keyed.f} in line {keyed.line} names {shown(keyed.key)}"
        )


def _trial(events: list[int], taken: list[list[Operation]]) -> Trial:
    """`taken`: the operations that one call became."""
    if {len(found) for found in taken} <= {1}:
        return Trial([found[0] for found in taken], events)
    first: list[int] = []
    operations: list[Operation] = []
    for found in taken:
        first.append(len(operations))
        operations += found
    told = []
    for event in events:
        number = event if event >= 0 else ~event
        place = first[number]
        for more in range(len(taken[number])):
            told.append(place + more if event >= 0 else ~(place + more))
    return Trial(operations, told)
