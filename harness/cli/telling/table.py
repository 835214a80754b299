"""Tables on the terminal, whose last column gives way to its width; and values in a few words."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from harness.cli.telling import say
from harness.terminal import harmless

_PIPED = 160  # columns when nobody knows how wide the terminal is
_LEAST = 20  # letters that stay of the last column, however narrow the terminal is
_WIDEST = 44  # of any other column
_TEXT = 36  # letters of one value
_PLAIN = re.compile(r"[\w.:/@*<>%+-]+", re.ASCII)


def show(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A head line and the rows, one line each; an empty cell is a blank, and a row of one cell is a remark."""
    whole = [row for row in rows if len(row) == len(heads)]
    sizes = [min(_WIDEST, max(len(row[at]) for row in (heads, *whole))) for at in range(len(heads) - 1)]
    width = shutil.get_terminal_size((_PIPED, 24)).columns
    say.line(_one(heads, sizes, width), bold=True)
    for row in rows:
        if len(row) == len(heads):
            say.line(_one(row, sizes, width))
        else:
            say.line(cut("".join(row), max(_LEAST, width)), dim=True)


def _one(cells: Sequence[str], sizes: Sequence[int], width: int) -> str:
    line = "  ".join(f"{cut(cell, size):<{size}}" for cell, size in zip(cells, sizes, strict=False))
    return f"{line}  {cut(cells[-1], max(_LEAST, width - len(line) - 2))}".rstrip()


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def words(values: Mapping[str, Any], but: Sequence[str] = ()) -> str:
    """`status=running, text="Привет"`: what is none, or named in `but`, is left out."""
    return ", ".join(f"{key}={short(value)}" for key, value in values.items() if key not in but and value is not None)


def short(value: Any) -> str:
    """A value on one line, in a few letters: it may be a text that the system under test made."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return cut(value, _TEXT)
    return cut(harmless(json.dumps(value, ensure_ascii=False, default=str)), _TEXT)


def seconds(ns: int) -> str:
    """`1.350 s`, all of the same number of digits after the point."""
    return f"{ns / 1e9:.3f} s"
