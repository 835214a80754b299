"""What a node held of a job before a step, and after it: folded from the commits and observations of the history."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from harness.history import History, Op
from harness.report.findings.steps import Mark

_TIMES = ("startTime", "endTime", "durationMs", "isFinalized", "updatedAt", "createdAt")
_UNTOLD = frozenset({"id", "status", "sessionId", "projectHash", "sync", "response", "prompt", *_TIMES})
_MOST_FIELDS, _MOST_LETTERS = 3, 60
_NOTHING = "nothing"
_READ = ("final", "list", "get")


@dataclass(frozen=True)
class State:
    """`before` is empty for what was only read."""

    before: str
    after: str


@dataclass
class Held:
    """One job as one node has it. `gone`: why it has none."""

    fields: dict[str, Any] = field(default_factory=dict)
    rev: int | None = None
    bytes: int | None = None
    gone: str = _NOTHING

    def copy(self) -> Held:
        return Held(dict(self.fields), self.rev, self.bytes, self.gone)


def of(history: History, marks: list[Mark], jobs: Collection[str], field: str = "") -> dict[int, State]:
    """By the index of each step's op, as far as it changes a job, or reads one. `field`: what the finding is about,
    which is told of a row that was read."""
    wanted = {m.op.index for m in marks if m.op is not None and m.op.f in ("commit", "observe", *_READ)}
    about = {m.op.job for m in marks if m.op is not None and m.op.job} | set(jobs)
    nodes = {m.node for m in marks}
    held: dict[tuple[str, str], Held] = {}
    found: dict[int, State] = {}
    for op in history.ops if wanted else ():
        if op.f in _READ and op.index in wanted:
            found[op.index] = State("", _read(op, about, field))
        elif op.node in nodes and op.f in ("observe", "recovered") and op.job is None:
            _cleared(op, held)
        elif op.node in nodes and op.f in ("commit", "observe") and op.job in about:
            _fold(op, held, found if op.index in wanted else None)
        if len(found) == len(wanted):
            break
    return found


def _fold(op: Op, held: dict[tuple[str, str], Held], found: dict[int, State] | None) -> None:
    """What is not a step changes what is held, without being told."""
    key = (op.node or "", op.job or "")
    before = held.get(key, Held())
    if found is None and op.type != "ok":
        return
    after = _changed(before if found is None else before.copy(), op, before.bytes)
    if found is not None:
        found[op.index] = _told(before, after)
    if op.type == "ok":
        held[key] = after


def _cleared(op: Op, held: dict[tuple[str, str], Held]) -> None:
    """Another screen shows no job of the former one; a store that begins anew holds none."""
    value = op.value if isinstance(op.value, dict) else {}
    anew = op.f == "recovered" and value.get("head") == 0
    if value.get("kind") == "scope" or anew:
        for key in [key for key in held if key[0] == op.node]:
            del held[key]


def _changed(after: Held, op: Op, before_bytes: int | None) -> Held:
    value = op.value if isinstance(op.value, dict) else {}
    kind = value.get("kind") or value.get("f")
    if kind in ("remove", "delete"):
        return Held(gone="deleted")
    if kind == "evict":
        return Held(gone="not on this screen")
    if kind == "row":
        after.fields = {}
    changed = value.get("set")
    after.fields.update(changed if isinstance(changed, dict) else {})
    after.gone = ""
    after.rev = op.rev.n if op.rev is not None else None
    after.bytes = _bytes(before_bytes, value)
    return after


def _bytes(before: int | None, value: dict[str, Any]) -> int | None:
    if isinstance(value.get("bytes"), int):
        return int(value["bytes"])
    if isinstance(value.get("chunk"), str):
        start = value.get("start")
        return (start if isinstance(start, int) else before or 0) + len(value["chunk"].encode(errors="replace"))
    if isinstance(value.get("response"), str):
        return len(value["response"].encode(errors="replace"))
    return before


def _told(before: Held, after: Held) -> State:
    names = [
        n for n in after.fields if n not in _UNTOLD and not before.gone and before.fields.get(n) != after.fields[n]
    ]
    shown = names[:_MOST_FIELDS]
    return State(_line(before, shown), _line(after, shown))


def _line(held: Held, names: list[str]) -> str:
    if held.gone:
        return held.gone
    parts = [f"revision {held.rev}"] if held.rev is not None else []
    parts += [str(held.fields["status"])[:_MOST_LETTERS]] if held.fields.get("status") else []
    parts += [f"{name} {_short(held.fields.get(name))}" for name in names]
    parts += [f"{held.bytes} byte{'' if held.bytes == 1 else 's'}"] if held.bytes is not None else []
    return ", ".join(parts) or "the job"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str) if value is not None else "none"
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _read(op: Op, jobs: Collection[str], field: str) -> str:
    value = op.value if isinstance(op.value, dict) else {}
    rows = value.get("jobs", [value.get("job")] if "job" in value else None)
    if isinstance(rows, list):
        rows = {str(row.get("id")): row for row in rows if isinstance(row, dict)}
    if not isinstance(rows, dict):
        return ""
    told = []
    for job in sorted(jobs):
        row = rows.get(job)
        told.append(f"job {job}: {_row(row, field) if isinstance(row, dict) else 'not there'}")
    return "; ".join(told[:_MOST_FIELDS])


def _row(row: dict[str, Any], field: str) -> str:
    text, sync, held = row.get("response"), row.get("sync"), Held(fields=row, gone="")
    held.bytes = len(text.encode(errors="replace")) if isinstance(text, str) else None
    rev = sync.get("rev") if isinstance(sync, dict) else None
    n = rev.get("n") if isinstance(rev, dict) else rev
    held.rev = n if isinstance(n, int) else None
    return _line(held, [field] if field in row and field not in _UNTOLD else [])
