"""What happens the first time only, or from the second time on: a flag in the object remembers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from harness.hunting.mutants.operators.source import Mutation, Operator, Source, tells
from harness.hunting.mutants.operators.statements import called

_FLAG = "_done_once"


def first_time_only(source: Source) -> Iterator[Mutation]:
    for statement in _deeds_of_objects(source):
        outer = source.indent(statement)
        text = (
            f'if not vars(self).get("{_FLAG}"):\n{outer}    vars(self)["{_FLAG}"] = True\n'
            f"{outer}    {source.text(statement)}"
        )
        yield Mutation(statement.lineno, (source.replaced(statement, text),))


def not_the_first_time(source: Source) -> Iterator[Mutation]:
    for statement in _deeds_of_objects(source):
        outer = source.indent(statement)
        text = (
            f'if vars(self).get("{_FLAG}"):\n{outer}    {source.text(statement)}\n'
            f'{outer}else:\n{outer}    vars(self)["{_FLAG}"] = True'
        )
        yield Mutation(statement.lineno, (source.replaced(statement, text),))


def _deeds_of_objects(source: Source) -> Iterator[ast.stmt]:
    """Statements with an effect that lasts, in methods of objects that can hold a flag."""
    able = {id(method) for cls in ast.walk(source.tree) if isinstance(cls, ast.ClassDef) for method in _methods(cls)}
    for place in source.places:
        if id(place.function) in able and place.function.name != "__init__" and _lasts(place.statement):
            yield place.statement


def _methods(cls: ast.ClassDef) -> list[ast.stmt]:
    slotted = any(
        keyword.arg == "slots" for decorator in cls.decorator_list for keyword in getattr(decorator, "keywords", ())
    )
    return [
        node
        for node in cls.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not slotted
        and [argument.arg for argument in node.args.args[:1]] == ["self"]
    ]


def _lasts(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign | ast.AugAssign):
        into = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return all(isinstance(target, ast.Attribute | ast.Subscript) for target in into)
    call = called(statement)
    return isinstance(statement, ast.Delete) or (call is not None and not tells(call))


OPERATORS: Mapping[str, Operator] = {
    "first-time-only": first_time_only,
    "not-the-first-time": not_the_first_time,
}
