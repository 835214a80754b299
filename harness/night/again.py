"""Is a night's run what its seed makes of it? Played once more by another process, with another hash seed."""

from __future__ import annotations

import msgspec

from harness import registry
from harness.hunting.campaign import Task, scheduled, trace
from harness.runs import determinism


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is done, and what it gave."""

    number: int
    task: Task
    trace: str


def play(one: Again) -> str | None:
    """In a worker: the trace hash."""
    return trace(one.task)


def where_it_parts(one: Again, found: str | None) -> str:
    """In words, with the first event that differs, when it differs again."""
    said = f"{one.task.plan.name} seed {one.task.seed} is not deterministic"
    if found is None:
        return f"{said}: the second time it came to no end"
    schedule = scheduled(one.task)
    first, second = determinism.played_apart(schedule, registry.find("runtime", one.task.order.runtime).NAME)
    difference = determinism.difference(first, second)
    if difference is None:
        return f"{said}: the trace was {one.trace}, then {found}; two more processes agreed on {first.trace_hash}"
    return "\n".join([said, *difference.told()])
