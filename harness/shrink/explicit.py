"""A schedule as a plan gives it in which every call stands in a script and every occurrence is a fault of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from pydantic import ValidationError

from faults import Fault, Lasts, TargetError, Timed, format_duration
from harness import registry
from harness.plan.times.order import fault_name
from harness.plan.times.repeat import awaited, lasts_ns
from harness.plan.words.model import fault_model
from harness.schedule import Awaited, FaultAt, Schedule, Step, System

_USERS = 16  # a script's, of one node


class Unwritable(Exception):
    """Something in a schedule that no plan can say; the message tells what."""


def explicit(schedule: Schedule) -> Schedule:
    """Every client as a user of the script, every occurrence as a fault. Raises `Unwritable`.

    Random draws of an occurrence come from a stream with its name, which may be another here: a failure that depends on
    them may be lost, and must be looked for again.
    """
    return msgspec.structs.replace(schedule, steps=_scripted(schedule.steps), faults=list(_single(schedule)), expect={})


def _scripted(steps: list[Step]) -> list[Step]:
    """Each client of a node becomes one of the script's users."""
    users: dict[str, dict[str, int]] = {}
    found = []
    for step in steps:
        of_node = users.setdefault(step.node, {})
        user = of_node.setdefault(step.process, len(of_node) + 1)
        if user > _USERS:
            raise Unwritable(f"{step.node} has more than {_USERS} clients, which no script can have")
        found.append(msgspec.structs.replace(step, process=_process(step.node, user)))
    return sorted(found, key=lambda step: (step.at_ns, step.process))


def _process(node: str, user: int) -> str:
    return first_user(node) if user == 1 else f"{first_user(node)}-{user}"


def first_user(node: str) -> str:
    """The process that makes a node's calls in a script, unless they say `user: 2`."""
    return f"{node}/script"


def user_of(step: Step) -> int:
    """The script's user who makes a call."""
    _, _, number = step.process.partition("/script-")
    return int(number) if number else 1


# ---- faults -------------------------------------------------------------------------------------------------------


def _single(schedule: Schedule) -> Iterator[FaultAt]:
    names: set[str] = set()
    for at in schedule.faults:
        name = next(n for n in _names(at.fault) if n not in names)
        names.add(name)
        yield _aimed(at, name, schedule.system)


def _names(first: str) -> Iterator[str]:
    yield first
    number = 2
    while True:
        yield f"{first} {number}"
        number += 1


def _aimed(at: FaultAt, name: str, system: System) -> FaultAt:
    """The occurrence as a fault that is aimed at exactly what it was aimed at."""
    for params in _spellings(at):
        words = words_of(msgspec.structs.replace(at, fault=name, params=params))
        found = fault_of(words, system)
        if found is not None and set(found.directions) == set(at.directions) and set(found.nodes) == set(at.nodes):
            return found
    raise Unwritable(f"the fault {at.fault!r} at {format_duration(at.at_ns)} cannot be aimed at what it was aimed at")


def _spellings(at: FaultAt) -> Iterator[dict[str, Any]]:
    """Targets by their names, directions as they are or by the client that dials; else as the plan had them."""
    if "links" in at.params:
        yield at.params | {"links": _shorter(at.directions)}
        yield at.params | {"links": ["->".join(reversed(d.split("->"))) for d in at.directions]}
    for key in ("nodes", "clients"):
        if key in at.params:
            yield at.params | {key: list(at.nodes)}
    yield at.params


def _shorter(directions: list[str]) -> list[str]:
    """`a->b` and `b->a` are `a<->b`."""
    found: list[str] = []
    for direction in directions:
        a, _, b = direction.partition("->")
        if f"{b}->{a}" in directions:
            if f"{b}<->{a}" not in found:
                found.append(f"{a}<->{b}")
        else:
            found.append(direction)
    return found


def words_of(at: FaultAt) -> dict[str, Any]:
    """What a plan says of a fault that happens once."""
    fault: Fault = registry.find("fault", at.action)
    times: dict[str, Any] = {"at": format_duration(at.at_ns) if at.moment is None else _moment(at.moment)}
    if not isinstance(fault, Lasts):
        times["for"] = format_duration(at.for_ns)
    params = {**at.params, fault.LENGTH: format_duration(at.for_ns)} if isinstance(fault, Lasts) else at.params
    return {"name": at.fault, "action": at.action, **params, **times}


def _moment(awaited: Awaited) -> dict[str, Any]:
    said: dict[str, Any] = {"after": awaited.after, "node": awaited.node}
    if awaited.later_ns:
        said["later"] = format_duration(awaited.later_ns)
    return {**said, "nth": awaited.nth} if awaited.nth > 1 else said


def fault_of(words: dict[str, Any], system: System) -> FaultAt | None:
    """Inverse of `words_of`, as the plan's expansion does it. None: no plan may say so."""
    fault: Fault = registry.find("fault", words["action"])
    try:
        said: Timed = fault_model(words["action"]).model_validate(words)
        aimed = fault.targets(said, system.directions, [node.name for node in system.nodes])
    except (ValidationError, TargetError):
        return None
    return FaultAt(
        fault=fault_name(said),
        action=said.action,
        index=0,
        at_ns=said.at_ns,
        moment=awaited(said, 0),
        for_ns=lasts_ns(fault, said, 0, 0),
        directions=list(aimed.directions),
        nodes=list(aimed.nodes),
        params=said.words(),
        fixed=said.moment is None,
    )
