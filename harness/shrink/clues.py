"""What a finding says of itself: by when it had been seen, and which jobs and nodes it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from harness.history import History, Op
from harness.verdict import CheckResult

Signature = tuple[str, str]  # checker, reason


class Clue(msgspec.Struct, frozen=True):
    """`until_ns`: the last moment that the finding tells of, since the run's begin; None: its end, or nobody knows."""

    until_ns: int | None = None
    jobs: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()


def clues(results: Iterable[CheckResult], history: History | None) -> dict[Signature, Clue]:
    """One for each signature of a run, of its first finding of that kind."""
    ops = {op.index: op for op in history.ops} if history is not None else {}
    return {(r.check, reason): _clue(_told(r, reason), ops) for r in results for _, reason in r.signatures}


def _told(result: CheckResult, reason: str) -> Mapping[str, Any]:
    """What the result tells of its first finding of this kind; nothing, where it only counts it."""
    if reason == result.reason:
        return {**result.details, "evidence": result.evidence, "first": result.first}
    further = result.details.get("further") or ()
    return next((found for found in further if found.get("reason") == reason), {})


def _clue(told: Mapping[str, Any], ops: Mapping[int, Op]) -> Clue:
    seen = [ops[index] for index in _indices(told) if index in ops]
    times_ns = [op.time_ns for op in seen] + [s["at_ns"] for s in _story(told) if isinstance(s.get("at_ns"), int)]
    known = times_ns and not any(op.f == "final" for op in seen)
    jobs = {op.job for op in seen if op.job is not None}
    if isinstance(job := told.get("job"), str):
        jobs.add(job)
    return Clue(max(times_ns) if known else None, frozenset(jobs), frozenset(op.node for op in seen if op.node))


def _indices(told: Mapping[str, Any]) -> Iterator[int]:
    for index in (*told.get("evidence", ()), told.get("first"), *(s.get("index") for s in _story(told))):
        if isinstance(index, int):
            yield index


def _story(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    story = told.get("story")
    return [s for s in story if isinstance(s, Mapping)] if isinstance(story, list) else []
