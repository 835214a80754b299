"""All that is wrong with a plan, at once: `file:line:col: error: …`, the line, a caret, and what was perhaps meant."""

from __future__ import annotations

import functools
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")  # where YAML sees one
_SHOWN_COLUMNS = 160


@dataclass(frozen=True)
class Source:
    """A text that can be pointed at. `name` is what errors call it."""

    name: str
    text: str

    @functools.cached_property
    def lines(self) -> list[str]:
        return _LINE_BREAK.split(self.text)


@dataclass(frozen=True)
class Span:
    """`width` characters of a line of `source`; line and column count from 0."""

    source: Source
    line: int
    column: int
    width: int = 1


@dataclass(frozen=True)
class PlanError:
    """One thing that is wrong. `where` is a position, or only the name of a file when there is none."""

    where: Span | str
    message: str
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"
    of_runtime: bool = False  # the plan is a good one, and another runtime could play it

    def __str__(self) -> str:
        if isinstance(self.where, str):
            return f"{self.where}: {self.severity}: {self._said}"
        span = self.where
        head = f"{span.source.name}:{span.line + 1}:{span.column + 1}: {self.severity}: {self.message}"
        return "\n".join([head, *_picture(span, self.hint)])

    @property
    def _said(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def annotation(self) -> str:
        """The same as a workflow command of GitHub Actions."""
        where = f"file={_escaped(self.where, ',:')}" if isinstance(self.where, str) else _annotated(self.where)
        return f"::{self.severity} {where}::{_escaped(self._said)}"


class PlanErrors(Exception):
    """A plan that cannot be run, with every reason why, in the order of the text."""

    def __init__(self, errors: Iterable[PlanError]) -> None:
        self.errors = sorted(dict.fromkeys(errors), key=_position)
        super().__init__(len(self.errors))

    @property
    def of_runtime_only(self) -> bool:
        """Nothing is wrong with the plan: this runtime cannot play it."""
        return bool(self.errors) and all(error.of_runtime for error in self.errors)

    def __str__(self) -> str:
        return self.render(os.environ)

    def render(self, environ: Mapping[str, str]) -> str:
        """All errors for people; where GitHub Actions runs this, its annotations as well."""
        lines = [str(error) for error in self.errors]
        if environ.get("GITHUB_ACTIONS") == "true":
            lines += [error.annotation() for error in self.errors]
        return "\n".join(lines)


def one(where: Span | str, message: str, hint: str | None = None) -> PlanErrors:
    return PlanErrors([PlanError(where, message, hint)])


def did_you_mean(close: Iterable[str]) -> str | None:
    words = list(close)
    return f"did you mean {' or '.join(words)}?" if words else None


def _position(error: PlanError) -> tuple[bool, str, int, int]:
    if isinstance(error.where, str):
        return (False, error.where, 0, 0)
    return (True, error.where.source.name, error.where.line, error.where.column)


def _picture(span: Span, hint: str | None) -> list[str]:
    lines = span.source.lines
    line = lines[span.line] if span.line < len(lines) else ""
    begin = max(0, span.column + min(span.width, _SHOWN_COLUMNS // 2) - _SHOWN_COLUMNS)
    shown = line[begin : begin + _SHOWN_COLUMNS]
    before, marked = line[begin : span.column], line[span.column : span.column + span.width]
    number = f"{span.line + 1:>5} | "
    carets = "^" * max(1, min(_columns(marked), _SHOWN_COLUMNS - _columns(before)))
    said = f" {hint}" if hint else ""
    return [f"{number}{_printable(shown)}", f"{'|':>7} {' ' * _columns(before)}{carets}{said}"]


def _printable(text: str) -> str:
    """A terminal must not obey what stands in a plan; every replacement is as wide as what `_columns` counts."""
    return "".join(c if c.isprintable() or unicodedata.category(c) in _INVISIBLE else _stand_in(c) for c in text)


_INVISIBLE = ("Mn", "Me")


def _stand_in(char: str) -> str:
    return " " if char == "\t" else "·"


def _columns(text: str) -> int:
    """Columns that a terminal gives to `text`."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.category(char) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _annotated(span: Span) -> str:
    name, column = _escaped(span.source.name, ",:"), span.column + 1
    return f"file={name},line={span.line + 1},col={column},endColumn={column + span.width}"


def _escaped(text: str, more: str = "") -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def one_a_place(errors: Iterable[PlanError]) -> list[PlanError]:
    """The first thing that was said of each place: what a later pass says there comes of it."""
    found: dict[object, PlanError] = {}
    for error in errors:
        place = (
            (error.where.source.name, error.where.line, error.where.column) if isinstance(error.where, Span) else error
        )
        found.setdefault(place, error)
    return list(found.values())


def raise_errors(found: list[PlanError]) -> None:
    errors = [error for error in found if error.severity == "error"]
    if errors:
        raise PlanErrors(errors)
