"""Statements that are forgotten, or stand in the wrong order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from harness.hunting.mutants.operators.source import Edit, Mutation, Operator, Place, Source, awaits, tells

_ENDS = frozenset({"cancel", "stop", "close", "abort", "clear", "release", "set"})  # of what runs, waits or is held
_DEEDS = (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)
_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom)


def dropped(source: Source) -> Iterator[Mutation]:
    for place in source.places:
        statement = place.statement
        if isinstance(statement, _DEEDS) and not _tells(statement) and not _ends_something(statement):
            yield without(source, statement)


def cancel_forgotten(source: Source) -> Iterator[Mutation]:
    for place in source.places:
        if _ends_something(place.statement):
            yield without(source, place.statement)


def branch_dropped(source: Source) -> Iterator[Mutation]:
    """An `if` whose body never happens."""
    for place in source.places:
        if isinstance(place.statement, ast.If):
            yield Mutation(place.statement.lineno, (source.replaced(place.statement.test, "False"),))


def swapped(source: Source) -> Iterator[Mutation]:
    return (mutation for mutation, waits in _swaps(source) if not waits)


def await_moved(source: Source) -> Iterator[Mutation]:
    """Others get their turn one statement sooner, or later."""
    return (mutation for mutation, waits in _swaps(source) if waits)


def _swaps(source: Source) -> Iterator[tuple[Mutation, bool]]:
    for place in source.places:
        first, second = place.statement, place.following
        if second is not None and _may_change_places(first) and _may_change_places(second):
            edits = (source.replaced(first, source.text(second)), source.replaced(second, source.text(first)))
            yield Mutation(first.lineno, edits), awaits(first) or awaits(second)


def checked_before_lock(source: Source) -> Iterator[Mutation]:
    """What a `with` begins with is done before it is entered."""
    for place in source.places:
        with_ = place.statement
        if isinstance(with_, ast.With | ast.AsyncWith) and not any(item.optional_vars for item in with_.items):
            yield _moved_out(source, place, with_)


def lock_forgotten(source: Source) -> Iterator[Mutation]:
    for place in source.places:
        with_ = place.statement
        if isinstance(with_, ast.With | ast.AsyncWith) and not any(item.optional_vars for item in with_.items):
            head = Edit(source.span(with_)[0], source.span(with_.body[0])[0], _head(source, with_, "if True:"))
            yield Mutation(with_.lineno, (head,))


def _moved_out(source: Source, place: Place, with_: ast.With | ast.AsyncWith) -> Mutation:
    first = with_.body[0]
    start, _ = source.span(with_)
    inner, outer = source.indent(first), source.indent(with_)
    moved = source.text(first).replace(f"\n{inner}", f"\n{outer}")
    return Mutation(with_.lineno, (Edit(start, start, f"{moved}\n{outer}"), source.replaced(first, "pass")))


def _head(source: Source, with_: ast.With | ast.AsyncWith, head: str) -> str:
    return f"{head}\n{source.indent(with_.body[0])}" if with_.body[0].lineno > with_.lineno else f"{head} "


def without(source: Source, statement: ast.stmt) -> Mutation:
    return Mutation(statement.lineno, (source.replaced(statement, "pass"),))


def called(statement: ast.stmt) -> ast.Call | None:
    """The call that a statement consists of, awaited or not."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    return value if isinstance(value, ast.Call) else None


def _tells(statement: ast.stmt) -> bool:
    call = called(statement)
    return call is not None and tells(call)


def _ends_something(statement: ast.stmt) -> bool:
    call = called(statement)
    return call is not None and isinstance(call.func, ast.Attribute) and call.func.attr in _ENDS


def _may_change_places(statement: ast.stmt) -> bool:
    return not isinstance(statement, (*_LEAVING, ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


OPERATORS: Mapping[str, Operator] = {
    "await-moved": await_moved,
    "branch-dropped": branch_dropped,
    "cancel-forgotten": cancel_forgotten,
    "checked-before-lock": checked_before_lock,
    "lock-forgotten": lock_forgotten,
    "statement-dropped": dropped,
    "statements-swapped": swapped,
}
