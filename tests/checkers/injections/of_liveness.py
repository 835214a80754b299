"""Somebody does not come back, or does not come to rest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from checkers.traffic.peace import touched_by_fault
from harness.history import Op, Tap
from harness.judging.checking import check
from harness.schedule import CheckSpec
from injections import Edit, Scene, injects
from injections.edits import MS, US, like
from injections.scenes import DOUBT_NS, Calm, sure


@lru_cache
def watched(scene: Scene) -> bool:
    """Does the run go on so long after everything that nothing more may happen?"""
    (result,) = check(scene.run, [CheckSpec(check="liveness")])
    return bool(result.details["quiet"] == "watched")


def _last_links(scene: Scene) -> Iterator[Op]:
    """The last that every client says of its link, where it is up."""
    last = {op.node: op for op in scene.ops("link")}
    return (op for op in last.values() if op.value["state"] == "registered")


def left_alone(scene: Scene) -> Iterator[Op]:
    return (op for op in _last_links(scene) if watched(scene) and op.node in scene.desktops)


_ENDED = ["connections/ended-without-cause"]
_NO_CAUSE = "nothing had happened to the connection that is given up"


@injects(
    "liveness",
    "unregistered",
    sites=left_alone,
    companions=[*_ENDED, "connections/held-on"],
    because=f"{_NO_CAUSE}; and its relay knows nothing of it",
)
def it_never_comes_back(edit: Edit, up: Op) -> None:
    edit.after(up, like(up, value={"state": "closed"}))


@injects("liveness", "given-up", sites=sure, companions=_ENDED, because=_NO_CAUSE)
def taken_for_dead(edit: Edit, at: Calm) -> None:
    """It is back at once, so that nothing comes of it."""
    closed = like(at.line("link", 0, {"state": "closed", "reason": "dead peer"}), node=at.desktop)
    edit.add(closed, like(closed, value={"state": "registered", "reason": None}, time_ns=at.time_ns + US))


def long_silent(scene: Scene) -> Iterator[tuple[Calm, int]]:
    """A moment so long after a fault that a dead connection must have been noticed, and that fault's end."""
    clients = [*scene.mobiles, *scene.desktops]
    for at in sure(scene):
        before = [op for op in scene.ops("fault-begin", "fault-heal", "started") if op.time_ns < at.time_ns]
        mine = [op for op in before if op.f == "started" or at.desktop in touched_by_fault(op, clients)]
        if not mine or mine[-1].f != "fault-heal" or at.time_ns - mine[-1].time_ns <= 3_200 * MS:
            continue
        if not any(op.node == at.desktop and op.index > mine[-1].index for op in scene.ops("link")):
            yield at, mine[-1].time_ns


@injects("liveness", "noticed-late", sites=long_silent, companions=_ENDED, because="the fault was too long ago")
def silent_all_the_while(edit: Edit, site: tuple[Calm, int]) -> None:
    at, since_ns = site
    edit.drop_taps(
        lambda t: t.link == f"relay->{at.desktop}" and t.side == "out" and since_ns < t.time_ns <= at.time_ns
    )
    taken_for_dead(edit, at)


def finals(scene: Scene) -> Iterator[Op]:
    return scene.ops("final")


@injects(
    "liveness",
    "exited",
    sites=finals,
    companions=["convergence/no-final", "evidence/nothing-judged"],
    because="of a run that ends with a death nobody judges what is shown in the end",
)
def it_ends_when_all_is_over(edit: Edit, final: Op) -> None:
    """After it nothing is judged, so it comes last."""
    last_ns = max(op.time_ns for op in edit.ops)
    said = {"code": 1, "by": "itself", "said": ""}
    exited = like(final, process=f"{final.node}/journal", type="info", f="exited", time_ns=last_ns + MS)
    exited.value = said
    edit.add(exited)


def mapped(scene: Scene) -> Iterator[tuple[Op, str, str]]:
    """The relay's final state, a user, a device whose connection has stood for a while."""
    final = scene.finals.get("relay")
    for op in _last_links(scene) if final is not None else ():
        node = scene.nodes[op.node or ""]
        faults = [o.time_ns for o in scene.ops("fault-heal")]
        if scene.last.time_ns - max([op.time_ns, *faults]) > DOUBT_NS and final is not None:
            yield final, str(node["user_id"]), str(node["device_id"]).lower()


@injects("liveness", "unreachable", sites=mapped)
def the_relay_forgot_it(edit: Edit, site: tuple[Op, str, str]) -> None:
    final, user, device = site
    users = final.value["connections"]
    mine = {d: conn for d, conn in users[user].items() if str(d).lower() != device}
    edit.change(final, value={"connections": {**users, user: mine}})


