"""Operations as JSON objects: `{"process", "type", "f", "value"}`, and `key` where there are several objects.

One object a line, as we write them ourselves, or objects over several lines, or one array of them. The header and the
last line of a history are passed over, and so are lines of the nemesis and other members of an object. `fail` means
that it did not happen, but for a `cas`: there it is the answer that the value was another one.

Numbers are equal by what they are worth: JSON has one kind of them, and 1.0 is 1. Objects are equal whatever the order
of their members.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, NoReturn

import msgspec

from checkers.linearizability import Malformed, Trial
from checkers.linearizability import values as told
from harness.interchange import Format, names
from harness.interchange.edn_text import MOST_DEEP
from harness.interchange.names import NEMESIS
from harness.interchange.recording import Recording
from harness.interchange.source import Lines

_OWN_LINES = {"header": "of its head", "complete": "of its end"}  # of our own histories, by their first member
_MEMBERS = ("process", "type", "f", "value", "key")
_MOST_DIGITS = 4000  # Python reads longer numbers in quadratic time, or not at all


class Line(msgspec.Struct, gc=False):
    """One event. A line without `f` is no operation (a header, the end)."""

    process: str | int = ""
    type: Literal["invoke", "ok", "fail", "info"] = "info"
    f: str = ""
    value: Any = None
    key: Any = None


_decode = msgspec.json.Decoder(Line).decode_lines
_CLAIMED = re.compile(r'\s*+(?:\[\s*+(?:\{|\]\s*+\Z)|\{\s*+(?:"(?:[^"\\]|\\.)*+"\s*+:|\}\s*+\Z))', re.DOTALL)
_COMMENT = re.compile(r"\s*+")


class Jsonl:
    NAME: ClassVar[str] = "jsonl"
    SUMMARY: ClassVar[str] = "JSON objects, one a line, or in one array"

    def claims(self, text: str) -> bool:
        return _CLAIMED.match(text) is not None

    def record(self, text: str) -> Recording:
        recording = Recording(refusals=True)
        plain = plain_lines(text)
        if plain is not None:
            for number, line in enumerate(plain, 1):
                recording.event(number, line.process, line.type, line.f, line.value, line.key)
            return recording
        for number, fields in _objects(text):
            _feed(recording, number, fields)
        return recording

    def read(self, text: str) -> Trial:
        return self.record(text).trial()


def plain_lines(text: str) -> list[Line] | None:
    """One object a line, without objects, lists or fractions in it, of clients alone: all there is to say of most
    histories. None: it is to be read with care, or is none."""
    try:
        found = decode(text.encode())
    except (Malformed, UnicodeEncodeError):
        return None
    breaks = text.count("\n") + (not text.endswith("\n"))
    if breaks != len(found) or "\r" in text or text.count("{") != len(found):
        return None
    if any(text.count(f'"{name}"') > len(found) for name in _MEMBERS):
        return None  # a member twice, perhaps
    simple = (int, str)
    for line in found:
        if not line.f or line.process in ("", "nemesis") or not (line.value is None or type(line.value) in simple):
            return None
        if line.key is not None and type(line.key) not in simple:
            return None
    return found


def decode(raw: bytes) -> list[Line]:
    """Lines as they are. Raises `Malformed`, which names none."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise Malformed(str(exc)) from None


# ---- with care -------------------------------------------------------------------------------------------------------


class _Twice(ValueError):
    """A member that stands twice in an object."""


class _Odd(ValueError):
    """Something that stands in no value that could be judged."""


