"""Jepsen's histories in EDN: one operation map a line or one vector of them.

`{:process 0, :type :invoke, :f :write, :value 3}`; `:key` names the object of a keyed model. Passed over are other
keys, `#tag` before a map, and operations of processes that are no numbers (the nemesis). `fail` means, as in Jepsen,
that it did not happen. A `:txn` of one micro-operation, as Elle has them for lists, is that operation:
`[[:append k v]]` appends, `[[:r k [v …]]]` reads. One of several reads is each of them, judged by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from checkers.linearizability import Malformed, Operation, Trial
from harness.interchange import Format, Pairing

_TOKEN = re.compile(
    r"""[\s,]*(?:;[^\n]*[\s,]*)*(?:
    (?P<open>\#\{|[\[({]) | (?P<close>[\])}]) | "(?P<text>(?:[^"\\]|\\.)*)" | (?P<tag>\#[^\s\[\](){}",;]+)
    | (?P<atom>[^\s\[\](){}",;]+) | (?P<end>\Z) )""",
    re.VERBOSE,
)
_CLOSES = {"[": "]", "(": ")", "{": "}", "#{": "}"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_WORDS = {"nil": None, "true": True, "false": False}
_READS = frozenset({"read", "get"})


class Keyword(str):
    """`:name`, without the colon."""

    __slots__ = ()


class Edn:
    NAME: ClassVar[str] = "edn"
    SUMMARY: ClassVar[str] = "Jepsen's operation maps"

    def claims(self, head: str) -> bool:
        start = head.lstrip().lstrip("[(").lstrip()
        return start.startswith(("{:", "#jepsen", "{ :", ";"))

    def read(self, text: str) -> Trial:
        pairing = Pairing()
        for line, value in values(text):
            for entry in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(entry, dict):
                    _feed(pairing, line, entry)
                else:
                    raise Malformed(f"line {line}: expected an operation map, not {entry!r}")
        return pairing.trial()


def _feed(pairing: Pairing, line: int, op: dict[Any, Any]) -> None:
    process, type_, f, value = (op.get(k) for k in ("process", "type", "f", "value"))
    if type_ not in ("invoke", "ok", "fail", "info"):
        raise Malformed(f"line {line}: an operation's :type is :invoke, :ok, :fail or :info, not {type_!r}")
    if type(process) is not int:
        return  # the nemesis, not a client
    parts = _parts(value, line) if f == "txn" else [(f, _plain(op.get("key")), value)]
    for number, (f, key, value) in enumerate(parts):
        name = str(process) if number == 0 else f"{process}+{number}"
        if type_ == "invoke":
            asked = None if f in _READS else _plain(value)
            pairing.call(name, Operation(f=str(f), value=asked, key=key, process=name, line=line))
        elif type_ == "ok":
            pairing.returned(name, line, **({"result": _plain(value)} if f in _READS else {}))
        elif type_ == "fail":
            pairing.dropped(name, line)
        else:
            pairing.unknown(name, line)


def _parts(value: Any, line: int) -> list[tuple[str, Any, Any]]:
    """Operation, key and value of what a transaction consists of."""
    parts = value if isinstance(value, list) else []
    whole = all(isinstance(part, list) and len(part) == 3 for part in parts)
    if not whole or not parts or (len(parts) > 1 and any(part[0] != "r" for part in parts)):
        raise Malformed(
            f"line {line}: only transactions of one operation, [[:append k v]] or [[:r k v]], or of reads alone "
            "can be judged"
        )
    return [("read" if f == "r" else str(f), _plain(key), said) for f, key, said in parts]


def _plain(value: Any) -> Any:
    """Vectors as tuples, keywords as texts: something with a hash."""
    if isinstance(value, (list, tuple)):
        return tuple(_plain(v) for v in value)
    return str(value) if isinstance(value, str) else value


# ---- EDN itself ---------------------------------------------------------------------------------------------------


def values(text: str) -> Iterator[tuple[int, Any]]:
    """All values at the top of `text`, each with the line it begins on. Raises `Malformed`.

    Operation maps inside one top-level vector are given one by one, as they are read.
    """
    stack: list[tuple[str, list[Any], int]] = []
    line, seen = 1, 0
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            where = text.count("\n", 0, position) + 1
            raise Malformed(f"line {where}: this is no EDN: {text[position : position + 20]!r}")
        start = match.start(match.lastgroup or 0)
        line, seen = line + text.count("\n", seen, start), start
        position = match.end()
        kind = match.lastgroup
        if kind == "end":
            break
        if kind == "tag":
            continue
        if kind == "open":
            stack.append((match["open"], [], line))
            continue
        if kind == "close":
            value, began = _closed(stack, match["close"], line)
        else:
            value, began = _atom(match, line), line
        if not stack or (len(stack) == 1 and isinstance(value, dict) and stack[0][0] in "[("):
            if value != [] or stack:
                yield began, value
        else:
            stack[-1][1].append(value)
    if stack:
        raise Malformed(f"line {stack[-1][2]}: {stack[-1][0]!r} is never closed")


def _closed(stack: list[tuple[str, list[Any], int]], close: str, line: int) -> tuple[Any, int]:
    if not stack or _CLOSES[stack[-1][0]] != close:
        raise Malformed(f"line {line}: {close!r} closes nothing")
    opened, items, began = stack.pop()
    if opened != "{":
        return items, began
    if len(items) % 2:
        raise Malformed(f"line {began}: a map with a key and no value")
    return {_key(items[i]): items[i + 1] for i in range(0, len(items), 2)}, began


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _atom(match: re.Match[str], line: int) -> Any:
    if match["text"] is not None:
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match["text"])
    word = match["atom"]
    if word in _WORDS:
        return _WORDS[word]
    if word.startswith(":"):
        return Keyword(word[1:])
    try:
        return int(word.rstrip("N"))
    except ValueError:
        pass
    try:
        return float(word.rstrip("M"))
    except ValueError:
        return word


FORMAT: Format = Edn()
