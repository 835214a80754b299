"""Exceptions that are swallowed, or caught too narrowly."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from harness.hunting.mutants.operators.source import Mutation, Operator, Source, awaits


def swallowed(source: Source) -> Iterator[Mutation]:
    """Something awaited whose failure nobody hears of, or an exception that is not raised."""
    for place in source.places:
        statement = place.statement
        if isinstance(statement, ast.Raise):
            yield Mutation(statement.lineno, (source.replaced(statement, "pass"),))
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Await):
            outer = source.indent(statement)
            tried = f"try:\n{outer}    {source.text(statement)}\n{outer}except Exception:\n{outer}    pass"
            yield Mutation(statement.lineno, (source.replaced(statement, tried),))


def one_not_caught(source: Source) -> Iterator[Mutation]:
    """Of several exceptions that a handler names, one is missing."""
    for _, handler in _handlers(source):
        if not isinstance(handler.type, ast.Tuple):
            continue
        for left_out in handler.type.elts:
            kept = [source.text(one) for one in handler.type.elts if one is not left_out]
            edit = source.replaced(handler.type, f"({', '.join(kept)},)")
            yield Mutation(handler.body[0].lineno, (edit,))


def too_much_caught(source: Source) -> Iterator[Mutation]:
    """The handler catches whatever comes while others have their turn, being cancelled as well."""
    for statement, handler in _handlers(source):
        if handler.type is not None and any(awaits(one) for one in getattr(statement, "body", ())):
            yield Mutation(statement.lineno, (source.replaced(handler.type, "BaseException"),))


def _handlers(source: Source) -> Iterator[tuple[ast.stmt, ast.ExceptHandler]]:
    for place in source.places:
        for handler in getattr(place.statement, "handlers", ()):
            yield place.statement, handler


OPERATORS: Mapping[str, Operator] = {
    "exception-missed": one_not_caught,
    "exception-swallowed": swallowed,
    "too-much-caught": too_much_caught,
}
