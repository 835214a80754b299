"""The operations that the findings rest on, as the history has them: what a step links to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from harness.history import Op
from harness.report.findings.story import Story
from harness.report.told import words

_MOST_ROWS = 300
_MOST_LETTERS = 300


@dataclass(frozen=True)
class Row:
    index: int
    when: str
    process: str
    kind: str
    about: str
    value: str


def rows(stories: Iterable[Story], origin_ns: int) -> list[Row]:
    """Each once, in the order of time."""
    ops: dict[int, Op] = {}
    for story in stories:
        ops |= {each.op.index: each.op for each in story.lines if each.op is not None}
    return [_row(op, origin_ns) for op in sorted(ops.values(), key=lambda op: op.index)][:_MOST_ROWS]


def indices(found: list[Row]) -> set[int]:
    """Those that a link may lead to."""
    return {row.index for row in found}


def _row(op: Op, origin_ns: int) -> Row:
    about = [f"job {op.job}" if op.job else "", f"session {op.session}" if op.session else ""]
    about += [f"revision {op.rev.n}" if op.rev is not None else "", f"attempt {op.attempt}" if op.attempt else ""]
    about += [f"cause {op.cause}" if op.cause else ""]
    return Row(
        op.index,
        words.seconds(op.time_ns - origin_ns),
        words.shortened(op.process, 2 * 60),
        f"{op.f}, {op.type}",
        words.shortened(" · ".join(part for part in about if part), _MOST_LETTERS),
        words.shortened(_value(op), _MOST_LETTERS),
    )


def _value(op: Op) -> str:
    told = [item for item in (op.value, op.error) if item is not None]
    return " ".join(json.dumps(item, ensure_ascii=False, default=str) for item in told)
