"""Histories for Knossos and Elle: clients' operations as Jepsen's EDN maps, one a line.

`edn_lines`: all operations of a run, as they are. `model_lines`: those of one model, in the words of who checks them:
registers for Knossos' `register`, `cas-register`, `mutex` and `multi-register`, lists as Elle's `list-append`
transactions, those that were none as transactions of one operation, and texts by key as they are, with `:key`.

Processes become numbers in the order of their first call, since Jepsen takes others for the nemesis. An operation that
`info` retired never comes back under its number, because its name does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from checkers.linearizability import Operation, Trial
from checkers.linearizability.transactions import MultiRegister
from checkers.linearizability.values import edn
from harness.history import Op
from harness.interchange import transactions

MULTI_REGISTER = MultiRegister.NAME
_NO_CLIENTS = ("/store", "/replica", "/final", "/journal")  # what components and the harness write


def edn_lines(ops: Iterable[Op]) -> Iterator[str]:
    """One line an op of a client; journals, observations and the harness's own reads are left out."""
    numbers: dict[str, int] = {}
    index = 0
    for op in ops:
        nemesis = op.process == "nemesis"
        if op.process.endswith(_NO_CLIENTS):
            continue
        process = ":nemesis" if nemesis else str(numbers.setdefault(op.process, len(numbers)))
        fields = {"type": f":{op.type}", "f": f":{op.f}", "value": edn(op.value), "process": process}
        said = ", ".join(f":{name} {text}" for name, text in fields.items())
        yield f"{{:index {index}, :time {op.time_ns}, {said}}}"
        index += 1


def model_lines(trial: Trial, model: str) -> Iterator[str]:
    """What never returned is `:info` at the end, and its process goes on under another number."""
    numbers: dict[str, int] = {}  # of processes that may call
    taken: dict[int, int] = {}  # operation → the number it was called under
    under_way: set[str] = set()
    count = -1
    returned = {~event for event in trial.events if event < 0}
    lost = [n for n in trial.events if n >= 0 and n not in returned]
    for index, event in enumerate([*trial.events, *(~n for n in lost)]):
        number = event if event >= 0 else ~event
        operation = trial.operations[number]
        if event < 0:
            type_: str = operation.outcome if number in returned else "info"
            under_way.discard(operation.process)
        else:
            type_ = "invoke"
            if operation.process in under_way or operation.process not in numbers:
                numbers[operation.process] = count = count + 1
            taken[number] = numbers[operation.process]
            if number in returned:
                under_way.add(operation.process)
            else:
                del numbers[operation.process]
        fields = {"type": f":{type_}", "process": str(taken[number]), **_asked(operation, model, type_)}
        yield f"{{:index {index}, " + ", ".join(f":{name} {text}" for name, text in fields.items()) + "}"


def _asked(operation: Operation, model: str, type_: str) -> dict[str, str]:
    if operation.f == transactions.F:
        parts = operation.result if type_ == "ok" and operation.result is not None else operation.value
        return {"f": ":txn", "value": "[" + " ".join(_part(part, model) for part in parts) + "]"}
    reads = operation.f in ("read", "get")
    value = (operation.result if type_ == "ok" else None) if reads else operation.value
    if model != "append":
        key = {} if operation.key is None else {"key": edn(operation.key)}
        return {"f": f":{operation.f}", **key, "value": edn(value)}
    if reads and type_ == "ok":
        value = list(value or ())
    return {"f": ":txn", "value": f"[[{':r' if reads else ':append'} {edn(operation.key)} {edn(value)}]]"}


def _part(part: tuple[str, Any, Any], model: str) -> str:
    """As Elle names them, or Knossos' `multi-register`."""
    f, key, value = part
    name = f if model == MULTI_REGISTER else {"read": "r", "write": "w"}.get(f, f)
    return f"[:{name} {edn(key)} {edn(value)}]"
