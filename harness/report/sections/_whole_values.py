"""What an operation did, as one line of the timeline: its value, its result and its error, shortened.

A value may be anything that a component wrote. It is read as far as there is room for it, and never fails.
"""

from __future__ import annotations

import itertools
from typing import Any

from harness.history import Op

_MOST_OF_A_TEXT = 48  # letters of one text among others
_MOST_DEPTH = 3
_OF_FINAL = 4  # times the room: there is one for each node
_MOST_JOBS = 12  # that are told of the state at the end
_ROOM_FOR_MORE = 16  # letters of "and N more"
_UNTOLD = frozenset({"updatedAt", "createdAt", "projectHash", "store", "digest", "visit"})  # long, or of no interest
_ELSEWHERE = frozenset({"jobId", "job", "msg", "corr", "call"})  # told as the job and the message of an operation


def told(op: Op, most: int) -> str:
    """The value of an op that stands alone, in at most about `most` letters."""
    value = op.value if isinstance(op.value, dict) else None
    if value is not None and op.f == "commit":
        said = _commit(value, most)
    elif value is not None and op.f == "observe":
        said = _observation(value, most)
    elif value is not None and op.f == "final":
        most *= _OF_FINAL
        said = _final(value, most)
    else:
        said = flat(op.value, most)
    return cut(_with_error(said, op, most), most)


def call(begun: Op, ended: Op, most: int) -> str:
    """The value of a call and of its answer."""
    asked, answered = flat(begun.value, most), flat(ended.value, most)
    return cut(_with_error(" → ".join(part for part in (asked, answered) if part), ended, most), most)


def _with_error(said: str, op: Op, most: int) -> str:
    if op.error is None:
        return said
    error = f"error: {flat(op.error, most)}"
    return f"{cut(said, max(0, most - len(error)))} · {error}" if said else error


def _commit(value: dict[str, Any], most: int) -> str:
    said = [str(value.get("f", ""))]
    if value.get("chunk") is not None:
        said.append(f"“{cut(str(value['chunk']), most // 2)}” at byte {value.get('start')}")
    if value.get("response") is not None:
        said.append(f"the text becomes “{cut(str(value['response']), most // 2)}”")
    said.append(flat(value.get("set"), most))
    return " · ".join(part for part in said if part)


def _observation(value: dict[str, Any], most: int) -> str:
    said = [str(value.get("kind", ""))]
    if value.get("length") is not None:
        said.append(f"{value['length']} bytes after {value.get('before')}, to end at {value.get('end', '?')}")
    said.append(flat(value.get("set"), most))
    return " · ".join(part for part in said if part)


def _final(value: dict[str, Any], most: int) -> str:
    jobs = value.get("jobs")
    if not isinstance(jobs, dict):
        return flat(value, most)
    said = f"the state at the end: {len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}"
    told = [_held(str(id_), job) for id_, job in itertools.islice(jobs.items(), _MOST_JOBS)]
    while told and len(said) + sum(len(job) + 3 for job in told) + _ROOM_FOR_MORE > most:
        told.pop()
    more = [f"and {len(jobs) - len(told)} more"] if told and len(told) < len(jobs) else []
    return " · ".join([said, *told, *more])


def _held(id_: str, job: Any) -> str:
    """`a1 completed, revision 7, 63 bytes`"""
    found = job if isinstance(job, dict) else {}
    sync, text = found.get("sync"), found.get("response")
    said = [f"{cut(id_, _MOST_OF_A_TEXT)} {cut(str(found.get('status', '')), _MOST_OF_A_TEXT)}".strip()]
    if isinstance(sync, dict) and sync.get("rev") is not None:
        said.append(f"revision {cut(str(sync['rev']), _MOST_OF_A_TEXT)}")
    if isinstance(text, str):
        said.append(f"{len(text.encode('utf-8', 'surrogatepass')):,} bytes")
    return ", ".join(said)


def flat(value: Any, most: int) -> str:
    """`a=1, b={c=2}`, read no further than there is room."""
    if isinstance(value, dict):
        return _pairs(value, most, _MOST_DEPTH)
    return "" if value is None else _of(value, most, _MOST_DEPTH)


def _pairs(value: dict[Any, Any], room: int, depth: int) -> str:
    pieces: list[str] = []
    for name, part in value.items():
        if name in _UNTOLD or (depth == _MOST_DEPTH and name in _ELSEWHERE):
            continue
        if room <= 0:
            pieces.append("…")
            break
        piece = f"{cut(str(name), _MOST_OF_A_TEXT)}={_of(part, room, depth - 1)}"
        room -= len(piece)
        pieces.append(piece)
    return ", ".join(pieces)


def _of(value: Any, room: int, depth: int) -> str:
    if isinstance(value, str):
        return cut(value, _MOST_OF_A_TEXT)
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    if isinstance(value, dict):
        return f"{{{_pairs(value, room, depth)}}}" if depth > 0 else "{…}"
    if isinstance(value, list):
        return f"[{_items(value, room, depth)}]" if depth > 0 else f"[{len(value)}]"
    return cut(str(value), _MOST_OF_A_TEXT)


def _items(value: list[Any], room: int, depth: int) -> str:
    pieces: list[str] = []
    for part in value:
        if room <= 0:
            pieces.append(f"… {len(value) - len(pieces)} more")
            break
        pieces.append(_of(part, room, depth - 1))
        room -= len(pieces[-1])
    return ", ".join(pieces)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)] + "…"
