"""A trigger that nobody answers. A trigger is put at a calm moment, so that by chance nobody does."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.history import Op, Tap
from injections import Edit, Scene, injects
from injections.edits import MS, US, like
from injections.scenes import Calm, calm, sure, without_events


@injects("reaction", "gap", sites=calm)
def a_gap(edit: Edit, at: Calm) -> None:
    edit.add_tap(at.told("sync:gap", 0, msg="3", source=None))


@injects("reaction", "head", sites=calm)
def a_head_far_ahead(edit: Edit, at: Calm) -> None:
    edit.add_tap(at.told("sync:head", 0, msg="store/100000"))


@injects("reaction", "hole", sites=without_events)
def an_event_far_ahead(edit: Edit, at: Calm) -> None:
    line = {"bus": "link", "event": "job:status-changed", "msg": "ahead", "job": "x", "rev": 100_000}
    edit.add(like(at.line("emit", -2 * MS, line), node=at.desktop, process=f"{at.desktop}/journal", incarnation=0))
    edit.add_tap(at.told("job:status-changed", 0, msg="ahead", job="x"))


@injects("reaction", "reconnect", sites=sure)
def registered_again(edit: Edit, at: Calm) -> None:
    edit.add(at.line("link", 0, {"state": "registered"}))


@injects("reaction", "presence", sites=calm)
def its_desktop_comes_online(edit: Edit, at: Calm) -> None:
    edit.add_tap(at.told("presence", 0, msg="online/another-boot/1"))


@injects("reaction", "failed-fetch", sites=calm)
def a_list_fails(edit: Edit, at: Calm) -> None:
    """For a gap, so that it may be begun."""
    edit.add_tap(at.told("sync:gap", 0, msg="3", source=None))
    edit.add(at.fetch(15 * MS, "fails", "begin", what="list", licence="gap", page=0))
    error = {"code": "timeout", "message": "no answer"}
    edit.add(at.fetch(20 * MS, "fails", "fail", what="list", licence="gap", error=error))


def shown_jobs(scene: Scene) -> Iterator[tuple[Calm, str]]:
    """A calm moment, and a job that its mobile shows then."""
    for at in calm(scene):
        shown: set[str] = set()
        for op in scene.run.ops[: at.op.index + 1]:
            if op.f == "observe" and op.node == at.node:
                kind = op.value["kind"]
                if kind == "scope":
                    shown.clear()
                elif kind == "row":
                    shown.add(str(op.job))
                elif kind in ("remove", "evict"):
                    shown.discard(str(op.job))
        yield from ((at, job) for job in sorted(shown))


@injects("reaction", "hint", sites=shown_jobs)
def an_event_without_a_revision(edit: Edit, site: tuple[Calm, str]) -> None:
    at, job = site
    line = {"bus": "link", "event": "job:response-appended", "msg": "bare", "job": job, "rev": 1, "bare": True}
    edit.add(like(at.line("emit", -2 * MS, line), node=at.desktop, process=f"{at.desktop}/journal", incarnation=0))
    edit.add_tap(at.told("job:response-appended", 0, msg="bare", job=job))


@injects("reaction", "swallowed", sites=calm)
def a_refresh_is_forgotten(edit: Edit, at: Calm) -> None:
    edit.add(at.line("trigger", 0, {"what": "refresh", "visit": at.visit, "detail": "x"}))


def _up(scene: Scene, op: Op) -> bool:
    """Was the node registered just before?"""
    mine = [o for o in scene.ops("link", "started") if o.node == op.node and o.index < op.index]
    return bool(mine) and mine[-1].f == "link" and mine[-1].value["state"] == "registered"


def _known(scene: Scene, at: Op, node: str) -> bool:
    """Did the relay hold a connection of the node then? It may have lost what the node still thinks it has."""
    device = str(scene.nodes[node]["device_id"]).lower()
    mine = [o for o in scene.ops("conn") if str(o.value["device"]).lower() == device and o.index < at.index]
    return bool(mine) and mine[-1].value["state"] == "registered"


def losses(scene: Scene) -> Iterator[Op]:
    for op in scene.ops("link"):
        soon = [o for o in scene.later(op) if o.time_ns < op.time_ns + 60 * MS]
        alive = op.node in scene.mobiles and not any(o.f in ("started", "final") for o in soon)
        if op.value["state"] == "closed" and alive and _up(scene, op):
            yield op


def _call(node: str, incarnation: int, time_ns: int, phase: str) -> Op:
    line = {"corr": "pending", "method": "job.get", "phase": phase, "params": {"jobId": "x"}}
    line |= {"error": {"code": "disconnected", "message": "?"}} if phase == "info" else {}
    return Op(
        index=0,
        time_ns=time_ns,
        process=f"{node}/journal",
        type="info",
        f="call",
        node=node,
        incarnation=incarnation,
        value=line,
    )


@injects("reaction", "pending-call", sites=losses)
def a_call_goes_on(edit: Edit, lost: Op) -> None:
    node, life = lost.node or "", lost.incarnation
    edit.add(_call(node, life, lost.time_ns - US, "begin"), _call(node, life, lost.time_ns + 50 * MS, "info"))


def desktops_lost(scene: Scene) -> Iterator[tuple[Op, str]]:
    """A desktop's connection ends at the relay, and a mobile of its user that stays there."""
    for op in scene.ops("conn"):
        name = {str(scene.nodes[d]["device_id"]).lower(): d for d in scene.desktops}.get(
            str(op.value["device"]).lower()
        )
        if op.value["state"] != "closed" or name is None:
            continue
        ups = [o for o in scene.ops("conn") if o.index < op.index and o.value["device"] == op.value["device"]]
        if not ups or ups[-1].value != {**op.value, "state": "registered"}:
            continue
        for node in scene.mobiles:
            stays = Op(index=op.index, time_ns=op.time_ns, process="", type="info", f="", node=node)
            around = [o for o in scene.ops("link", "started", "conn") if abs(o.time_ns - op.time_ns) < 60 * MS]
            alone = all(o is op or o.node not in (node, "relay") for o in around)
            there = _known(scene, op, node) and _up(scene, stays)
            if scene.ledger.active_desktop(node) == name and there and alone:
                yield op, node


