"""A function fits on a screen: one that does not wants to become two."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST_LINES = 50


def _long(path: Path) -> list[str]:
    functions = (
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    sizes = [(f.name, (f.end_lineno or f.lineno) - f.lineno + 1) for f in functions]
    return [f"{path.name}: {name} has {size} lines" for name, size in sizes if size > MOST_LINES]


def test_no_function_is_longer_than_a_screen() -> None:
    files = [
        path for package in ("harness", "targets", "faults", "checkers") for path in (ROOT / package).rglob("*.py")
    ]
    assert len(files) > 300
    assert [line for path in files for line in _long(path)] == []


def test_a_long_function_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "x.py"
    source.write_text("def f():\n" + "    pass\n" * MOST_LINES)
    assert _long(source) == ["x.py: f has 51 lines"]
