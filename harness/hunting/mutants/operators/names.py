"""The wrong name of the right kind: a variable of the same scope, an attribute of the same object."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from harness.hunting.mutants.operators.source import Function, Mutation, Operator, Source


def variable_replaced(source: Source) -> Iterator[Mutation]:
    """By another of the same function: of the same declared type, or both without one."""
    types = {id(function): _types(source, function) for _, function in source.functions()}
    for place, found in source.expressions():
        known = types[id(place.function)]
        if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Load) and found.id in known:
            for other, (declared, since) in known.items():
                is_there = since < place.statement.lineno
                if other != found.id and declared == known[found.id][0] and is_there:
                    yield Mutation(place.statement.lineno, (source.replaced(found, other),))


def attribute_replaced(source: Source) -> Iterator[Mutation]:
    """By another that the class declares with the same type."""
    declared = {id(function): types for function, types in _declared(source)}
    for place, found in source.expressions():
        types = declared.get(id(place.function), {})
        if not (isinstance(found, ast.Attribute) and isinstance(found.value, ast.Name) and found.value.id == "self"):
            continue
        if found.attr in types and isinstance(found.ctx, ast.Load):
            for other, type_ in types.items():
                if other != found.attr and type_ == types[found.attr]:
                    yield Mutation(place.statement.lineno, (source.replaced(found, f"self.{other}"),))


def _types(source: Source, function: Function) -> dict[str, tuple[str, int]]:
    """Name → declared type (empty: none) and the line from which on it is there."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    found = {one.arg: (source.text(one.annotation), function.lineno) for one in arguments if one.annotation is not None}
    for statement in function.body:  # at the top only: what a branch binds may not be there
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                for name in names:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, ("", statement.lineno))
    return found


def _declared(source: Source) -> Iterator[tuple[Function, Mapping[str, str]]]:
    for cls in ast.walk(source.tree):
        if not isinstance(cls, ast.ClassDef):
            continue
        types = {
            node.target.id: source.text(node.annotation)
            for node in cls.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        for method in cls.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                yield method, types


OPERATORS: Mapping[str, Operator] = {
    "attribute-replaced": attribute_replaced,
    "variable-replaced": variable_replaced,
}