@injects(
    "reaction",
    "forwarded-call",
    sites=desktops_lost,
    companions=["rpc/groundless-error"],
    because="the mobile ends it by itself, and its own link was not lost",
)
def a_forwarded_call_is_not_answered(edit: Edit, site: tuple[Op, str]) -> None:
    lost, node = site
    life = max(op.incarnation for op in edit.ops if op.node == node and op.time_ns <= lost.time_ns)
    line = {"corr": "pending", "method": "job.get", "outcome": "forwarded"}
    forwarded = msgspec.structs.replace(lost, f="rpc", value=line, time_ns=lost.time_ns - US)
    edit.add(_call(node, life, lost.time_ns - 2 * US, "begin"), forwarded)
    edit.add(_call(node, life, lost.time_ns + 50 * MS, "info"))


def _next_word(scene: Scene, at: Calm) -> Tap | None:
    """What enters the wire to the mobile first after this moment, of all that waits in turn."""
    kinds = ("job:", "sync:head", "rpc-reply", "presence")
    mine = (t for t in scene.run.taps if t.link == f"relay->{at.node}" and t.side == "in" and t.time_ns > at.time_ns)
    return next((tap for tap in mine if tap.type.startswith(kinds)), None)


def before_events(scene: Scene) -> Iterator[Calm]:
    """Calm moments after which an event is told that is new to the relay."""
    first: dict[str, int] = {}
    for op in scene.ops("deliver"):
        first.setdefault(str(op.value["msg"]), op.time_ns)
    for at in scene.calm:
        tap = _next_word(scene, at)
        new = tap is not None and tap.type.startswith("job:") and first.get(tap.msg or "", 0) > at.time_ns
        if new and tap is not None and tap.time_ns < at.time_ns + 300 * MS:
            yield at


def _relays(at: Calm, f: str, line: dict[str, object]) -> Op:
    return Op(index=0, time_ns=at.time_ns, process="relay/journal", type="info", f=f, node="relay", value=line)


@injects("reaction", "untold-gap", sites=before_events)
def dropped_in_silence(edit: Edit, at: Calm) -> None:
    device = edit.header.nodes[at.node]["device_id"]
    edit.add(_relays(at, "drop", {"device": device, "event": "job:status-changed", "msg": "x"}))


@injects("reaction", "untold-presence", sites=before_events)
def registered_in_silence(edit: Edit, at: Calm) -> None:
    edit.add(_relays(at, "conn", {"device": at.desktop_id, "state": "registered", "conn": at.number}))


@injects("reaction", "untold-head", sites=before_events)
def no_head_for_a_newcomer(edit: Edit, at: Calm) -> None:
    """It registers again over its connection, and is told of its user's desktops, but of no head."""
    device = str(edit.header.nodes[at.node]["device_id"]).lower()
    conns = [op for op in edit.ops if op.f == "conn" and str(op.value["device"]).lower() == device]
    number = [op for op in conns if op.time_ns < at.time_ns][-1].value["conn"]
    edit.add(_relays(at, "conn", {"device": device, "state": "registered", "conn": number}))
    for node in edit.header.nodes.values():
        if node["role"] == "desktop":
            edit.add_tap(at.told("presence", US, side="in", msg="online/boot/1", source=str(node["device_id"]).lower()))
