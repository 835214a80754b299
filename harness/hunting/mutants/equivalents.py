"""Mutants that somebody looked at and judged to change nothing that the protocol promises: YAML, each with a reason.

    - file: targets/relay/mailbox.py
      function: Mailbox._take
      removes: |
        del self._queue[at]
      puts: |
        self._queue.remove(message)
      reason: the first of equal messages goes, and equal messages are the same

`removes` and `puts` are the lines that the mutant takes away and puts there, whatever their indentation. An entry
whose lines do not stand in that function any more is stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import yaml

from harness.hunting.mutants.operators.source import Source
from harness.hunting.mutants.task import Mutant


class BadEquivalents(ValueError):
    """A file that is no list of equivalent mutants; says where and why."""


class Equivalent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    file: str  # as it ends: `targets/link.py`
    function: str
    removes: str
    puts: str
    reason: str

    def is_of(self, file: str) -> bool:
        return Path(file).parts[-len(Path(self.file).parts) :] == Path(self.file).parts

    def is_stale(self, data: bytes) -> bool:
        """Do its lines not stand together in the function any more?"""
        lines, sought = data.decode().splitlines(), _stripped(self.removes.splitlines())
        bodies = (lines[f.lineno - 1 : f.end_lineno] for name, f in Source(data).functions() if name == self.function)
        return not sought or not any(_contains(_stripped(body), sought) for body in bodies)


class Equivalents:
    def __init__(self, entries: Iterable[Equivalent] = ()) -> None:
        self.entries = list(entries)

    def reason(self, mutant: Mutant, data: bytes) -> str | None:
        """Why it changes nothing; None: nobody said so. `data`: the file without it."""
        removes, puts = (_stripped(lines) for lines in mutant.changed_lines(data))
        for one in self.entries:
            lines = _stripped(one.removes.splitlines()), _stripped(one.puts.splitlines())
            if one.is_of(mutant.file) and one.function == mutant.function and lines == (removes, puts):
                return one.reason
        return None


def read(files: Sequence[Path]) -> Equivalents:
    """Raises `BadEquivalents`."""
    found: list[Equivalent] = []
    for file in files:
        try:
            found += msgspec.convert(yaml.safe_load(file.read_text()), list[Equivalent])
        except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as exc:
            expected = "expected a list of mutants, each with file, function, removes, puts and reason"
            raise BadEquivalents(f"{file}: {expected}: {exc}") from exc
    return Equivalents(found)


def _stripped(lines: Iterable[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _contains(lines: list[str], sought: list[str]) -> bool:
    return any(lines[at : at + len(sought)] == sought for at in range(len(lines)))
