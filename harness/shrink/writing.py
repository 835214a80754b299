"""A schedule as a plan, one call or fault a line."""

from __future__ import annotations

import math
from typing import Any

from pydantic import ValidationError

from faults import format_duration
from harness import plan as plans
from harness.plan.text.source import MAX_BYTES
from harness.schedule import FaultAt, Schedule, Step, System, profile_name
from harness.shrink.explicit import Unwritable, fault_of, user_of, words_of
from harness.shrink.search import Wanted
from harness.shrink.texts import LONG, repeated
from harness.workload.calls import CALLS, WIRE
from targets.timing import Timing

_STREAM = 4  # chunks that are written as one line
_SAYS = {wire: word for word, wire in WIRE.items()}


def plan_text(schedule: Schedule, base: dict[str, Any], wanted: Wanted, title: str) -> str:
    """A plan that expands to `schedule`, and expects to fail as `wanted`. Raises `Unwritable`."""
    system = schedule.system
    profile = profile_name(system.profile, sorted(system.with_), sorted(system.without))
    checks = [{"check": c.check, **c.params} for c in schedule.checks if c.check == wanted.check and c.params]
    lines = [
        *_one("version", 1),
        *_one("title", title),
        *_one("seed", schedule.seed),
        *(_one("draws", schedule.draws) if schedule.draws else ()),
        *_one("duration", format_duration(schedule.duration_ns)),
        *(line for key, value in base.items() for line in _one(key, value)),
        *_workload(schedule),
        *_listed("faults", [_fault(at, system) for at in schedule.faults]),
        *_one("settle", _settle(schedule)),
        *(_one("checks", checks) if checks else ()),
        *_one("expect", {profile: {"verdict": "INVALID", "check": wanted.check}}),
    ]
    text = "\n".join(lines) + "\n"
    if len(text.encode()) > MAX_BYTES:
        raise Unwritable(f"the plan would be longer than a plan may be ({MAX_BYTES // 1024} KB)")
    return text


def _one(key: str, value: Any) -> list[str]:
    return [plans.on_one_line({key: value})[1:-1]]


def _workload(schedule: Schedule) -> list[str]:
    calls = [_lasting(steps, schedule.system) for steps in _streams(schedule.steps)]
    return ["workload:", *_listed("  script", calls)] if calls else _one("workload", {"script": []})


def _listed(key: str, items: list[dict[str, Any]]) -> list[str]:
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return [f"{key}:", *(f"{indent}- {plans.on_one_line(item)}" for item in items)] if items else []


def _settle(schedule: Schedule) -> dict[str, str]:
    timing = Timing().scaled(schedule.system.timing_scale)
    found = {"quiesce": format_duration(schedule.quiesce_ns)}
    if schedule.converge_ns != math.ceil(timing.converge_floor_s) * 10**9:
        found["converge"] = format_duration(schedule.converge_ns)
    return found


def _fault(at: FaultAt, system: System) -> dict[str, Any]:
    """Its words without those that change nothing."""
    words = words_of(at)
    for key in list(words):
        fewer = {k: v for k, v in words.items() if k != key}
        if key not in ("action", "at", "for") and fault_of(fewer, system) == at:
            words = fewer
    for key, value in list(words.items()):
        if isinstance(value, dict):
            for inner in list(value):
                fewer = {k: v for k, v in words[key].items() if k != inner}
                if fault_of({**words, key: fewer}, system) == at:
                    words = {**words, key: fewer}
    return words


def _streams(steps: list[Step]) -> list[list[Step]]:
    """The steps, chunks that a client writes again and again at one pace put together, in the order of their first."""
    found: list[list[Step]] = []
    open_: dict[str, list[Step]] = {}  # process → the stream that its next chunk may belong to
    for step in steps:
        stream = open_.get(step.process)
        if stream is not None and _goes_on(stream, step):
            stream.append(step)
        else:
            found.append([step])
            if step.f == "chunk":
                open_[step.process] = found[-1]
    return [part for stream in found for part in ([stream] if len(stream) >= _STREAM else [[s] for s in stream])]


def _goes_on(stream: list[Step], step: Step) -> bool:
    every_ns = stream[1].at_ns - stream[0].at_ns if len(stream) > 1 else step.at_ns - stream[0].at_ns
    same = step.f == "chunk" and step.value == stream[0].value
    return same and every_ns > 0 and step.at_ns == stream[-1].at_ns + every_ns


def _lasting(steps: list[Step], system: System) -> dict[str, Any]:
    call = _call(steps[0], system)
    if len(steps) == 1:
        return call
    every_ns = steps[1].at_ns - steps[0].at_ns
    lasts = {"for": format_duration(every_ns * len(steps)), "every": format_duration(every_ns)}
    return {**call, "stream": lasts}


def _call(step: Step, system: System) -> dict[str, Any]:
    """Raises `Unwritable`."""
    words = {"at": format_duration(step.at_ns), "node": step.node, "do": step.f, **_said(step)}
    if (user := user_of(step)) != 1:
        words["user"] = user
    node = system.node(step.node)
    try:
        call = CALLS[step.f].model_validate(words)
        if call.value(node) == step.value:
            return {k: v for k, v in words.items() if k in ("at", "node", "do") or _is_needed(step, words, k, system)}
    except (KeyError, ValidationError, ValueError):
        pass
    raise Unwritable(f"no script can say the call {step.f} of {step.node} with {plans.on_one_line(step.value)}")


def _said(step: Step) -> dict[str, Any]:
    value = dict(step.value)
    if isinstance(scope := value.pop("scope", None), dict):
        value |= scope
    if step.f == "create":
        value.pop("projectDirectory", None)
    if isinstance(text := value.get("chunk"), str) and len(text) > LONG:
        value["chunk"], value["repeat"] = repeated(text)
    return {_SAYS.get(key, key): said for key, said in value.items()}


def _is_needed(step: Step, words: dict[str, Any], key: str, system: System) -> bool:
    """Would the call be another without this word?"""
    try:
        call = CALLS[step.f].model_validate({k: v for k, v in words.items() if k != key})
    except ValidationError:
        return True
    return key == "user" or call.value(system.node(step.node)) != step.value
