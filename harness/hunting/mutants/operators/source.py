"""A source as operators read it: its tree, where each node stands in its bytes, and what is not to be touched."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef
Block = list[ast.stmt]
TELLING = frozenset({"journal", "note", "log", "logger", "logging", "warnings", "print"})  # what they tell is no deed
_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Edit:
    """The bytes from `start` to `end` become `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Mutation:
    """One mistake: edits that do not overlap, and the line (from 1) of the statement that they change: only a run that
    comes there is a try."""

    line: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Place:
    """A statement in its block; `function` is the innermost around it."""

    block: Block
    at: int
    function: Function

    @property
    def statement(self) -> ast.stmt:
        return self.block[self.at]

    @property
    def following(self) -> ast.stmt | None:
        return self.block[self.at + 1] if self.at + 1 < len(self.block) else None


class Source:
    """Raises SyntaxError for what is no Python."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.tree = ast.parse(data)
        starts = [0]
        for line in data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts

    def span(self, node: ast.expr | ast.stmt | ast.ExceptHandler) -> tuple[int, int]:
        """Where a node stands in `data`."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def offset(self, line: int, column: int) -> int:
        """Lines count from 1, columns are bytes."""
        return self._starts[line - 1] + column

    def line(self, offset: int) -> int:
        return self.data.count(b"\n", 0, offset) + 1

    def text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self.span(node)
        return self.data[start:end].decode()

    def replaced(self, node: ast.expr | ast.stmt, new: str) -> Edit:
        return Edit(*self.span(node), new)

    def indent(self, statement: ast.stmt) -> str:
        return " " * statement.col_offset

    def functions(self) -> Iterator[tuple[str, Function]]:
        """With their dotted names within the module."""
        yield from _functions(self.tree, "")

    @functools.cached_property
    def places(self) -> Sequence[Place]:
        """Every statement in a function, docstrings and definitions apart."""
        return [place for _, function in self.functions() for place in _places(function, function)]

    def expressions(self) -> Iterator[tuple[Place, ast.expr]]:
        """Every expression that a statement evaluates by itself, with that statement."""
        for place in self.places:
            for found in own_expressions(place.statement):
                yield place, found

    def statement_line(self, offset: int) -> int | None:
        """The first line of the innermost statement in a function that covers an offset; None: it is in none."""
        covering = ((end - start, line) for start, end, line in self._spans if start <= offset < end)
        return min(covering, default=(0, None))[1]

    @functools.cached_property
    def _spans(self) -> Sequence[tuple[int, int, int]]:
        """Start, end and first line of every statement in a function."""
        return [(*self.span(place.statement), place.statement.lineno) for place in self.places]

    def function_name(self, line: int) -> str:
        """Of the innermost function around a line."""
        around = [(f.lineno, name) for name, f in self.functions() if f.lineno <= line <= (f.end_lineno or 0)]
        return max(around, default=(0, ""))[1]

    @functools.cached_property
    def _untouchable(self) -> Sequence[tuple[int, int]]:
        """Where no deed stands: annotations, and what is told to people or to a journal."""
        nodes: list[ast.expr] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
                nodes.append(node.annotation)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
                nodes.append(node.returns)
            elif isinstance(node, ast.Call) and tells(node):
                nodes.append(node)
        return [self.span(node) for node in nodes]

    def is_out_of_bounds(self, mutation: Mutation) -> bool:
        touched = (edit.start for edit in mutation.edits)
        return any(start <= offset < end for offset in touched for start, end in self._untouchable)


Operator = Callable[[Source], Iterator[Mutation]]


def own_expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement without those of the statements in it, nor of a lambda."""
    waiting: list[ast.AST] = [
        child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt | ast.excepthandler)
    ]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.match_case):
            waiting += [node.guard] if node.guard is not None else []
            continue
        if isinstance(node, ast.expr):
            yield node
        waiting += ast.iter_child_nodes(node)


def tells(call: ast.Call) -> bool:
    """Does it only say something, as a line of a log does?"""
    words = {node.attr if isinstance(node, ast.Attribute) else node.id for node in _chain(call.func)}
    return any(word.lstrip("_") in TELLING for word in words)


def awaits(node: ast.AST) -> bool:
    """Does it give others a turn? Not what a function within it would do."""
    if isinstance(node, ast.Await | ast.AsyncWith | ast.AsyncFor):
        return True
    return any(
        awaits(child)
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    )


def _chain(node: ast.expr) -> Iterator[ast.Attribute | ast.Name]:
    while isinstance(node, ast.Attribute):
        yield node
        node = node.value
    if isinstance(node, ast.Name):
        yield node


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _places(node: ast.AST, function: Function) -> Iterator[Place]:
    for block in blocks(node):
        for at, statement in enumerate(block):
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if not _is_docstring(statement):
                yield Place(block, at, function)
            yield from _places(statement, function)


def blocks(node: ast.AST) -> Iterator[Block]:
    """The lists of statements directly in a statement."""
    for name in _BLOCKS:
        if found := getattr(node, name, None):
            yield found
    for inner in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield inner.body


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
