"""Histories of other tools, read as trials: one file per format.

A module `harness/interchange/NAME.py` defines `FORMAT`, an object with the attributes of `Format`. The first whose
`claims` says yes reads the file. Our own histories (`harness.history`) are JSON lines and are claimed by `jsonl`.
"""

from __future__ import annotations

import gzip
import importlib
import pkgutil
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Protocol

from checkers.linearizability import Malformed, Operation, Trial

_HEAD_BYTES = 4096


class Format(Protocol):
    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]

    def claims(self, head: str) -> bool:
        """Is a text that begins like `head` of this format?"""
        ...

    def read(self, text: str) -> Trial:
        """Raises `Malformed`, whose message names the line."""
        ...


class Pairing:
    """Puts the calls and returns of processes together, as a file tells them line by line."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.events: list[int] = []
        self._open: dict[str, int] = {}
        self._dropped: set[int] = set()

    def call(self, process: str, operation: Operation) -> None:
        if process in self._open:
            raise Malformed(f"line {operation.line}: process {process} calls again before its last call returned")
        self._open[process] = len(self.operations)
        self.events.append(len(self.operations))
        self.operations.append(operation)

    def returned(self, process: str, line: int, **changed: Any) -> None:
        """It happened; `changed` are fields of the operation that only the return tells."""
        number = self._take(process, line)
        self.operations[number] = _with(self.operations[number], **changed)
        self.events.append(~number)

    def dropped(self, process: str, line: int) -> None:
        """It did not happen."""
        self._dropped.add(self._take(process, line))

    def unknown(self, process: str, line: int) -> None:
        """It may have happened, or may yet: it never returns, and its process is not heard of again."""
        number = self._take(process, line)
        self.operations[number] = _with(self.operations[number], outcome="info")

    def trial(self) -> Trial:
        """What never returned may have happened. What did not happen is left out."""
        for number in self._open.values():
            self.operations[number] = _with(self.operations[number], outcome="info")
        if not self._dropped:
            return Trial(self.operations, self.events)
        kept = [n for n in range(len(self.operations)) if n not in self._dropped]
        new = {old: n for n, old in enumerate(kept)}
        events = [new[e] if e >= 0 else ~new[~e] for e in self.events if (e if e >= 0 else ~e) in new]
        return Trial([self.operations[n] for n in kept], events)

    def _take(self, process: str, line: int) -> int:
        try:
            return self._open.pop(process)
        except KeyError:
            raise Malformed(f"line {line}: process {process} returns without having called") from None


def _with(operation: Operation, **changed: Any) -> Operation:
    fields = {name: getattr(operation, name) for name in operation.__struct_fields__}
    return Operation(**{**fields, **changed})


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Line number from 1 and stripped line, empty ones left out."""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped:
            yield number, stripped


def formats() -> Iterable[Format]:
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        found = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FORMAT", None)
        if found is not None:
            yield found


def read(path: Path) -> tuple[str, Trial]:
    """The format's name, and the trial; of an empty file, which is of no format, an empty one.

    Raises `Malformed` for a file that no format claims, and `OSError`.
    """
    text = text_of(path)
    if not text.strip():
        return "empty", Trial([], [])
    format_ = format_of(text)
    if format_ is not None:
        return format_.NAME, format_.read(text)
    known = "; ".join(f"{f.NAME}: {f.SUMMARY}" for f in formats())
    raise Malformed(f"it is of no known format ({known})")


def format_of(text: str) -> Format | None:
    """The first that claims it."""
    return next((format_ for format_ in formats() if format_.claims(text[:_HEAD_BYTES])), None)


def text_of(path: Path) -> str:
    """The file, unpacked. Raises `Malformed` for one that is damaged, and `OSError`."""
    raw = path.read_bytes()
    try:
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        return raw.decode()
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise Malformed(f"the compressed file is damaged: {exc}") from None
    except UnicodeDecodeError as exc:
        raise Malformed(f"not a text in UTF-8 (byte {exc.start})") from None
