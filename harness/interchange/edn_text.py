"""EDN: the values of a text, one after the other (github.com/edn-format/edn), and what Clojure's reader adds to it.

Values are as `checkers.linearizability.values` has them, but for a map at the top, which is a dict. Understood are
discards `#_`, tags, `##Inf`, metadata `^`, regular expressions, namespaced maps, and the ways in which numbers and
characters are written. What nests deeper than MOST_DEEP is read over: `Form.deep` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from checkers.linearizability import Malformed
from checkers.linearizability.values import Literal, a_map, a_set, shown
from harness.interchange.edn_atoms import atom, character, tagged, text_of
from harness.interchange.source import Lines

MOST_DEEP: Final = 100
_MOST_OPEN = 100_000  # collections and tags at once, which is more than anybody means

_TOKEN = re.compile(
    r"""(?:[\s,]++|;[^\n\r]*+|\#![^\n\r]*+)*+(?:
    (?P<open>\#?\{|[\[(]) | (?P<close>[\])}]) | (?P<text>\#?"(?:[^"\\]++|\\.)*+")
    | (?P<character>\\(?:[^\s\[\](){}",;\\]++|.))
    | (?P<discard>\#_) | (?P<meta>\#?\^) | (?P<symbolic>\#\#[^\s\[\](){}",;\\]++)
    | (?P<tag>\#[^\s\[\](){}",;\\\#@~`^'!?=(<&]++[^\s\[\](){}",;\\]*+)
    | (?P<atom>[^\s\[\](){}",;\\\#@~`^'\x00-\x1f\x7f][^\s\[\](){}",;\\\x00-\x1f\x7f]*+) | (?P<end>\Z) )""",
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {"[": "]", "(": ")", "{": "}", "#{": "}"}
_OPENING = frozenset({"open", "discard", "meta", "tag"})
_PREFIXES = {"discard": "#_", "meta": "^"}
_BLANK = re.compile(r"(?:[\s,]++|;[^\n\r]*+)*+")


_MOST_ATOMS, _LONG_ATOM = 50_000, 40
Atoms = dict[str, Any]


class Form(NamedTuple):
    place: int  # in the text, where it begins
    end: int
    value: Any
    deep: bool

    @property
    def inner(self) -> Any:
        """What it is as a part of another value."""
        return a_map(self.value.items()) if isinstance(self.value, dict) else self.value


class _Frame:
    """What is open: a collection, or something that stands before a value (`#_`, a tag, `^`).

    `inner`: some collection is around it."""

    __slots__ = ("collects", "inner", "items", "kind", "namespace", "place")

    def __init__(self, kind: str, place: int, stack: list[_Frame], namespace: str = "") -> None:
        self.kind, self.place, self.namespace = kind, place, namespace
        self.collects = kind in _CLOSES
        self.inner: bool = bool(stack) and (stack[-1].collects or stack[-1].inner)
        self.items: list[Any] = []


class Reader:
    """The values of `text`; `unwrap`: those of a vector (or list) at the top are told one by one."""

    def __init__(self, text: str, unwrap: bool = True, line: int | None = None, atoms: Atoms | None = None) -> None:
        """`line`: the only one, of a longer text. `atoms`: what single words mean, as far as they were read before."""
        self.text = text
        self._line = line
        self._unwrap = unwrap
        self.lines = Lines(text)
        self._around: _Frame | None = None  # that vector
        self.atoms = atoms if atoms is not None else {}

    def next(self, place: int) -> Form | None:
        """The value that begins at `place` or later; None: there is none. Raises `Malformed`."""
        stack: list[_Frame] = []
        deep, began = False, -1
        match_at, text, known = _TOKEN.match, self.text, self.atoms
        while True:
            match = match_at(text, place)
            if match is None:
                raise self._unreadable(place)
            kind = match.lastgroup or ""
            if kind == "atom" and stack and stack[-1].collects and (said := match[kind]) in known:
                stack[-1].items.append(known[said])  # most of what there is
                place = match.end()
                continue
            start, place = match.start(kind), match.end()
            if kind == "end":
                self._ended(stack)
                return None
            began = start if began < 0 else began
            if kind in _OPENING:
                began = self._opened(match[kind], kind, start, stack, began)
                deep = deep or len(stack) > MOST_DEEP
                continue
            if kind == "close" and not stack and self._closes_all(match[kind]):
                began = -1
                continue
            value = (
                self._close(stack, match[kind], start) if kind == "close" else self._single(match[kind], kind, start)
            )
            done, value = self._deliver(stack, value)
            if done:
                return Form(began, place, value, deep)
            if not stack:
                began = -1  # it was discarded

    # ---- collections -----------------------------------------------------------------------------------------------

    def _opened(self, said: str, kind: str, start: int, stack: list[_Frame], began: int) -> int:
        """Puts it on the stack, and says where the value begins."""
        before = stack[-1] if stack else None
        if kind != "open":
            stack.append(_Frame(_PREFIXES.get(kind, said), start, stack))
        elif before is not None and before.kind.startswith("#:"):
            if said != "{":
                raise self._wrong(before.place, f"{before.kind} stands before a map, and here is none")
            stack.pop()
            stack.append(_Frame(said, before.place, stack, before.kind[2:]))
        elif self._unwrap and self._around is None and said in "[(" and all(_is_tag(frame) for frame in stack[:9]):
            self._around = _Frame(said, start, [])
            stack.clear()
            return -1
        else:
            stack.append(_Frame(said, start, stack))
        if len(stack) > _MOST_OPEN:
            raise self._wrong(began, f"nested deeper than {_MOST_OPEN} levels")
        return began

    def _closes_all(self, bracket: str) -> bool:
        """The vector around everything ends here."""
        if self._around is None or _CLOSES[self._around.kind] != bracket:
            return False
        self._around = None
        return True

    def _close(self, stack: list[_Frame], bracket: str, start: int) -> Any:
        if not stack or (stack[-1].collects and _CLOSES[stack[-1].kind] != bracket):
            raise self._wrong(start, f"{bracket!r} closes nothing")
        frame = stack.pop()
        if not frame.collects:
            raise self._wrong(frame.place, f"{frame.kind} stands before a value, and here is none")
        if len(stack) >= MOST_DEEP:
            return None  # nobody looks at it
        if frame.kind in "[(":
            return tuple(frame.items)
        if frame.kind == "#{":
            if len(set(frame.items)) < len(frame.items):
                raise self._wrong(frame.place, "a set with an element twice")
            return a_set(frame.items)
        entries = self._entries(frame)
        return a_map(entries.items()) if frame.inner else entries

    def _entries(self, frame: _Frame) -> dict[Any, Any]:
        if len(frame.items) % 2:
            raise self._wrong(frame.place, "a map with a key and no value")
        entries: dict[Any, Any] = {}
        for said, value in zip(frame.items[::2], frame.items[1::2], strict=True):
            key = _qualified(said, frame.namespace)
            if key in entries:
                raise self._wrong(frame.place, f"a map with the key {shown(key)} twice")
            entries[key] = value
        return entries

    # ---- single values ---------------------------------------------------------------------------------------------

    def _single(self, said: str, kind: str, start: int) -> Any:
        try:
            if kind == "text":
                return Literal(said) if said[0] == "#" else text_of(said)
            if kind == "character":
                return character(said)
            value = atom(said)
            if len(self.atoms) < _MOST_ATOMS and len(said) < _LONG_ATOM:
                self.atoms[said] = value
            return value
        except ValueError as exc:
            raise self._wrong(start, str(exc)) from None

    def _deliver(self, stack: list[_Frame], value: Any) -> tuple[bool, Any]:
        """Is `value` one at the top, and what is it with all that stood before it?"""
        while stack:
            frame = stack[-1]
            if frame.collects or (frame.kind == "^" and not frame.items):
                frame.items.append(value)
                return False, None
            stack.pop()
            if frame.kind == "#_":
                return False, None
            if frame.kind.startswith("#:"):
                raise self._wrong(frame.place, f"{frame.kind} stands before a map, and here is none")
            if frame.kind != "^" and type(value) is not dict:
                value = self._tagged(frame, value)
        return True, value

    def _tagged(self, frame: _Frame, value: Any) -> Any:
        try:
            return tagged(frame.kind[1:], value)
        except ValueError as exc:
            raise self._wrong(frame.place, str(exc)) from None

    # ---- what is wrong ---------------------------------------------------------------------------------------------

    def _ended(self, stack: list[_Frame]) -> None:
        """Raises where something is still open."""
        for frame in stack[-1:] or ([self._around] if self._around is not None else []):
            said = "is never closed" if frame.collects else "stands before a value, and here is none"
            raise self._wrong(frame.place, f"{frame.kind!r} {said}")

    def _unreadable(self, place: int) -> Malformed:
        blank = _BLANK.match(self.text, place)
        place = blank.end() if blank else place
        rest = self.text[place : place + 20].split("\n")[0]
        if rest.startswith(('"', '#"')):
            return self._wrong(place, f"a text that is never closed: {rest!r}")
        return self._wrong(place, f"this is no EDN: {rest!r}")

    def _wrong(self, place: int, why: str) -> Malformed:
        return Malformed(f"line {self._line or self.lines.of(place)}: {why}")


def _is_tag(frame: _Frame) -> bool:
    return not frame.collects and frame.kind[0] == "#" and frame.kind != "#_"


def _qualified(key: Any, namespace: str) -> Any:
    """A key of a namespaced map."""
    if not namespace or not isinstance(key, Literal) or not key.text.startswith(":"):
        return key
    name = key.text[1:]
    if name.startswith("_/"):
        return Literal(":" + name[2:])
    return key if "/" in name else Literal(f":{namespace}/{name}")


def values(text: str) -> Iterator[tuple[int, Any]]:
    """All values of `text`, each with the line it begins on; see `Reader`. Raises `Malformed`."""
    reader = Reader(text)
    place = 0
    while (form := reader.next(place)) is not None:
        yield reader.lines.of(form.place), form.value
        place = form.end
