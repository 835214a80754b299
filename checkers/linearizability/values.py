"""Values as histories tell them, whatever they are written in: equal exactly where their systems call them equal.

Whole numbers, texts, nil and vectors are Python's own (`int`, `str`, `None`, `tuple`). All else is a `Literal`: what
EDN writes for it, in one way only (entries of maps and sets in order, 1.50M as 1.5M), so that equal texts are equal
values. Nothing else occurs, neither `bool` nor `float`: Python takes 1, 1.0 and True for one another, and no history
does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f"}
_ESCAPES |= {
    chr(code): f"\\u{code:04x}" for code in (*range(0x20), 0x7F, 0x85, 0x2028, 0x2029) if chr(code) not in _ESCAPES
}
_ESCAPED = str.maketrans(_ESCAPES)
_ESCAPED_FORBIDDEN = frozenset(_ESCAPES)
_TURNING = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))  # what stands after it is read so
_VISIBLE = str.maketrans(
    {chr(code): f"\\u{code:04x}" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *_TURNING)}
)

LONG = 60  # characters of a value, or so, that are shown in full
_BESIDE = 4  # elements before and after a difference
_BESIDE_TEXT = 24  # characters


class Literal(msgspec.Struct, frozen=True, gc=False):
    """A keyword, a map, 1.5, true …: `text` is its EDN."""

    text: str

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


TRUE, FALSE = Literal("true"), Literal("false")


def number(value: float) -> int | Literal:
    """A float of EDN. It is never equal to a whole number."""
    return Literal(repr(value + 0.0))  # -0.0 + 0.0 is 0.0, and they are equal


def a_map(entries: Iterable[tuple[Any, Any]]) -> Literal:
    """Of entries with different keys."""
    return Literal("{" + ", ".join(sorted(f"{edn(key)} {edn(value)}" for key, value in entries)) + "}")


def a_set(elements: Iterable[Any]) -> Literal:
    return Literal("#{" + " ".join(sorted(map(edn, elements))) + "}")


def edn(value: Any) -> str:
    """A value as EDN. Python's own bools, floats and dicts are written as what they are."""
    if isinstance(value, str):
        return '"' + (value if _ESCAPED_FORBIDDEN.isdisjoint(value) else value.translate(_ESCAPED)) + '"'
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(map(edn, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{edn(str(k))} {edn(v)}" for k, v in value.items()) + "}"
    return value.text if isinstance(value, Literal) else str(value)


def plain(value: Any) -> Any:
    """A value as JSON has it: what JSON has no word for is its EDN text."""
    if isinstance(value, Literal):
        return {"true": True, "false": False}.get(value.text, value.text)
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


# ---- for a reader ----------------------------------------------------------------------------------------------------


def parting(one: Any, other: Any) -> int | None:
    """The first place at which two texts, or two vectors, are different; None: they are no two of these, or equal."""
    texts = isinstance(one, str) and isinstance(other, str)
    if not texts and not (isinstance(one, (list, tuple)) and isinstance(other, (list, tuple))):
        return None
    if not texts:
        one, other = tuple(one), tuple(other)
    if one == other:
        return None
    alike, most = 0, min(len(one), len(other))  # halves are compared at once: texts may be long, and are compared often
    while alike < most:
        middle = (alike + most + 1) // 2
        if one[alike:middle] == other[alike:middle]:
            alike = middle
        else:
            most = middle - 1
    return alike


def shown(value: Any, at: int | None = None) -> str:
    """A value for a person, with nothing in it that would change how a sentence is read. Of a long one what is around
    the place `at` (None: its beginning and its end)."""
    return visible(_shortened(value, at))


def visible(text: str) -> str:
    """`text` whose controls are escaped, those too that turn the direction of what stands beside it."""
    return text if text.isascii() and text.isprintable() else text.translate(_VISIBLE)


def _shortened(value: Any, at: int | None) -> str:
    if type(value) is str and len(value) > LONG:
        return _text_around(value, at)
    whole = edn(value)
    if len(whole) <= LONG:
        return whole
    if isinstance(value, (list, tuple)):
        return _around(value, at)
    if type(value) is str:
        return _text_around(value, at)
    return f"{whole[: LONG // 2]} … {whole[-LONG // 2 :]}"


def _around(value: Any, at: int | None) -> str:
    count = len(value)
    pieces = [value[:_BESIDE], value[max(_BESIDE, count - _BESIDE) :]]
    if at is not None:
        at = min(at, count)
        first, last = max(0, at - _BESIDE), min(count, at + _BESIDE + 1)
        pieces = [value[: min(2, first)], value[first:last], value[max(last, count - 2) :]]
    said, told = [], 0
    for piece in pieces:
        if piece:
            said.append(" ".join(shown(v) for v in piece))
            told += len(piece)
    said = said if told < count else [" ".join(said)]
    return f"[{' … '.join(said)}]" + (f" ({count} elements)" if told < count else "")


def _text_around(value: str, at: int | None) -> str:
    begin = 0 if at is None else max(0, min(at, len(value)) - _BESIDE_TEXT)
    end = min(len(value), begin + 2 * _BESIDE_TEXT)
    said = f"{'…' if begin else ''}{edn(value[begin:end])}{'…' if end < len(value) else ''}"
    return f"{said} ({len(value)} characters)"
