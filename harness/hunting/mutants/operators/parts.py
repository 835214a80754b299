"""A part that is forgotten: of a key, of a condition, of what is sent, of an argument list, or a copy."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from harness.hunting.mutants.operators.source import Edit, Mutation, Operator, Place, Source

_COPIES = frozenset({"list", "tuple", "dict", "set", "sorted", "frozenset"})
_OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def key_part_dropped(source: Source) -> Iterator[Mutation]:
    """Of a tuple or of a text that is put together, one part is the same for all."""
    for place, found in source.expressions():
        if isinstance(place.statement, ast.Raise):
            continue
        if isinstance(found, ast.Tuple) and isinstance(found.ctx, ast.Load) and not _is_unpacked(place, found):
            for part in found.elts:
                if not isinstance(part, ast.Constant | ast.Starred):
                    yield Mutation(place.statement.lineno, (source.replaced(part, "None"),))
        elif isinstance(found, ast.JoinedStr):
            yield from _text_part_dropped(source, place, found)


def _text_part_dropped(source: Source, place: Place, text: ast.JoinedStr) -> Iterator[Mutation]:
    if text.lineno != text.end_lineno:
        return
    for part in text.values if len(text.values) > 1 else ():
        if isinstance(part, ast.FormattedValue) and part.format_spec is None:
            start, end = source.span(part.value)
            if source.data[start - 1 : start] == b"{":  # else this Python does not say where it stands
                yield Mutation(place.statement.lineno, (Edit(start, end, "''"),))


def field_dropped(source: Source) -> Iterator[Mutation]:
    """Of what is sent or stored, one field is missing."""
    for place, found in source.expressions():
        if not isinstance(found, ast.Dict):
            continue
        for at, (key, value) in enumerate(zip(found.keys, found.values, strict=True)):
            start = source.span(key)[0] if key is not None else source.span(value)[0] - 2
            if key is None and source.data[start : start + 2] != b"**":
                continue
            yield Mutation(place.statement.lineno, (_with_comma(source, start, source.span(value)[1], at > 0),))


def condition_part_dropped(source: Source) -> Iterator[Mutation]:
    """Of several conditions, one is not asked."""
    for place, found in source.expressions():
        if isinstance(found, ast.BoolOp):
            for at, part in enumerate(found.values):
                neighbour = found.values[at - 1] if at else found.values[1]
                (start, end), (other_start, other_end) = source.span(part), source.span(neighbour)
                cut = (other_end, end) if at else (start, other_start)
                if _is_balanced(source.data[slice(*cut)]):
                    yield Mutation(place.statement.lineno, (Edit(*cut, ""),))


def argument_forgotten(source: Source) -> Iterator[Mutation]:
    """A named argument is left to its default."""
    for place, found in source.expressions():
        if not isinstance(found, ast.Call):
            continue
        for at, keyword in enumerate(found.keywords):
            if keyword.arg is not None:
                start = source.offset(keyword.lineno, keyword.col_offset)
                after_another = bool(found.args) or at > 0
                edit = _with_comma(source, start, source.span(keyword.value)[1], after_another)
                yield Mutation(place.statement.lineno, (edit,))


def copy_forgotten(source: Source) -> Iterator[Mutation]:
    """What is gone through, or kept, is the thing itself; or it is not in order."""
    for place, found in source.expressions():
        if not (isinstance(found, ast.Call) and isinstance(found.func, ast.Name) and found.func.id in _COPIES):
            continue
        if len(found.args) == 1 and not isinstance(found.args[0], ast.GeneratorExp | ast.Starred):
            yield Mutation(place.statement.lineno, (source.replaced(found, source.text(found.args[0])),))


def bound_reversed(source: Source) -> Iterator[Mutation]:
    for place, found in source.expressions():
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Name) and found.func.id in _OPPOSITES:
            yield Mutation(place.statement.lineno, (source.replaced(found.func, _OPPOSITES[found.func.id]),))


def slice_off_by_one(source: Source) -> Iterator[Mutation]:
    for place, found in source.expressions():
        if isinstance(found, ast.Slice):
            for end in (found.lower, found.upper):
                if end is not None and not isinstance(end, ast.Constant):
                    for one in (" + 1", " - 1"):
                        edit = source.replaced(end, f"({source.text(end)}){one}")
                        yield Mutation(place.statement.lineno, (edit,))


def _is_unpacked(place: Place, found: ast.Tuple) -> bool:
    """`a, b = c, d` is no key, nor are the arguments of a type check."""
    into = place.statement
    return isinstance(into, ast.Assign) and into.value is found and isinstance(into.targets[0], ast.Tuple)


def _with_comma(source: Source, start: int, end: int, after_another: bool) -> Edit:
    """An item of a list, with the comma that parts it from its neighbour."""
    data = source.data
    if after_another:
        start = data.rindex(b",", 0, start)
    else:
        rest = data[end:].lstrip()
        if rest[:1] == b",":
            end = data.index(b",", end) + 1
    return Edit(start, end, "")


def _is_balanced(cut: bytes) -> bool:
    return all(cut.count(a) == cut.count(b) for a, b in ((b"(", b")"), (b"[", b"]"), (b"{", b"}")))


OPERATORS: Mapping[str, Operator] = {
    "argument-forgotten": argument_forgotten,
    "bound-reversed": bound_reversed,
    "condition-part-dropped": condition_part_dropped,
    "copy-forgotten": copy_forgotten,
    "field-dropped": field_dropped,
    "key-part-dropped": key_part_dropped,
    "slice-off-by-one": slice_off_by_one,
}
