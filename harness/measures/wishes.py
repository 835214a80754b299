"""How soon a phone shows what its user asked for, before anybody has stored it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.history import History

FIGURES: Final = {"shown_max_ms": "from the beginning of a user's call until what it asks for is shown, at most"}


def of(history: History) -> Mapping[str, float]:
    begun_ns: dict[tuple[str | None, object], int] = {}
    took_ms: list[float] = []
    for op in history.ops:
        said = op.value if isinstance(op.value, dict) else {}
        key = (op.node, said.get("corr"))
        if op.f == "call" and said.get("phase") == "begin":
            begun_ns[key] = op.time_ns
        elif op.f == "pending" and said.get("phase") == "begin" and key in begun_ns:
            took_ms.append((op.time_ns - begun_ns[key]) / 1e6)
    return {"shown_max_ms": max(took_ms)} if took_ms else {}