def _objects(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every object with its line: of a sequence, or of one array. Raises `Malformed`."""
    lines = Lines(text)
    decode_at = json.JSONDecoder(object_pairs_hook=_fields, parse_int=_whole, parse_float=_float, parse_constant=_none)
    place = _blank(text, 0)
    array = text[place : place + 1] == "["
    if array:
        place = _blank(text, place + 1)
    while place < len(text) and not (array and text[place] == "]"):
        try:
            value, end = decode_at.raw_decode(text, place)
        except RecursionError:
            raise Malformed(f"line {lines.of(place)}: nested too deep: no value is that could be judged") from None
        except json.JSONDecodeError as exc:
            raise Malformed(f"line {lines.of(exc.pos)}: this is no JSON: {exc.msg}{_what_else(text, place)}") from None
        except ValueError as exc:
            raise Malformed(f"line {lines.of(place)}: {exc}") from None
        if not isinstance(value, dict):
            raise Malformed(f"line {lines.of(place)}: expected an object, {{…}}, one operation, not {_shown(value)}")
        yield lines.of(place), value
        place = _blank(text, end)
        if array:
            place = _after_comma(text, place, lines)
    if array:
        _nothing_more(text, place, lines)


def _after_comma(text: str, place: int, lines: Lines) -> int:
    """Where the next object begins, or where the array ends."""
    if text[place : place + 1] == ",":
        begin = _blank(text, place + 1)
        if text[begin : begin + 1] == "]":
            raise Malformed(f"line {lines.of(place)}: a comma, and then nothing more")
        return begin
    if text[place : place + 1] != "]":
        raise Malformed(
            f"line {lines.of(min(place, len(text) - 1))}: the array of operations goes on with , or ends with ]"
        )
    return place


def _nothing_more(text: str, place: int, lines: Lines) -> None:
    if place >= len(text):
        raise Malformed(f"line {lines.of(len(text))}: the array of operations is never closed")
    rest = _blank(text, place + 1)
    if rest < len(text):
        raise Malformed(f"line {lines.of(rest)}: something follows the array of operations")


def _blank(text: str, place: int) -> int:
    found = _COMMENT.match(text, place)
    return found.end() if found else place


def _what_else(text: str, place: int) -> str:
    return "; other lines are objects, one an operation" if text[place : place + 1] != "{" else ""


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _Twice(f"an object with the member {told.shown(twice)} twice")
    return found


def _whole(said: str) -> Any:
    if len(said) > _MOST_DIGITS:
        raise _Odd(f"a number of {len(said)} digits is too long")
    return int(said)


def _float(said: str) -> Any:
    value = float(said)
    if value in (float("inf"), float("-inf")):
        raise _Odd(f"a number out of range: {said[:40]}")
    return int(value) if value.is_integer() and abs(value) < 2**53 else told.Literal(repr(value))


def _none(said: str) -> NoReturn:
    raise _Odd(f"{said} is no number of JSON")


def _shown(value: Any) -> str:
    try:
        return told.shown(_value(value, 0))
    except _Odd:
        return "that"


def _value(value: Any, depth: int) -> Any:
    """As `checkers.linearizability.values` has them."""
    if depth > MOST_DEEP:
        raise _Odd(f"nested deeper than {MOST_DEEP} levels, which no value is that could be judged")
    if type(value) is str:
        if any("\ud800" <= one <= "\udfff" for one in value):
            raise _Odd("half of a character (\\ud800 to \\udfff without its other half) stands in this text")
        return value
    if type(value) is list:
        return tuple(_value(v, depth + 1) for v in value)
    if type(value) is dict:
        return told.a_map((_value(k, depth + 1), _value(v, depth + 1)) for k, v in value.items())
    if type(value) is bool:
        return told.TRUE if value else told.FALSE
    return value


def _feed(recording: Recording, number: int, fields: dict[str, Any]) -> None:
    first = next(iter(fields), "")
    if first in _OWN_LINES and "process" not in fields:
        recording.other(_OWN_LINES[first])
        return
    if fields.get("process") == "nemesis":
        recording.other(NEMESIS)
        return
    try:
        process, type_, f, value, key = (_value(fields.get(name), 0) for name in _MEMBERS)
    except _Odd as exc:
        raise Malformed(f"line {number}: {exc}") from None
    client = names.client(process, number, "process")
    said, name = names.type_of(type_, number), names.word(f, number, "f")
    if client is None:
        recording.other(NEMESIS)
    else:
        recording.event(number, client, said, name, value, key)


FORMAT: Format = Jsonl()
