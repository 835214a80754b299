"""Histories of other tools, read as trials: one file per format.

A module `harness/interchange/NAME.py` defines `FORMAT`, an object with the attributes of `Format`. The first whose
`claims` says yes reads the file. Our own histories (`harness.history`) are JSON lines and are claimed by `jsonl`.

What is understood is judged as it is; what is not is refused, with its line and what would be right. Nothing is left
out without a word: a `Recording` counts the lines that are no operations of clients.

Formats: `jsonl`, `edn` (read by `edn_text` and `edn_atoms`, or `compiled`), `jepsen_log`. What they share: `source`
(a file or a pipe as a text) · `calls` and `names` (what a line tells) · `independent` (many objects in one history) ·
`transactions` · `recording` (events become a trial). The other way: `export_edn`, and of a run's jobs `export_jobs`
with `streams`.

May use: `harness`, `checkers/linearizability`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Protocol

from checkers.linearizability import Malformed, Trial
from checkers.linearizability.values import shown
from harness.interchange.recording import Recording
from harness.interchange.source import text_of

__all__ = ["Format", "format_of", "formats", "read", "record", "text_of"]


class Format(Protocol):
    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]

    def claims(self, text: str) -> bool:
        """Is it of this format?"""
        ...

    def record(self, text: str) -> Recording:
        """Raises `Malformed`, whose message names the line."""
        ...

    def read(self, text: str) -> Trial:
        """The same, put together. Raises `Malformed`."""
        ...


def formats() -> Iterable[Format]:
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        found = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FORMAT", None)
        if found is not None:
            yield found


def read(path: Path) -> tuple[str, Trial]:
    """The format's name, and the trial; of an empty file, which is of no format, an empty one.

    Raises `Malformed` for a file that no format claims, and `OSError`.
    """
    name, recording = record(text_of(path))
    return name, recording.trial()


def record(text: str) -> tuple[str, Recording]:
    """The format's name, and what was told. Raises `Malformed`."""
    if not text.strip():
        return "empty", Recording(refusals=False)
    format_ = format_of(text)
    if format_ is not None:
        return format_.NAME, format_.record(text)
    known = "; ".join(f"{f.NAME}: {f.SUMMARY}" for f in formats())
    begins = text.lstrip()
    line = text[: len(text) - len(begins)].count("\n") + 1
    raise Malformed(f"it is of no known format ({known}); line {line} begins with {shown(begins.splitlines()[0])}")


def format_of(text: str) -> Format | None:
    """The first that claims it."""
    return next((format_ for format_ in formats() if format_.claims(text)), None)
