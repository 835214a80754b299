"""YAML text → plain data, and the place of every key and value in it.

A subset of YAML, on purpose: mappings, lists and scalars, one document. Anchors, aliases and tags are refused, so that
loading builds no objects and no bombs. Plain scalars are read by the core schema of YAML 1.2 (`yes`, `on`
and `1:30` are text), and a *key* that YAML 1.1 would read as something else than text is refused, because editors and
other tools would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from harness.plan.text.errors import PlanError, PlanErrors, Source, Span, one

MAX_BYTES = 256 * 1024
_MAX_DEPTH = 24

Path = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?", re.ASCII)
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YAML_11 = yaml.SafeLoader.yaml_implicit_resolvers
_NO_ALIAS = "anchors and aliases are not used in plans"


@dataclass
class Document:
    """A text's data. `values` and `keys` say where each value stands, and the key that leads to it."""

    source: Source
    data: Any = None
    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)

    def value(self, path: Path) -> Span:
        """Where the value at `path` stands, or the nearest thing around it that the text has."""
        while path not in self.values and path:
            path = path[:-1]
        return self.values.get(path, Span(self.source, 0, 0))

    def key(self, path: Path) -> Span:
        return self.keys.get(path) or self.value(path)

    def find(self, below: Path, word: object) -> Span:
        """The first value below `below` that is `word`, else `below` itself."""
        for path, span in self.values.items():
            if path[: len(below)] == below and self.at(path) == word:
                return span
        return self.key(below)

    def at(self, path: Path) -> Any:
        """The data at `path`; None where there is none."""
        here = self.data
        for part in path:
            if not _holds(here, part):
                return None
            here = here[part]
        return here

    def has(self, path: Path) -> bool:
        return not path or (self.has(path[:-1]) and _holds(self.at(path[:-1]), path[-1]))


def _holds(here: Any, part: str | int) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, dict) and part in here


def read(source: Source) -> Document:
    """Raises `PlanErrors` with whatever keeps `source` from being one plain mapping."""
    document, errors = read_with_errors(source)
    if errors:
        raise PlanErrors(errors)
    return document


