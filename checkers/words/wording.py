"""Words for texts and values: quoted, escaped, shortened around the place where two of them differ."""

from __future__ import annotations

import json
from typing import Any

from harness.history import Op

_SIDE = 16  # characters kept on either side of the first difference
DETAIL_BYTES = 64 * 1024  # texts in details are cut here


def quoted(text: str, limit: int = 40) -> str:
    """`“text”`, control characters escaped, cut in the middle past `limit` characters."""
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}…{text[-half:]}"
    return f"“{escaped(text)}”"


def escaped(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def apart(expected: str, shown: str) -> tuple[str, str]:
    """Both texts, quoted and cut to the neighbourhood of their first difference."""
    at = first_difference(expected, shown)
    return _window(expected, at), _window(shown, at)


def first_difference(a: str, b: str) -> int:
    """Index of the first character that differs (the shorter length when one is a prefix of the other)."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _window(text: str, at: int) -> str:
    begin, end = max(0, at - _SIDE), at + 2 * _SIDE
    return f"“{'…' if begin else ''}{escaped(text[begin:end])}{'…' if end < len(text) else ''}”"


def size(count: int | None) -> str:
    return f"{count} byte" + ("" if count == 1 else "s")


def decoded(data: bytes) -> str:
    """Text of bytes that may end inside a character."""
    return data.decode("utf-8", errors="replace")


def detail(data: bytes | str | None) -> str | None:
    """A whole text for the report, cut at 64 KB."""
    if data is None:
        return None
    raw = data.encode("utf-8", errors="replace") if isinstance(data, str) else data
    return decoded(raw[:DETAIL_BYTES])


def innermost(name: str, a: Any, b: Any) -> tuple[str, Any, Any]:
    """The first place inside two values where they differ: `metadata.note` rather than two whole objects."""
    while isinstance(a, dict) and isinstance(b, dict):
        key = next((k for k in sorted({**a, **b}, key=str) if a.get(k) != b.get(k)), None)
        if key is None:
            break
        name, a, b = f"{name}.{key}", a.get(key), b.get(key)
    return name, a, b


def value(item: Any) -> str:
    """A field's value in a sentence."""
    if item is None:
        return "no value"
    return quoted(item) if isinstance(item, str) else quoted(as_sent(item), 80)[1:-1]


def as_sent(item: Any) -> str:
    """A value as it goes over the wire, on one line: what every reader knows, whatever the components are made of."""
    return json.dumps(item, ensure_ascii=False, default=str)


def how(op: Op) -> str:
    """How an observation came about, from its cause."""
    kind, _, name = (op.cause or "").partition(":")
    ways = {
        "event": "from an event",
        "get": "fetched by job.get",
        "list": "from a job.list",
        "cache": "from its list cache",
        "local": f"by its user's {name}",
    }
    return ways.get(kind, "")


def did(op: Op) -> str:
    """An op that proves something, in a sentence."""
    about, who = op.value if isinstance(op.value, dict) else {}, op.node or op.process
    if op.f in ("fault-begin", "fault-heal"):
        return f"fault {value(about.get('fault'))} {'begins' if op.f == 'fault-begin' else 'is healed'}"
    said = {"final": f"{who} is read", "started": f"{who} starts", "background": f"{who} goes to the background"}
    states = {"link": f"{who}'s connection is {about.get('state')}", "conn": "the relay has a connection registered"}
    return said.get(op.f) or states.get(op.f) or f"{who}: {op.f}"
