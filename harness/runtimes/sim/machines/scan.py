"""Reads the source of a foreign program, and finds what no fence can catch while it runs.

`datetime` is compiled: its classes cannot be replaced, and whoever holds one has the real wall clock. So every mention
of such a name is looked up through the imports of its file, wherever they stand, and refused with its place. Modules
that the program imports are read too, unless they belong to the standard library or are installed.
"""

from __future__ import annotations

import ast
import functools
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.runtimes.sim.kernel.guard import is_library, shown

_WALL = "reads the real wall clock; use time.time(), as datetime.fromtimestamp(time.time(), tz)"
_REFUSED = {
    "datetime.datetime.now": _WALL,
    "datetime.datetime.utcnow": _WALL,
    "datetime.datetime.today": _WALL,
    "datetime.date.today": _WALL,
    "os.getrandom": "draws from the machine; use the random or secrets module",
    "_thread.start_new_thread": "a thread runs on real time",
}
_OURS = ("harness", "faults", "checkers", "targets")
FOREIGN_ROOM = "targets.foreign"  # examples: written as if somebody else had


@dataclass(frozen=True)
class Found:
    """A module's file, or why there is none."""

    module: str
    file: str


def search_path(path: str | None) -> list[str]:
    """Where a foreign module is looked for: its own folder, the working directory, PYTHONPATH."""
    return list(dict.fromkeys([*([path] if path else []), str(Path.cwd()), *sys.path]))


def find(module: str, path: str | None) -> str | None:
    """The file of a module, without running anything; None: there is none."""
    where: Sequence[str] | None = search_path(path)
    spec = None
    for at in range(1, module.count(".") + 2):
        name = ".".join(module.split(".")[:at])
        if where is None:  # a name within a module that is no package; the finder would look for it everywhere
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, where)
        if spec is None:
            return None
        where = spec.submodule_search_locations
    return spec.origin if spec is not None and spec.origin else None


def is_foreign(module: str, file: str, entry: str) -> bool:
    """Is it the program's own? Everything in the entry's top package is, wherever it is installed."""
    top = entry.partition(".")[0]
    if module.partition(".")[0] in _OURS:
        return module == FOREIGN_ROOM or module.startswith(f"{FOREIGN_ROOM}.")
    return module.partition(".")[0] == top or not is_library(file)


def sources(module: str, path: str | None) -> Iterator[Found]:
    """The entry and every module of the program's own that it imports, each once."""
    waiting, seen = [module, *_parents(module)], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        file = find(name, path)
        if file is None or not file.endswith(".py") or not is_foreign(name, file, module):
            continue
        yield Found(name, file)
        package = name if file.endswith("__init__.py") else name.rpartition(".")[0]
        waiting += _Source.of(file).imported(package)


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def complaints(module: str, path: str | None) -> list[str]:
    """Everything in the program that cannot be simulated, as far as reading tells: `file:line:col: name why`."""
    return [said for found in sources(module, path) for said in _Source.of(found.file).complaints(shown(found.file))]


class _Source:
    """One file: what it imports under which name, and what it mentions."""

    def __init__(self, text: str) -> None:
        self._imports: list[ast.Import | ast.ImportFrom] = []
        self._names: dict[str, str] = {}  # as the file calls it → dotted name
        self._mentions: list[ast.Attribute | ast.Name] = []
        try:
            tree: ast.AST = ast.parse(text)
        except (SyntaxError, ValueError):
            return  # importing it says more
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._imports.append(node)
                self._names.update(_bound(node))
            elif isinstance(node, ast.Attribute | ast.Name):
                self._mentions.append(node)

    @staticmethod
    def of(file: str) -> _Source:
        stat = Path(file).stat()
        return _read(file, stat.st_mtime_ns, stat.st_size)

    def imported(self, package: str) -> list[str]:
        """Dotted names that may be modules; `from a import b` gives `a` and `a.b`."""
        found: list[str] = []
        for node in self._imports:
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
                continue
            parts = package.split(".") if package else []
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        return [name for name in found if name]

    def complaints(self, file: str) -> list[str]:
        found = []
        for node in sorted(self._mentions, key=lambda node: (node.lineno, node.col_offset)):
            name = self._dotted(node)
            if name in _REFUSED:
                found.append(f"{file}:{node.lineno}:{node.col_offset + 1}: {name} {_REFUSED[name]}")
        return found

    def _dotted(self, node: ast.expr) -> str:
        """What `node` mentions, through the file's imports; empty when it is nothing imported."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id, "")
        if isinstance(node, ast.Attribute) and (base := self._dotted(node.value)):
            return f"{base}.{node.attr}"
        return ""


@functools.lru_cache(maxsize=512)
def _read(file: str, mtime_ns: int, size: int) -> _Source:
    """By time and size as well: an edited file is read anew."""
    return _Source(Path(file).read_text(encoding="utf-8", errors="replace"))


def _bound(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names if not node.level}
    whole = {alias.asname: alias.name for alias in node.names if alias.asname}
    return whole | {top: top for alias in node.names if not alias.asname for top in (alias.name.partition(".")[0],)}
