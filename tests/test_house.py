"""Sizes that keep the house liveable: a function fits on a screen, a file is read in one sitting, a room is no hall;
and tests stand where one looks for them."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("harness", "targets", "faults", "checkers")
MOST_LINES = 50
MOST_LINES_OF_A_FILE = 400
MOST_FILES = 24
CATALOGUES = ("faults", "checkers", "harness/cli")  # one file a plug-in, or a command: as many as there are
ACROSS = {  # tests that are of no one room
    "bench": "figures, against a peer or a floor",
    "browser": "pages in a real browser",
    "checkers/injections": "true runs with one anomaly, a file a checker",
    "fuzz": "damaged inputs",
    "mutants": "which mistakes change nothing",
    "stories": "whole runs, told",
}
ABOVE = ("harness/", "harness/runtimes/", "harness/wire/")  # where a folder of tests may have its room
MOST_SHARED = 8  # files of a catalogue that are none of its kind, with an underscore


def _long(path: Path) -> list[str]:
    functions = (
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    sizes = [(f.name, (f.end_lineno or f.lineno) - f.lineno + 1) for f in functions]
    return [f"{path.name}: {name} has {size} lines" for name, size in sizes if size > MOST_LINES]


def _files() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def _halls(files: list[Path]) -> list[str]:
    rooms = Counter(path.parent.relative_to(ROOT).as_posix() for path in files if path.name != "__init__.py")
    private = [path for path in files if path.name.startswith("_") and not path.name.startswith("__")]
    shared = Counter(path.parent.relative_to(ROOT).as_posix() for path in private)
    halls = [f"{room} holds {n} files" for room, n in rooms.items() if n > MOST_FILES and room not in CATALOGUES]
    full = [room for room in CATALOGUES if shared[room] > MOST_SHARED]
    return halls + [f"{room} holds {shared[room]} files that are shared" for room in full]


def _homeless(folder: str) -> bool:
    rooms = [folder] if folder.split("/", maxsplit=1)[0] in PACKAGES else [above + folder for above in ABOVE]
    return folder not in ACROSS and not any((ROOT / room / "__init__.py").is_file() for room in rooms)


def test_no_function_is_longer_than_a_screen() -> None:
    assert len(_files()) > 300
    assert [line for path in _files() for line in _long(path)] == []


def test_a_long_function_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "x.py"
    source.write_text("def f():\n" + "    pass\n" * MOST_LINES)
    assert _long(source) == ["x.py: f has 51 lines"]


def test_no_file_is_longer_than_one_sitting() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in _files()}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FILE} == {}


def test_no_room_is_a_hall() -> None:
    assert _halls(_files()) == []


def test_a_hall_is_seen() -> None:
    assert _halls([ROOT / "harness" / "x" / f"{n}.py" for n in range(25)]) == ["harness/x holds 25 files"]
    assert _halls([ROOT / "faults" / f"{n}.py" for n in range(25)]) == []
    assert _halls([ROOT / "faults" / f"_{n}.py" for n in range(9)]) == ["faults holds 9 files that are shared"]


def test_tests_stand_in_a_folder_named_after_the_room_of_what_they_test() -> None:
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")} - {"."}
    assert len(folders) > 20
    assert {folder for folder in folders if _homeless(folder)} == set()
    assert {folder for folder in ACROSS if not (tests / folder).is_dir()} == set()
    assert [name for name in ("checkers/nowhere", "docs", "past") if not _homeless(name)] == []
