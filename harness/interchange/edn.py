"""Jepsen's histories in EDN: operation maps, one after the other, or one vector of them.

`{:process 0, :type :invoke, :f :write, :value 3}`; `:key` names an object, and so does an independent pair
`[key value]` as value. Other fields are passed over, and so are lines of the nemesis. `fail` means, as in Jepsen, that
it did not happen. Transactions are as `transactions` has them.

Most lines of a history are written simply: those the compiled reader (`native/`) reads. Without it those that are
written alike, field by field, are read by a pattern that is made of the first of them (`_Shape`). All others are read
by `edn_text`; which of them reads a line makes no difference to what it says.
"""

from __future__ import annotations

import itertools
import re
from typing import Any, ClassVar

from checkers.linearizability import Malformed, Trial
from checkers.linearizability.values import Literal, shown
from harness.interchange import Format, names
from harness.interchange.compiled import AT_ONCE, SCAN, Scan
from harness.interchange.edn_text import MOST_DEEP, Form, Reader
from harness.interchange.names import NEMESIS
from harness.interchange.recording import Recording

_FIELDS = tuple(Literal(f":{name}") for name in ("process", "type", "f", "value", "key"))
_TOLD = frozenset(field.text for field in _FIELDS)

_MOST_SHAPES = 16
_MOST_REMEMBERED = 100_000
_PLAIN_TEXT = r'"[^"\\]*+"'
_ATOM = r"[^\s,{}()\[\]\";#\\^@~`']++"
_IN_VECTOR = r"[^\[\]{}()\";#\\^]++"
_VECTOR = rf"\[(?:{_IN_VECTOR}|{_PLAIN_TEXT})*+\]"
for _ in range(2):
    _VECTOR = rf"\[(?:{_IN_VECTOR}|{_PLAIN_TEXT}|{_VECTOR})*+\]"
_VALUE = rf"(?:{_ATOM}|{_PLAIN_TEXT}|{_VECTOR})"
_PASSED_OVER = rf"(?:-?[1-9][0-9]*+|0|:[a-zA-Z][\w.*+!?<>=-]*+|nil|true|false|{_PLAIN_TEXT})(?=[\s,}}])"
_FIELD = re.compile(rf"[\s,]*+(:[a-zA-Z][\w.*+!?<>=-]*+)[\s,]++({_VALUE})", re.ASCII)


class Edn:
    NAME: ClassVar[str] = "edn"
    SUMMARY: ClassVar[str] = "Jepsen's operation maps"

    def claims(self, text: str) -> bool:
        """Begins with a map, a list or a tag, as no object of JSON does."""
        return _BEGINNING.match(text) is not None and _JSON.match(text) is None

    def record(self, text: str) -> Recording:
        return _Operations(text).read()

    def read(self, text: str) -> Trial:
        return self.record(text).trial()


_BLANK = r"(?:[\s,]++|;[^\n\r]*+|\#![^\n\r]*+)*+"
_JSON = re.compile(r'\s*+(?:\[\s*+)?\{\s*+(?:"(?:[^"\\]|\\.)*+"\s*+:|\}\s*+\]?\s*+\Z)|\s*+\[\s*+\]\s*+\Z', re.DOTALL)
_BEGINNING = re.compile(rf"(?:{_BLANK}(?:[({{^#]|\[{_BLANK}(?:[\[({{^#\]:\"]|-?[0-9]|nil|\Z)))|[\s,]*+;")


class _Shape:
    """A pattern for lines with these fields in this order."""

    def __init__(self, fields: list[str]) -> None:
        said = (f"{re.escape(field)}[\\s,]++{f'({_VALUE})' if field in _TOLD else _PASSED_OVER}" for field in fields)
        body = r"[\s,]++".join(said)
        self.match = re.compile(rf"[\s,]*+(\{{)(\A)?[\s,]*+{body}[\s,]*+\}}").match  # group 2 is of what is not there
        told = [field for field in fields if field in _TOLD]
        self.places = [told.index(field.text) + 3 if field.text in told else 2 for field in _FIELDS]


