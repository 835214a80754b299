"""A component asks one place what time of day it is, so that a fault can make its clock wrong."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import targets
from targets import wall

FOLDER = Path(targets.__file__).parent
FILES = sorted(p for p in FOLDER.rglob("*.py") if "foreign" not in p.parts and p.name != "wall.py")


def asks_the_computer(source: str) -> Iterator[int]:
    """Lines that name `time.time`, called or handed on."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ("time", "time_ns") and ast.unparse(node.value) == "time":
            yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_nobody_asks_the_computer_itself(path: Path) -> None:
    assert list(asks_the_computer(path.read_text())) == []


def test_the_question_would_be_seen() -> None:
    assert sorted(asks_the_computer("import time\nclock = dict(wall=time.time)\nnow_s = time.time()\n")) == [2, 3]


def test_a_clock_is_off_by_what_it_was_told() -> None:
    try:
        wall.set_off(-3_600_000)
        assert -3601 < wall.now_s() - time.time() < -3599
    finally:
        wall.set_off(0)