def registrations(scene: Scene) -> Iterator[Op]:
    return (op for op in scene.ops("conn") if op.value["state"] == "registered")


@injects("liveness", "evicted", sites=registrations)
def a_newer_one_was_there(edit: Edit, conn: Op) -> None:
    edit.before(conn, like(conn, value={"conn": conn.value["conn"] + 1000}))


def last_words(scene: Scene) -> Iterator[Tap]:
    """The relay's last word to a mobile on a desktop, when both stay to the end."""
    stay = {op.node: op.time_ns for op in _last_links(scene)}
    devices = {str(scene.nodes[name]["device_id"]).lower(): name for name in scene.desktops}
    last = {
        (tap.link, tap.source): tap for tap in scene.run.taps if tap.type == "presence" and tap.link[:7] == "relay->"
    }
    for (link, source), tap in last.items():
        ends = {link.rpartition(">")[2], devices.get(source or "", "")}
        faults = [o.time_ns for o in scene.ops("fault-heal")]
        long_ago = scene.last.time_ns - max([tap.time_ns, *faults]) > DOUBT_NS
        if tap.side == "out" and (tap.msg or "").startswith("online") and ends <= stay.keys() and long_ago:
            yield tap


@injects(
    "liveness",
    "presence-wrong",
    sites=last_words,
    companions=["connections/said-gone"],
    because="the relay's last word is also one that was wrong when it was said",
)
def said_to_be_offline(edit: Edit, tap: Tap) -> None:
    gone = (tap.msg or "").replace("online", "offline")
    edit.add_tap(msgspec.structs.replace(tap, side="in", msg=gone, time_ns=tap.time_ns + US))


def opening(scene: Scene) -> Iterator[Op]:
    found = (op for op in scene.ops("link") if op.value["state"] == "open" and op.node in scene.desktops)
    return (op for op in found if not scene.disturbed(op.time_ns))  # of a wrong clock nobody knows the pauses


@injects("liveness", "reconnect-storm", sites=opening)
def socket_after_socket(edit: Edit, op: Op) -> None:
    edit.before(op, *(like(op) for _ in range(20)))


def listings(scene: Scene) -> Iterator[Op]:
    found = (op for op in scene.ops("fetch") if op.value["phase"] == "begin" and op.value["what"] == "list")
    return (op for op in found if not scene.disturbed(op.time_ns))


@injects("liveness", "fetch-storm", sites=listings)
def again_and_again(edit: Edit, op: Op) -> None:
    """For a screen that is no longer there, so that it is no more than a storm."""
    again = {"licence": "retry", "visit": -1, "page": 0}
    edit.after(op, *(like(op, value={**again, "corr": f"again-{n}"}) for n in range(45)))


def at_rest(scene: Scene) -> Iterator[Op]:
    """What screens show in the end because of an event, in a run that went on for long."""
    shown: dict[tuple[str | None, str | None], Op] = {}
    for op in scene.ops("observe"):
        if op.value["kind"] == "scope":
            shown = {(node, job): last for (node, job), last in shown.items() if node != op.node}
        elif op.value["kind"] == "remove":
            shown.pop((op.node, op.job), None)
        elif op.value["kind"] in ("row", "patch", "append"):
            shown[op.node, op.job] = op
    return (op for op in shown.values() if watched(scene) and (op.cause or "").startswith("event:"))


@injects("liveness", "late-convergence", sites=at_rest)
def shown_once_more(edit: Edit, op: Op) -> None:
    final = next(o for o in edit.ops if o.f == "final")
    edit.before(final, like(op, time_ns=final.time_ns, rev=None, value={"kind": "patch", "set": {}}))


@injects("liveness", "restless", sites=at_rest)
def said_once_more(edit: Edit, op: Op) -> None:
    final = next(o for o in edit.ops if o.f == "final")
    link = next(tap.link for tap in edit.taps if tap.side == "in" and tap.link.endswith("->relay"))
    edit.add_tap(Tap(time_ns=final.time_ns, link=link, side="in", conn=1, bytes=9, type="register"))


def asked_of_phones(scene: Scene) -> Iterator[Op]:
    return (op for op in scene.ops("background", "foreground", "close") if op.type == "ok")


@injects("liveness", "crashed", sites=asked_of_phones)
def a_phone_breaks_down_over_it(edit: Edit, op: Op) -> None:
    edit.change(op, type="info", value=None, error={"code": "crashed", "message": "KeyError: 'x'"})