class _Operations:
    def __init__(self, text: str) -> None:
        self._text = text
        self._reader = Reader(text)
        self._recording = Recording(refusals=False)
        self._shapes: list[_Shape] = []
        self._made: set[tuple[str, ...]] = set()
        self._known: dict[str | None, Any] = {None: None}  # what a text means that was read before

    def read(self) -> Recording:
        """Raises `Malformed`."""
        return self._by_pattern() if SCAN is None or "\r" in self._text else self._by_scan(SCAN)

    def _by_scan(self, scan: Scan) -> Recording:
        """What is written simply by the compiled reader, all else by `edn_text`."""
        place, line, seen = 0, 1, 0
        while True:
            line += self._text.count("\n", seen, place)
            found, place, line = scan(self._text, place, line, self._known, self._meant, _UNREAD)
            seen = place
            for one in found:
                self._operation(*one)
            if len(found) >= AT_ONCE:
                continue
            form = self._reader.next(place)
            if form is None:
                return self._recording
            self._general(form)
            place = form.end

    def _by_pattern(self) -> Recording:
        place, line, seen = 0, 1, 0
        text, line_of = self._text, self._reader.lines.of
        simple = "\r" not in text
        while True:
            match, told = self._by_shape(place)
            if match is None:
                form = self._reader.next(place)
                if form is None:
                    return self._recording
                self._general(form)
                place = form.end
                continue
            began, place = match.start(1), match.end()
            line, seen = (line + text.count("\n", seen, began) if simple else line_of(began)), began
            self._operation(line, *told)

    def _by_shape(self, place: int) -> tuple[re.Match[str] | None, list[Any]]:
        """What begins there, and its five fields; None: it is not written like others."""
        for shape in self._shapes:
            match = shape.match(self._text, place)
            if match is None:
                continue
            if shape is not self._shapes[0]:
                self._shapes.remove(shape)
                self._shapes.insert(0, shape)
            known = self._known
            try:
                return match, [known[said] for said in match.group(*shape.places)]
            except KeyError:
                told = [self._meant(said) for said in match.group(*shape.places)]
            return (None if _UNREAD in told else match), told
        return None, []

    def _meant(self, said: str | None) -> Any:
        """The value of a text that is one value as far as brackets go; _UNREAD: it is none. Of no text: nil."""
        if said is None or said in self._known:
            return self._known[said]
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
            self._known[None] = None
        meant = whole_numbers(said)
        if meant is None:
            try:
                form = Reader(said, unwrap=False, atoms=self._reader.atoms).next(0)
            except Malformed:
                return _UNREAD
            if form is None or form.end != len(said) or form.deep:
                return _UNREAD
            meant = form.inner
        self._known[said] = meant
        return meant

    def _general(self, form: Form) -> None:
        line = self._reader.lines.of(form.place)
        op = form.value
        if type(op) is not dict:
            raise Malformed(f"line {line}: expected an operation map, not {shown(op)}")
        if form.deep and op.get(_FIELDS[0]) not in _NEMESES:
            raise Malformed(
                f"line {line}: nested deeper than {MOST_DEEP} levels, which no value is that could be judged"
            )
        self._operation(line, *(op.get(field) for field in _FIELDS))
        self._learn(self._text[form.place : form.end])

    def _learn(self, source: str) -> None:
        if len(self._made) >= _MOST_SHAPES or source[0] != "{" or len(source) > 4096:
            return
        found = list(_FIELD.finditer(source, 1))
        if not found or source[found[-1].end() :].strip(" \t\n\r,") != "}":
            return
        if any(one.start() != before.end() for before, one in itertools.pairwise(found)):
            return
        fields = tuple(one[1] for one in found)
        if fields not in self._made:
            self._made.add(fields)
            self._shapes.append(_Shape(list(fields)))

    def _operation(self, line: int, process: Any, type_: Any, f: Any, value: Any, key: Any) -> None:
        if type(process) is not int:
            client = names.client(process, line)
            if client is None:
                self._recording.other(NEMESIS)
                return
            process = client
        said, name = _WORDS.get(type_), _WORDS.get(f)
        if said is None or said not in names.TYPES:
            said = names.type_of(type_, line)
        if name is None:
            name = names.word(f, line, ":f")
            if len(_WORDS) < _MOST_REMEMBERED:
                _WORDS[f] = name
        judgeable(value, line)
        self._recording.event(line, process, said, name, value, key)


_UNREAD = object()
_NEMESES = ("nemesis", Literal(":nemesis"), Literal("nemesis"))
_WORDS: dict[Any, str] = {Literal(f":{name}"): name for name in names.TYPES}  # keywords and their names
_NUMBERS = re.compile(r"\[[\s,]*+(?:(?:0|-?[1-9][0-9]{0,17}+)(?:[\s,]++|(?=\])))*+\]")
_NAN = "##NaN"


def whole_numbers(said: str) -> Any:
    """Numbers, and vectors of them: most of what there is; of their text. None: something else."""
    if said.isdecimal() and said.isascii() and len(said) < 18 and (said[0] != "0" or said == "0"):
        return int(said)
    if said[0] == "[" and _NUMBERS.fullmatch(said):
        return tuple(map(int, said[1:-1].replace(",", " ").split()))
    return None


def judgeable(value: Any, line: int) -> None:
    """Raises `Malformed`."""
    if (
        isinstance(value, Literal)
        and _NAN in value.text
        and re.search(r"(?<![^\s\[({,])##NaN(?![^\s\])},])", value.text)
    ):
        raise Malformed(f"line {line}: ##NaN equals nothing, not even itself: no answer with it can be judged")
    if type(value) is tuple:
        for part in value:
            if type(part) is not int:
                judgeable(part, line)


FORMAT: Format = Edn()
