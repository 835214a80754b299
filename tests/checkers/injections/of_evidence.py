"""The run proves less than it seems to."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import like


def healed(scene: Scene) -> Iterator[Op]:
    return scene.ops("fault-heal")


@injects("evidence", "inert-fault", sites=healed)
def it_met_nothing(edit: Edit, heal: Op) -> None:
    edit.change(heal, value={"exercised": False, "fixed": True})


def whole(scene: Scene) -> Iterator[Scene]:
    yield scene


@injects("evidence", "too-quiet", sites=whole)
def more_was_scheduled(edit: Edit, scene: Scene) -> None:
    edit.header = msgspec.structs.replace(edit.header, scheduled_ops=3 * len(scene.run.ops))


def opened(scene: Scene) -> Iterator[str]:
    return (node for node in scene.mobiles if scene.finals[node].value.get("scope"))


@injects("evidence", "no-observations", sites=opened)
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
