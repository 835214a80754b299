"""Faults without a file: `partition links=mobile-1<->relay at=5s for=10s`, one fault a text.

They are a plan by themselves, or are added to one.

Values are those of YAML; lists may also be written with commas, without brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from harness.plan.loading import Plan, from_document
from harness.plan.text.errors import PlanError, PlanErrors, Source, Span
from harness.plan.text.source import Document, read_value, resolve
from harness.plan.words.model import VERSION

_FILE = "--fault"
_LISTS = ("links", "nodes", "clients")
_CLOSING = {"[": "]", "{": "}"}
_SYNTAX = "ACTION KEY=VALUE …, such as 'delay links=mobile-1<->relay latency=50ms at=1s for=5s'"


def ad_hoc(faults: Sequence[str], *, duration: str = "60s", topology: str = "one-user", name: str = "ad-hoc") -> Plan:
    """The plan of these faults over the default workload. Raises `PlanErrors` that point into the texts."""
    data: dict[str, Any] = {"version": VERSION, "title": "; ".join(faults)[:200], "duration": duration}
    document = Document(Source(_FILE, "\n".join(faults)), {**data, "topology": topology, "faults": []})
    _add(document, faults)
    return from_document(document, name)


def with_faults(plan: Plan, faults: Sequence[str]) -> Plan:
    """The plan with these faults besides its own. Raises `PlanErrors` that point into the texts."""
    was = plan.document
    data = {**was.data, "faults": list(was.data.get("faults", []))}
    document = Document(was.source, data, dict(was.values), dict(was.keys))
    _add(document, faults)
    return from_document(document, plan.name, plan.beside)


def _add(document: Document, faults: Sequence[str]) -> None:
    """Raises `PlanErrors`."""
    errors: list[PlanError] = []
    for number, text in enumerate(faults):
        name = f"{_FILE} {number + 1}" if len(faults) > 1 else _FILE
        errors += _Line(document, Source(name, text)).read()
    if errors:
        raise PlanErrors(errors)


class _Line:
    """Reads one fault into the document."""

    def __init__(self, document: Document, source: Source) -> None:
        self._document, self._path = document, ("faults", len(document.data["faults"]))
        self._source = source
        self._found: dict[str, Any] = {}

    def read(self) -> list[PlanError]:
        """What is wrong with the text; nothing: the document has the fault."""
        errors: list[PlanError] = []
        text = self._source.text
        self._document.data["faults"].append(self._found)
        self._document.values[self._path] = Span(self._source, 0, 0, max(1, len(text)))
        words = list(_words(text))
        if not words or "=" in words[0][1]:
            return [PlanError(Span(self._source, 0, 0), "expected an action first", _SYNTAX)]
        action_at, action = words[0]
        self._put("action", action_at, action, Span(self._source, 0, action_at, len(action)))
        for at, word in words[1:]:
            errors += self._pair(at, word)
        return errors

    def _pair(self, at: int, word: str) -> list[PlanError]:
        key, equals, value = word.partition("=")
        where = Span(self._source, 0, at, max(1, len(key)))
        if not equals or not key:
            return [PlanError(Span(self._source, 0, at, len(word)), "expected KEY=VALUE", _SYNTAX)]
        if key in self._found:
            return [PlanError(where, f"the key {key!r} is given twice", "keep one of them")]
        begin = at + len(key) + 1
        span = Span(self._source, 0, begin, max(1, len(value)))
        if value[:1] in (*_CLOSING, '"', "'"):
            return self._yaml(key, at, begin, value)
        if key in _LISTS:
            self._commas(key, at, begin, value)
        else:
            self._put(key, at, resolve(value), span)
        return []

    def _put(self, key: str, at: int, value: Any, span: Span) -> None:
        path = (*self._path, key)
        self._found[key] = value
        self._document.keys[path] = Span(self._source, 0, at, len(key))
        self._document.values[path] = span

    def _commas(self, key: str, at: int, begin: int, value: str) -> None:
        self._put(key, at, value.split(","), Span(self._source, 0, begin, max(1, len(value))))
        for number, item in enumerate(value.split(",")):
            self._document.values[(*self._path, key, number)] = Span(self._source, 0, begin, max(1, len(item)))
            begin += len(item) + 1

    def _yaml(self, key: str, at: int, begin: int, value: str) -> list[PlanError]:
        try:
            inner = read_value(self._source, 0, begin, value)
        except PlanErrors as exc:
            return exc.errors
        self._put(key, at, inner.data, inner.values[()])
        for spans, ours in ((inner.values, self._document.values), (inner.keys, self._document.keys)):
            ours.update({(*self._path, key, *path): span for path, span in spans.items()})
        return []


def _words(text: str) -> Iterator[tuple[int, str]]:
    """(column, word): words end at spaces outside brackets and quotes."""
    begin, quote = None, ""
    closing: list[str] = []
    for at, char in enumerate(text):
        if begin is None:
            if char.isspace():
                continue
            begin = at
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _CLOSING:
            closing.append(_CLOSING[char])
        elif closing and char == closing[-1]:
            closing.pop()
        elif re.match(r"\s", char) and not closing:
            yield begin, text[begin:at]
            begin = None
    if begin is not None:
        yield begin, text[begin:]
