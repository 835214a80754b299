"""Operators of Cosmic Ray, by the names of the mistakes that they make."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.plugins import get_operator

from harness.hunting.mutants.operators.source import Edit, Mutation, Operator, Source

_KINDS = {
    "arithmetic-replaced": [
        "ReplaceBinaryOperator_Add_Sub",
        "ReplaceBinaryOperator_Sub_Add",
        "ReplaceBinaryOperator_Mul_Add",
        "ReplaceBinaryOperator_BitAnd_BitOr",
        "ReplaceBinaryOperator_BitOr_BitAnd",
    ],
    "break-or-continue": ["ReplaceBreakWithContinue", "ReplaceContinueWithBreak"],
    "comparison-negated": [
        "ReplaceComparisonOperator_Eq_NotEq",
        "ReplaceComparisonOperator_NotEq_Eq",
        "ReplaceComparisonOperator_Is_IsNot",
        "ReplaceComparisonOperator_IsNot_Is",
    ],
    "condition-negated": ["AddNot", "ReplaceUnaryOperator_Delete_Not"],
    "exception-not-caught": ["ExceptionReplacer"],
    "and-or-or": ["ReplaceAndWithOr", "ReplaceOrWithAnd"],
    "loop-skipped": ["ZeroIterationForLoop"],
    "number-off-by-one": ["NumberReplacer"],
    "bound-off-by-one": [
        "ReplaceComparisonOperator_Lt_LtE",
        "ReplaceComparisonOperator_LtE_Lt",
        "ReplaceComparisonOperator_Gt_GtE",
        "ReplaceComparisonOperator_GtE_Gt",
    ],
    "truth-reversed": ["ReplaceTrueWithFalse", "ReplaceFalseWithTrue"],
}
_NOBODY_RAISES = "()"  # the library names an exception of its own, which the mutated module does not know


def _library(names: list[str], source: Source) -> Iterator[Mutation]:
    text = source.data.decode()
    nodes = _nodes(text)
    for name in names:
        operator = get_operator(f"core/{name}")()
        for node in nodes:
            for index, _ in enumerate(operator.mutation_positions(node)):
                before, after = str(node.get_code()), _mutated(operator, node, index)
                if after == before:
                    continue
                row, column = node.get_start_pos_of_prefix()
                start = source.offset(row, len(text.split("\n", row)[row - 1][:column].encode()))
                edit = _difference(start, before, after)
                line = source.statement_line(edit.start)
                if line is not None:
                    yield Mutation(line, (edit,))


@functools.lru_cache(maxsize=4)
def _nodes(text: str) -> list[Any]:
    """Nobody changes them."""
    return list(ast_nodes(get_ast(text)))


def _mutated(operator: Any, node: Any, index: int) -> str:
    """The text of the node after the mutation: of a copy, since operators change what they are given."""
    parent, node.parent = node.parent, None  # else the copy is one of the whole tree
    alone = copy.deepcopy(node)
    node.parent = alone.parent = parent
    try:
        changed = operator.mutate(alone, index)
    except AttributeError:  # it took a dotted name (`asyncio.TimeoutError`) for a plain one
        return str(node.get_code())
    code = "" if changed is None else str(changed.get_code())
    return code.replace("CosmicRayTestingException", _NOBODY_RAISES)


def _difference(offset: int, before: str, after: str) -> Edit:
    """The least edit that makes `after` of the `before` that stands at an offset."""
    head = _in_common(before, after)
    tail = _in_common(before[head:][::-1], after[head:][::-1])
    start = offset + len(before[:head].encode())
    return Edit(start, start + len(before[head : len(before) - tail].encode()), after[head : len(after) - tail])


def _in_common(one: str, other: str) -> int:
    """How many characters they both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


OPERATORS: Mapping[str, Operator] = {kind: functools.partial(_library, names) for kind, names in _KINDS.items()}
