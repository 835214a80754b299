"""Mistakes about who gets a turn: an await that is missing, and what was read before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from harness.hunting.mutants.operators.source import Edit, Mutation, Operator, Source, awaits, own_expressions

_STALE = "_as_it_was"


def await_dropped(source: Source) -> Iterator[Mutation]:
    """The coroutine is made, and never runs."""
    for _, call, start in _awaited(source):
        yield Mutation(call.lineno, (Edit(start, source.span(call)[0], ""),))


def not_waited_for(source: Source) -> Iterator[Mutation]:
    """It runs, and nobody waits until it is done."""
    if not any(isinstance(node, ast.Import) and node.names[0].name == "asyncio" for node in source.tree.body):
        return
    for statement, call, _ in _awaited(source):
        yield Mutation(statement.lineno, (source.replaced(statement, f"asyncio.ensure_future({source.text(call)})"),))


def stale_after_await(source: Source) -> Iterator[Mutation]:
    """A condition or an attribute that was read before others had their turn, and is believed after it."""
    changing = frozenset(_assigned_later(source))
    for place in source.places:
        waits = place.statement
        if not awaits(waits):
            continue
        for later in place.block[place.at + 1 :]:
            for read in _reads(later):
                if _may_change(read, changing) and not _changed_between(
                    source, read, place.block[place.at : place.block.index(later) + 1]
                ):
                    yield _read_early(source, waits, later, read)
            if awaits(later):
                break


def _awaited(source: Source) -> Iterator[tuple[ast.stmt, ast.Call, int]]:
    """Statements that only wait for a call: statement, call, and where the await stands."""
    for place in source.places:
        statement = place.statement
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Await):
            call = statement.value.value
            if isinstance(call, ast.Call):
                yield statement, call, source.span(statement.value)[0]


def _reads(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement evaluates of the state around it: its condition, or the attributes that it reads."""
    if isinstance(statement, ast.If):
        if any(isinstance(node, ast.Attribute | ast.Call) for node in ast.walk(statement.test)):
            yield statement.test
        return
    for found in own_expressions(statement):
        if isinstance(found, ast.Attribute) and isinstance(found.ctx, ast.Load) and isinstance(found.value, ast.Name):
            yield found


def _assigned_later(source: Source) -> Iterator[str]:
    """The attributes that something but a constructor sets: all others are as they were."""
    for place in source.places:
        if place.function.name != "__init__":
            for node in ast.walk(place.statement):
                if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                    yield node.attr


def _may_change(read: ast.expr, changing: frozenset[str]) -> bool:
    """A call asks whatever it likes."""
    return any(
        isinstance(node, ast.Call) or (isinstance(node, ast.Attribute) and node.attr in changing)
        for node in ast.walk(read)
    )


def _changed_between(source: Source, read: ast.expr, statements: list[ast.stmt]) -> bool:
    """Does the expression use a name that was not there, or another value, before them? A call of a method is none."""
    needed = {node.id for node in ast.walk(read) if isinstance(node, ast.Name)}
    stored = {
        node.id
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    is_method = source.data[source.span(read)[1] :][:1] == b"("
    return bool(needed & stored) or awaits(read) or is_method


def _read_early(source: Source, waits: ast.stmt, later: ast.stmt, read: ast.expr) -> Mutation:
    start, _ = source.span(waits)
    early = Edit(start, start, f"{_STALE} = {source.text(read)}\n{source.indent(waits)}")
    return Mutation(later.lineno, (early, source.replaced(read, _STALE)))


OPERATORS: Mapping[str, Operator] = {
    "await-dropped": await_dropped,
    "not-waited-for": not_waited_for,
    "stale-after-await": stale_after_await,
}
