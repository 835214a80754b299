"""What calls and faults say: shorter texts, nothing that could be left out, every message instead of some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from harness.schedule import FaultAt, Schedule, Step
from harness.shrink.explicit import fault_of, first_user, words_of
from harness.shrink.search import Search
from harness.shrink.texts import shorter

_NEEDED = {"create": ("jobId", "sessionId", "projectDirectory"), "finalize": ("jobId", "status")}
_PLAIN: dict[str, dict[str, Any]] = {
    "create": {"taskType": "text_improvement", "prompt": "Improve this text."},
    "finalize": {"body": True},
}


def simplify(search: Search) -> None:
    _first(_one_user_less(search.best), search)
    if search.takes(_plainest(search.best)):
        return
    for number in range(len(search.best.steps)):
        _first(_plainer_calls(search.best, number), search)
        while _first(_shorter_texts(search.best, number), search):
            pass
    for number in range(len(search.best.faults)):
        _first(_plainer_faults(search.best, number), search)


def _plainest(schedule: Schedule) -> Schedule:
    """All at once what is tried one by one where this is too much."""
    for number in range(len(schedule.steps)):
        schedule = next(iter(_plainer_calls(schedule, number)), schedule)
        schedule = next(_shorter_texts(schedule, number), schedule)
    for number in range(len(schedule.faults)):
        schedule = next(iter(_plainer_faults(schedule, number)), schedule)
    return schedule


def _first(candidates: Iterable[Schedule], search: Search) -> bool:
    """Takes the first that fails; False: none."""
    before = search.best
    return any(candidate != before and search.takes(candidate) for candidate in candidates)


# ---- calls --------------------------------------------------------------------------------------------------------


def _one_user_less(schedule: Schedule) -> Iterator[Schedule]:
    """All of a node's calls one after the other, or those of one more of its users after those of the first."""
    others = {s.process: s.node for s in schedule.steps if s.process != first_user(s.node)}
    for those in (set(others), *({process} for process in others)):
        steps = [
            msgspec.structs.replace(s, process=first_user(s.node)) if s.process in those else s for s in schedule.steps
        ]
        yield msgspec.structs.replace(schedule, steps=sorted(steps, key=lambda s: (s.at_ns, s.process)))


def _plainer_calls(schedule: Schedule, number: int) -> Iterator[Schedule]:
    """Only what a call of its kind must say, and that as scripts say it when they say nothing."""
    step = schedule.steps[number]
    needed = _NEEDED.get(step.f)
    if needed is not None:
        yield _with_value(schedule, number, {k: step.value[k] for k in needed if k in step.value} | _PLAIN[step.f])


def _shorter_texts(schedule: Schedule, number: int) -> Iterator[Schedule]:
    step = schedule.steps[number]
    text = step.value.get("chunk")
    if step.f == "chunk" and isinstance(text, str):
        yield from (_with_value(schedule, number, {**step.value, "chunk": less}) for less in shorter(text))


def _with_value(schedule: Schedule, number: int, value: dict[str, Any]) -> Schedule:
    steps: list[Step] = list(schedule.steps)
    steps[number] = msgspec.structs.replace(steps[number], value=value)
    return msgspec.structs.replace(schedule, steps=steps)


# ---- faults -------------------------------------------------------------------------------------------------------


def _plainer_faults(schedule: Schedule, number: int) -> Iterator[Schedule]:
    """A fault that meets every message instead of some."""
    words = words_of(schedule.faults[number])
    if words.get("chance", 1) != 1 and (found := fault_of({**words, "chance": 1.0}, schedule.system)) is not None:
        faults: list[FaultAt] = list(schedule.faults)
        faults[number] = found
        yield msgspec.structs.replace(schedule, faults=faults)
