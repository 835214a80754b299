"""Every reason of every checker as histories on a line (`reasons.txt`): one that has it, its innocent twin, and one of
which nobody can say. A few reasons need what is no token of the language, and have none."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib.resources import files

_CASE = re.compile(
    r"^\[(?P<check>[\w-]+)/(?P<reason>[\w-]+)\]\n"
    r"anomaly: (?P<anomaly>.+)\ninnocent: (?P<innocent>.+)\nunknown \((?P<why>.+?)\): (?P<unknown>.+)$",
    re.M,
)


@dataclass(frozen=True)
class Example:
    """`why` nobody can say of `unknown` whether it has the reason."""

    check: str
    reason: str
    anomaly: str
    innocent: str
    unknown: str
    why: str


def text() -> str:
    return (files("checkers.notation") / "reasons.txt").read_text(encoding="utf-8")


@functools.cache
def examples() -> dict[tuple[str, str], Example]:
    """(checker, reason) → its lines, in the order of the file."""
    return {(match["check"], match["reason"]): Example(**match.groupdict()) for match in _CASE.finditer(text())}
