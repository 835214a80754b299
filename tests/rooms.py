"""The rooms of the house, as their doors say it, and who imports what: read from the sources, for the tests of both.

The last paragraph of a door's docstring says what its files may use: ``May use: `harness/plan/text`, `harness`.`` A
file that stands on top of its room (`harness/doctor.py`) says the same of itself in its own. Names are folders; the
top of a package is its name alone.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("harness", "targets", "faults", "checkers")
WITH_DOORS = ("harness", "checkers")  # the packages in which every folder is a room
ALL = "all of the engine"  # the command line may use it: every room of `harness` but its own ones


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@functools.cache
def imports(path: Path, root: Path = ROOT) -> tuple[tuple[int, str], ...]:
    """(line, dotted module) of every import, wherever it stands; `from a import b` gives `a.b`."""
    return tuple(_read_imports(path, root))


def _read_imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            name = node.args[0] if node.args else None
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def ours(path: Path) -> list[tuple[int, str]]:
    return [(line, module) for line, module in imports(path) if module.split(".")[0] in PACKAGES]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def files() -> Mapping[str, Path]:
    """Dotted name → file, of all four packages."""
    return {name_of(path): path for package in PACKAGES for path in sources(package)}


def file_of(module: str) -> str | None:
    """The file that an import reads: `a.b.NAME` is in `a.b`, if there is no file `a/b/NAME.py`."""
    while module:
        if module in files():
            return module
        module = module.rpartition(".")[0]
    return None


@functools.cache
def uses() -> Mapping[str, set[str]]:
    """File → the files that it imports."""
    return {
        name: {used for _, module in ours(path) if (used := file_of(module)) is not None and used != name}
        for name, path in files().items()
    }


def room_of(file: str) -> str:
    """The folder that it stands in."""
    return files()[file].parent.relative_to(ROOT).as_posix()


@functools.cache
def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""


def said(text: str) -> frozenset[str] | None:
    """What a docstring says that may be used; None: it does not say."""
    found = re.search(r"^May use: (.+?)\.\Z", text, flags=re.MULTILINE | re.DOTALL)
    if found is None:
        return None
    named = frozenset(re.findall(r"`([^`]+)`", found[1]))
    return named | {ALL} if ALL in found[1] else named


@functools.cache
def doors() -> Mapping[str, frozenset[str] | None]:
    """Room → what its door says that its files may use."""
    folders = {path.parent for package in WITH_DOORS for path in sources(package)}
    return {
        folder.relative_to(ROOT).as_posix(): said(docstring(folder / "__init__.py"))
        for folder in sorted(folders)
        if (folder / "__init__.py").exists()
    }


def may_use(file: str) -> frozenset[str]:
    """The rooms that a file may use, its own apart."""
    told = (doors().get(room_of(file)) or frozenset()) | (said(docstring(files()[file])) or frozenset())
    if ALL in told:
        told |= {room for room in doors() if not room.startswith(("harness/cli", "checkers"))}
    return told


def stands_on_top(file: str) -> bool:
    """Whether it says for itself what it may use, beyond its room."""
    return files()[file].name != "__init__.py" and said(docstring(files()[file])) is not None


@functools.cache
def uses_of_rooms() -> Mapping[str, set[str]]:
    """Room → the rooms that its files import from; not those that stand on top of it."""
    found: dict[str, set[str]] = {room: set() for room in doors()}
    for file, used in uses().items():
        if room_of(file) in found and not stands_on_top(file):
            found[room_of(file)] |= {room_of(one) for one in used} - {room_of(file)}
    return found
