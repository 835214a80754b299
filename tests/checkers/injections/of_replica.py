"""Screens that do not show at once what they were told, or show what nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import MS, like

_LATE_NS = 30 * MS


def _shown(scene: Scene) -> Iterator[list[Op]]:
    """What each screen shows of each job, from one opening of a scope to the next."""
    runs: dict[tuple[str | None, str | None], list[Op]] = {}
    for op in scene.ops("observe"):
        if op.value["kind"] in ("scope", "evict", "remove"):
            gone = [key for key in runs if key[0] == op.node and op.job in (None, key[1])]
            yield from (runs.pop(key) for key in gone)
        elif op.job is not None:
            runs.setdefault((op.node, op.job), []).append(op)
    yield from runs.values()


def _by_event(op: Op) -> bool:
    return (op.cause or "").startswith("event:") and op.value["kind"] == "patch" and op.rev is not None


def overwritten(scene: Scene) -> Iterator[Op]:
    """What an event changed, and the next event of that job changes again."""
    for ops in _shown(scene):
        for (before, op), (_, then) in pairwise(pairwise(ops)):
            again = before.rev is not None and _by_event(op) and _by_event(then) and scene.sure(op.time_ns)
            if again and op.value["set"].keys() <= then.value["set"].keys() and then.time_ns - op.time_ns < 40 * MS:
                yield op


@injects(
    "replica",
    "does-not-follow",
    sites=overwritten,
    companions=["replica/not-applied"],
    because="the event that was left out had been delivered, and followed what was shown",
)
def one_is_left_out(edit: Edit, op: Op) -> None:
    edit.drop(op)


def alone(scene: Scene, *kinds: str) -> Iterator[Op]:
    """Observations after which their mobile does nothing for a while."""
    mine: dict[str | None, list[Op]] = {}
    for op in scene.run.ops:
        mine.setdefault(op.node, []).append(op)
    for ops in mine.values():
        for op, then in pairwise(ops):
            peace_ns = op.time_ns + _LATE_NS
            faults = (o.f.startswith("fault") and o.time_ns <= peace_ns for o in scene.later(op))
            shows = op.f == "observe" and op.value["kind"] in kinds
            if shows and then.time_ns > peace_ns + MS and not any(faults):
                yield op


def alone_by_event(scene: Scene) -> Iterator[Op]:
    return (op for op in alone(scene, "patch") if _by_event(op) and scene.sure(op.time_ns))


@injects("replica", "not-applied", sites=alone_by_event)
def an_event_is_shown_late(edit: Edit, op: Op) -> None:
    edit.change(op, time_ns=op.time_ns + _LATE_NS)


def fetched_rows(scene: Scene) -> Iterator[Op]:
    return (op for op in alone(scene, "row") if (op.cause or "").startswith("get:"))


@injects("replica", "row-not-shown", sites=fetched_rows)
def a_row_is_shown_late(edit: Edit, op: Op) -> None:
    edit.change(op, time_ns=op.time_ns + _LATE_NS)


def openings(scene: Scene) -> Iterator[Op]:
    shown = {
        (op.node, op.time_ns) for op in scene.observed("scope") if (op.cause or "") in ("local:open", "local:switch")
    }
    asked = (op for op in scene.ops("open", "switch") if op.type == "invoke")
    return (op for op in asked if (op.node, op.time_ns) in shown and op.value.get("scope"))


@injects("replica", "another-scope", sites=openings)
def another_was_asked_for(edit: Edit, op: Op) -> None:
    edit.change(op, value={"scope": {"session": "another"}})


def closings(scene: Scene) -> Iterator[Op]:
    for op in scene.observed("scope"):
        mine = [o.time_ns for o in scene.later(op) if o.node == op.node and o.f in ("observe", "started", "open")]
        if not op.value["set"].get("scope") and min(mine, default=op.time_ns + MS) >= op.time_ns + MS:
            yield op


@injects("replica", "closed-screen", sites=closings)
def a_list_is_answered(edit: Edit, op: Op) -> None:
    fields: dict[str, Any] = {"f": "list", "process": f"{op.node}/user-9", "cause": None}
    answer = {"jobs": [], "totalCount": 0, "source": "desktop"}
    asked = like(op, **fields, type="invoke", time_ns=op.time_ns + MS // 4, value=None)
    edit.add(asked, like(asked, type="ok", time_ns=op.time_ns + MS // 2, value=answer))


def cached_lists(scene: Scene) -> Iterator[Op]:
    known: set[str | None] = set()
    for op in scene.ops("list"):
        if op.type == "ok" and "store" in op.value:
            if op.value["source"] != "cache":
                known.add(op.node)
            elif op.node in known:
                yield op


@injects("replica", "former-store", sites=cached_lists)
def of_a_store_that_is_gone(edit: Edit, op: Op) -> None:
    edit.change(op, value={"store": "gone"})


def refreshes(scene: Scene) -> Iterator[Op]:
    """Of lists that were old for certain."""
    known: dict[tuple[str | None, str], int] = {}
    hit: dict[str | None, str] = {}
    for op in scene.ops("cache", "fetch"):
        if op.f == "cache":
            if op.value["what"] == "fill":
                known[op.node, op.value["key"]] = op.time_ns
            elif op.value["what"] == "hit":
                hit[op.node] = op.value["key"]
        elif op.value["licence"] == "refresh" and op.value["phase"] == "begin":
            key = (op.node, hit.get(op.node, ""))
            ill = any(op.node in o.value["nodes"] for o in scene.ops("fault-begin") if o.time_ns < op.time_ns)
            if not ill and op.time_ns - known.get(key, op.time_ns) > scene.run.header.timing["refresh_after_s"] * 1.3e9:
                yield op
            known[key] = op.time_ns


@injects("replica", "not-refreshed", sites=refreshes)
def nobody_asks(edit: Edit, op: Op) -> None:
    edit.drop(*(o for o in edit.ops if o.f == "fetch" and o.value["corr"] == op.value["corr"]))
