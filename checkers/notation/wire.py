"""Tokens of the tiny language for what passes between nodes, and what they write in their journals."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from harness.history import Tap

_JOURNAL = re.compile(r"(?P<node>\w+)!(?P<f>[\w-]+)(?P<raw>\[.*\])?")
_WIRE = re.compile(r"(?P<a>\w+)>(?P<b>\w+)(?P<raw>\[.*\])?")
_SIDES = ("in", "out")

Node = Callable[[str], str]  # a node's name, by its word
Pairs = Callable[[str], dict[str, Any]]  # the fields of `[k=v]`


def journal_line(token: str, node: Node, pairs: Pairs) -> tuple[str, str, dict[str, Any]] | None:
    """`m!call[corr=c1]`: node, line, fields. None for another token."""
    match = _JOURNAL.fullmatch(token)
    return (node(match["node"]), match["f"], pairs(match["raw"] or "")) if match is not None else None


def wire_taps(what: str, node: Node, pairs: Pairs, now_ns: int) -> list[Tap]:
    """`d>r[msg=17]`: the message on both sides of the link, or on that which `side` names. Empty for anything else."""
    match = _WIRE.fullmatch(what)
    if match is None:
        return []
    fields = {"type": "job:status-changed", "conn": 1, "bytes": 1, **pairs(match["raw"] or "")}
    for name in ("msg", "job", "source"):
        if name in fields:
            fields[name] = str(fields[name])
    sides = [side] if (side := fields.pop("side", None)) in _SIDES else list(_SIDES)
    link = f"{node(match['a'])}->{node(match['b'])}"
    try:
        return [msgspec.convert({"time_ns": now_ns, "link": link, "side": s, **fields}, Tap) for s in sides]
    except msgspec.ValidationError:
        return []
