"""Our own lines as a history of a model's operations: `{"process", "type", "f", "value"}`, and `key` where it is keyed.

The header and the last line of a history are passed over, and so are lines of the nemesis. `fail` means that it did not
happen, but for a `cas`: there it is the answer that the value was another one.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from checkers.linearizability import Malformed, Operation, Trial
from harness.interchange import Format, Pairing

_READS = frozenset({"read", "get"})


class Line(msgspec.Struct, gc=False):
    """One event. A line without `f` is no operation (a header, the end)."""

    process: str | int = ""
    type: Literal["invoke", "ok", "fail", "info"] = "info"
    f: str = ""
    value: Any = None
    key: str | int | None = None


_decode = msgspec.json.Decoder(Line).decode_lines


class Jsonl:
    NAME: ClassVar[str] = "jsonl"
    SUMMARY: ClassVar[str] = "our own lines, one JSON object each"

    def claims(self, head: str) -> bool:
        return head.lstrip().startswith('{"')

    def read(self, text: str) -> Trial:
        pairing = Pairing()
        for number, line in enumerate(decode(text.encode()), 1):
            if line.f and line.process != "nemesis":
                _feed(pairing, number, line)
        return pairing.trial()


def decode(raw: bytes) -> list[Line]:
    """Raises `Malformed`, which names the line."""
    try:
        return _decode(raw)
    except msgspec.DecodeError:
        for number, text in enumerate(raw.splitlines(), 1):
            try:
                _decode(text)
            except msgspec.DecodeError as exc:
                raise Malformed(f"line {number}: {exc}") from None
        raise


def _feed(pairing: Pairing, number: int, line: Line) -> None:
    process = str(line.process)
    if line.type == "invoke":
        asked = None if line.f in _READS else _plain(line.value)
        pairing.call(process, Operation(f=line.f, value=asked, key=line.key, process=process, line=number))
    elif line.type == "ok":
        pairing.returned(process, number, **({"result": _plain(line.value)} if line.f in _READS else {}))
    elif line.type == "info":
        pairing.unknown(process, number)
    elif line.f == "cas":
        pairing.returned(process, number, outcome="fail")
    else:
        pairing.dropped(process, number)


def _plain(value: Any) -> Any:
    return tuple(_plain(v) for v in value) if isinstance(value, list) else value


FORMAT: Format = Jsonl()
