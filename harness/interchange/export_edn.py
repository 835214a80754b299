"""Our histories for Knossos and Elle: clients' operations as Jepsen's EDN maps, one a line.

Processes become numbers in the order of their first call, since Jepsen takes others for the nemesis. An operation that
`info` retired never comes back under its number, because its name does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.history import Op

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


def edn(value: Any) -> str:
    """A JSON value as EDN. Maps keep their keys as strings."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(edn(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{edn(str(k))} {edn(v)}" for k, v in value.items()) + "}"
    return str(value)
