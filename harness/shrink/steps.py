"""Calls that a script can say without others."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from harness.schedule import Schedule, Step


def with_steps(schedule: Schedule, steps: Iterable[Step]) -> Schedule:
    """What no script can say goes as well: what is done to a job that nobody creates, but for a mobile's `get`, and the
    creation of one that is there."""
    created: set[str] = set()
    there: set[str] = set()
    kept = []
    for step in steps:
        job = job_of(step)
        if step.f == "create" and job is not None:
            if job in there:
                continue
            created.add(job)
            there.add(job)
        elif step.f == "delete" and job is not None:
            there.discard(job)
        if job is None or job in created or step.f == "get":
            kept.append(step)
    return msgspec.structs.replace(schedule, steps=kept)


def job_of(step: Step) -> str | None:
    return step.value.get("jobId")
