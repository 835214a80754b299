"""Puts other code into modules when they are imported, in this process alone; their files stay as they are.

It may be installed once, before the modules are loaded. Of a watched file the code says to which statements a run
comes: a call before each of them adds its line to a set.
"""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import CodeType, ModuleType

_REACHED = "_a_run_comes_here"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class AlreadyLoaded(RuntimeError):
    """A module was imported before its code could be changed."""


class Reach:
    """Which statements were come to since the last `clear`: file → lines. What happens while a module is imported is
    no part of a run, and is not counted."""

    def __init__(self) -> None:
        self.lines: dict[str, set[int]] = {}
        self._importing = 0

    def of(self, file: str) -> set[int]:
        return self.lines.setdefault(file, set())

    def clear(self) -> None:
        for lines in self.lines.values():
            lines.clear()

    def execute(self, code: CodeType, module: ModuleType) -> None:
        """The module's own body."""
        before = {file: set(lines) for file, lines in self.lines.items()}
        self._importing += 1
        try:
            exec(code, module.__dict__)
        finally:
            self._importing -= 1
            if not self._importing:
                for file, lines in self.lines.items():
                    lines.intersection_update(before.get(file, ()))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, file: str, code: CodeType, source: str, reach: Reach) -> None:
        super().__init__(name, file)
        self._code, self._source, self._reach = code, source, reach

    def get_code(self, fullname: str) -> CodeType:
        return self._code

    def get_source(self, fullname: str) -> str:
        return self._source

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__[_REACHED] = self._reach.of(self.path).add
        self._reach.execute(self._code, module)


class _Finder(MetaPathFinder):
    def __init__(self, codes: Mapping[str, tuple[CodeType, str]], reach: Reach) -> None:
        self._codes, self._reach = codes, reach

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or spec.origin not in self._codes:
            return None
        spec.loader = _Loader(fullname, spec.origin, *self._codes[spec.origin], self._reach)
        return spec


def install(mutated: Mapping[str, bytes], watched: Sequence[str] = ()) -> Reach:
    """From now on modules of the files `mutated` (absolute path → source) have that source, and those `watched` tell.

    Raises:
        AlreadyLoaded: one of them is imported already.
        SyntaxError: a source is none.
    """
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file in mutated or file in watched:
            raise AlreadyLoaded(f"{file} was imported before it could be changed")
    reach = Reach()
    codes = {file: _compiled(file, source, tells=False) for file, source in mutated.items()}
    codes |= {file: _compiled(file, Path(file).read_bytes(), tells=True) for file in watched}
    sys.meta_path.insert(0, _Finder(codes, reach))
    return reach


def _compiled(file: str, source: bytes, tells: bool) -> tuple[CodeType, str]:
    tree = ast.parse(source, file)
    if tells:
        for function in [node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)]:
            for block in _blocks(function):
                _tell(block, is_body=block is function.body)
        ast.fix_missing_locations(tree)
    return compile(tree, file, "exec", dont_inherit=True), source.decode()


def _tell(block: list[ast.stmt], is_body: bool) -> None:
    """Before each statement of a block, a call; a docstring stays the first."""
    told: list[ast.stmt] = []
    for at, statement in enumerate(block):
        is_docstring = (
            is_body and not at and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        )
        if not is_docstring:
            call = ast.Call(ast.Name(_REACHED, ast.Load()), [ast.Constant(statement.lineno)], [])
            told.append(ast.copy_location(ast.Expr(call), statement))
        told.append(statement)
    block[:] = told


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every block of a function, those of functions and classes within it apart."""
    found = [getattr(node, name) for name in ("body", "orelse", "finalbody") if getattr(node, name, None)]
    inner = [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]
    for block in [*found, *(one.body for one in inner)]:
        statements = list(block)
        yield block
        for statement in statements:
            if not isinstance(statement, (*_DEFINITIONS, ast.ClassDef)):
                yield from _blocks(statement)