def read_with_errors(source: Source) -> tuple[Document, list[PlanError]]:
    """The document, and what is wrong in it without spoiling its structure. Raises `PlanErrors` for what does."""
    if len(source.text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise one(source.name, f"larger than {MAX_BYTES // 1024} KB; a plan is a page or two of YAML")
    if (document := _quickly(source)) is not None:
        return document, []
    reader = _Reader(source)
    try:
        reader.read()
    except PlanErrors as exc:
        raise PlanErrors([*reader.errors, *exc.errors]) from None
    except yaml.reader.ReaderError as exc:
        raise PlanErrors([*reader.errors, _unreadable(source, exc)]) from None
    except yaml.MarkedYAMLError as exc:
        raise PlanErrors([*reader.errors, _broken(source, exc)]) from None
    return reader.document, reader.errors


# What both of PyYAML's parsers read alike, to the column. Where they differ: tabs, exotic line ends and marks, tags,
# question marks, and comments right behind a block's sign.
_ALIKE = re.compile(r"(?:[\n \x22-=@-{}~\u00a1-\u1fff\u2010-\u2027\u2030-\ud7ff]|[|>](?!#))*\n")


def _quickly(source: Source) -> Document | None:
    """By the parser in C, ten times as fast, if it is there; None for what is not quite plain and sound, whose
    complaints are in the other parser's words."""
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None or _ALIKE.fullmatch(source.text) is None:
        return None
    reader = _Reader(source, loader)
    try:
        reader.read()
    except (PlanErrors, yaml.YAMLError):
        return None
    return None if reader.errors or reader.vague else reader.document


def read_value(source: Source, line: int, column: int, text: str) -> Document:
    """A YAML value inside a longer text: positions are those in `source`. Raises `PlanErrors`."""
    inner = Source(source.name, " " * column + text)

    def moved(span: Span) -> Span:
        return Span(source, line + span.line, span.column, span.width)

    reader = _Reader(inner)
    try:
        reader.read(any_value=True)
        errors = reader.errors
    except PlanErrors as exc:
        errors = [*reader.errors, *exc.errors]
    except yaml.reader.ReaderError as exc:
        errors = [_unreadable(inner, exc)]
    except yaml.MarkedYAMLError as exc:
        errors = [_broken(inner, exc)]
    if errors:
        raise PlanErrors(
            PlanError(moved(e.where) if isinstance(e.where, Span) else e.where, e.message, e.hint) for e in errors
        )
    found = reader.document
    return Document(
        source,
        found.data,
        {path: moved(span) for path, span in found.values.items()},
        {path: moved(span) for path, span in found.keys.items()},
    )


def resolve(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2; numbers too long to be one stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if text.lstrip("+-").isdecimal():
        return text
    return float(text) if _FLOAT.fullmatch(text) else text


def mangled_by_yaml_11(text: str) -> bool:
    """Does YAML 1.1 read this plain scalar as something else than text?"""
    candidates = [*_YAML_11.get(text[:1], []), *_YAML_11.get(None, [])]
    return any(pattern.match(text) for _, pattern in candidates)


class _Reader:
    """Builds a `Document` from parser events; keeps going over whatever does not spoil the structure."""

    def __init__(self, source: Source, loader: Any = yaml.SafeLoader) -> None:
        self.document = Document(source)
        self.errors: list[PlanError] = []
        self.vague = False  # is a value left out, which has no place?
        self._loader = loader
        self._events: Iterator[Event]

    def read(self, any_value: bool = False) -> None:
        text = self.document.source.text
        self._events = iter(yaml.parse(text, Loader=self._loader))
        event = next(self._events)
        while isinstance(event, (StreamStartEvent, DocumentStartEvent)):
            event = next(self._events)
        if isinstance(event, StreamEndEvent):
            raise one(
                Span(self.document.source, 0, 0), "the plan is empty", "`harness plan new` writes one to begin with"
            )
        self.document.data = self._value(event, (), 0)
        if not any_value and not isinstance(self.document.data, dict):
            raise one(self.document.value(()), "expected a mapping (`key: value` lines) at the top of a plan")
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, StreamEndEvent):
            raise one(self._span(after), "a second document begins here; a plan is one")

    def _span(self, event: Event) -> Span:
        start, end, source = _mark(event.start_mark), _mark(event.end_mark), self.document.source
        width = end.column - start.column if end.line == start.line else len(source.lines[start.line]) - start.column
        return Span(source, start.line, start.column, max(1, width))

    def _wrong(self, event: Event, message: str, hint: str | None = None) -> None:
        self.errors.append(PlanError(self._span(event), message, hint))

    def _value(self, event: Event, path: Path, depth: int) -> Any:
        self.document.values[path] = self._span(event)
        if depth > _MAX_DEPTH:
            raise one(self._span(event), f"nested more than {_MAX_DEPTH} deep")
        if isinstance(event, AliasEvent):
            self._wrong(event, _NO_ALIAS, f'to match any node, quote it: "*{event.anchor}"')
            return None
        if getattr(event, "anchor", None) is not None:
            self._wrong(event, _NO_ALIAS, "write the value out where it is needed")
        if getattr(event, "tag", None) is not None:
            self._wrong(
                event, "tags (words with a !) are not used in plans", "write the plain value, quoted if need be"
            )
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, path, depth)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path, depth)
        assert isinstance(event, ScalarEvent)
        text = self._text(event)
        self.vague |= not text
        return resolve(text) if event.implicit[0] and not event.style else text

    def _text(self, event: ScalarEvent) -> str:
        """JSON writes what lies beyond the first plane in two escapes; one without the other is no character."""
        try:
            return event.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            self._wrong(event, "half of a surrogate pair is no character", r"write both halves, or \U and eight digits")
            return event.value.encode(errors="replace").decode()

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._value(event, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, start: Event, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, depth)
            if key is None or key in found:
                if key is not None:
                    self._wrong(event, f"the key {key!r} is given twice", "keep one of them")
                self._skip(depth)
                continue
            self.document.keys[(*path, key)] = self._span(event)
            found[key] = self._value(next(self._events), (*path, key), depth + 1)
        if found and _mark(start.start_mark).line != _mark(event.end_mark).line:  # a block: point at its first key
            first = self.document.keys[(*path, next(iter(found)))]
            self.document.values[path] = first
        return found

    def _key(self, event: Event, depth: int) -> str | None:
        """The key, or None for one that was refused."""
        if not isinstance(event, ScalarEvent):
            self._wrong(event, "expected a word as the key")
            if not isinstance(event, AliasEvent):
                self._ignored(event, depth)
            return None
        plain = event.implicit[0] and not event.style
        if plain and mangled_by_yaml_11(event.value):
            said = "an empty key" if not event.value else f"the key {event.value!r} is not text to every reader of YAML"
            self._wrong(event, said, "quote it, or choose another word")
            return None
        return self._text(event)

    def _skip(self, depth: int) -> None:
        """Read over one value that belongs to no key."""
        self._ignored(next(self._events), depth)

    def _ignored(self, event: Event, depth: int) -> None:
        inner = _Reader(self.document.source)
        inner._events = self._events
        inner._value(event, (), depth + 1)
        self.errors += inner.errors


def _mark(mark: Any) -> yaml.Mark:
    """Events of a text always have their marks; the library's types do not say so."""
    assert mark is not None
    return cast(yaml.Mark, mark)


def _unreadable(source: Source, exc: yaml.reader.ReaderError) -> PlanError:
    before = source.text[: exc.position]
    line = len(Source("", before).lines) - 1
    column = len(Source("", before).lines[-1])
    return PlanError(
        Span(source, line, column), "a character that YAML does not allow", "remove it, or write its escape"
    )


def _broken(source: Source, exc: yaml.MarkedYAMLError) -> PlanError:
    mark = exc.problem_mark or exc.context_mark
    problem = exc.problem or "not YAML"
    where = Span(source, mark.line, mark.column) if mark else Span(source, 0, 0)
    return PlanError(where, f"not YAML: {problem}", _advice(problem, exc.context or ""))


def _advice(problem: str, context: str) -> str | None:
    if r"'\t'" in problem:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "quote a text that contains ': '"
    if "alias" in context:
        return 'quote a wildcard: "*->relay"'
    if "expected ',' or" in problem:
        return "is a bracket or a comma missing?"
    return None
