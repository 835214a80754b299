"""The run proves less than it seems to."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import MS, like


def healed(scene: Scene) -> Iterator[Op]:
    return scene.ops("fault-heal")


@injects(
    "evidence",
    "inert-fault",
    sites=healed,
    companions=["evidence/nothing-at-stake"],
    because="nothing else need be looked at after it",
)
def it_met_nothing(edit: Edit, heal: Op) -> None:
    edit.change(heal, value={"exercised": False, "fixed": True})


def whole(scene: Scene) -> Iterator[Scene]:
    yield scene


@injects("evidence", "too-quiet", sites=whole)
def more_was_scheduled(edit: Edit, scene: Scene) -> None:
    edit.header = msgspec.structs.replace(edit.header, scheduled_ops=3 * len(scene.run.ops))


def opened(scene: Scene) -> Iterator[str]:
    return (node for node in scene.mobiles if scene.finals[node].value.get("scope"))


@injects(
    "evidence",
    "no-observations",
    sites=opened,
    companions=["evidence/nothing-judged"],
    because="the others may tell nothing of the whole store",
)
def it_says_nothing_of_its_screen(edit: Edit, node: str) -> None:
    edit.drop(*(op for op in edit.ops if op.f == "observe" and op.node == node))


def by_events(scene: Scene) -> Iterator[Op]:
    return (op for op in scene.observed() if (op.cause or "").startswith("event:"))


@injects("evidence", "journal-wire-mismatch", sites=by_events)
def by_an_event_that_never_came(edit: Edit, op: Op) -> None:
    edit.change(op, cause="event:never-sent")


@injects("evidence", "malformed", sites=by_events)
def a_line_that_says_nothing(edit: Edit, op: Op) -> None:
    edit.after(op, like(op, job=None, rev=None, value={"kind": "odd"}))


def the_end(scene: Scene) -> Iterator[Op]:
    return iter([scene.first_final()])


def the_end_of_peace(scene: Scene) -> Iterator[Op]:
    return (op for op in the_end(scene) if not any(scene.ops("fault-begin")))


def _a_late_fault(edit: Edit, final: Op, nodes: list[str]) -> None:
    """One at a fixed time, long after all work and just before the nodes are read."""
    edit.pause(final, 20_000 * MS)
    begun_ns = final.time_ns + 20_000 * MS
    about = {"fault": "late", "action": "pause", "occurrence": 0, "fixed": True, "nodes": nodes, "directions": []}
    about |= {"exercised": True, "candidates": 1, "effect": {}}
    edit.add(
        Op(index=0, time_ns=begun_ns - 2, process="nemesis", type="info", f="fault-begin", value=about),
        Op(index=0, time_ns=begun_ns - 1, process="nemesis", type="info", f="fault-heal", value=about),
    )
    declared = {"fault": "late", "action": "pause", "fixed": True, "occurrences": 1}
    edit.header = msgspec.structs.replace(edit.header, faults=[*edit.header.faults, declared])


@injects(
    "evidence",
    "idle-fault",
    sites=the_end,
    companions=["evidence/nothing-at-stake", "resources/leak", "rpc/never-completed"],
    because="what was looked at was over before it, and what was under way then has had time enough",
)
def long_after_all_work(edit: Edit, final: Op) -> None:
    _a_late_fault(edit, final, [str(final.node)])


@injects(
    "evidence",
    "nothing-at-stake",
    sites=the_end_of_peace,
    companions=["resources/leak", "rpc/never-completed"],
    because="what was under way before it has had time enough",
)
def a_fault_after_all_that_was_shown(edit: Edit, final: Op) -> None:
    _a_late_fault(edit, final, [])  # it does not say where it was, so nobody can say that it met no work


@injects("evidence", "nothing-judged", sites=whole)
def nobody_looks_and_no_text_is_told(edit: Edit, scene: Scene) -> None:
    for op in scene.ops("observe"):
        edit.change(op, value={"bytes": None, "digest": None})
    for node in scene.mobiles:
        if (final := scene.finals.get(node)) is not None:
            edit.change(final, value={"scope": None, "jobs": {}})
