"""Connections that end for nothing, and clients that come back too soon."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from harness.history import Op, Tap
from injections import Edit, Scene, injects
from injections.edits import MS, like
from injections.scenes import Calm, in_peace


def stays(scene: Scene) -> Iterator[Op]:
    """Registrations that last to the end, after which nothing happened to anybody."""
    last = {op.node: op for op in scene.ops("link")}
    healed = max((op.time_ns for op in scene.ops("fault-heal", "started")), default=-(1 << 60))
    doubt_ns = round(scene.run.header.timing["dead_peer_s"] * 1.1e9)
    if scene.last.time_ns - healed > doubt_ns:
        yield from (op for op in last.values() if op.value["state"] == "registered")


@injects("connections", "ended-without-cause", sites=stays)
def it_ends_after_all(edit: Edit, op: Op) -> None:
    """Just before the end, so that nobody waits for it."""
    final = next(o for o in edit.ops if o.f == "final")
    edit.before(final, like(op, value={"state": "closed", "reason": "no reason"}, time_ns=final.time_ns))


@injects("connections", "said-gone", sites=in_peace)
def said_to_be_gone_for_a_moment(edit: Edit, at: Calm) -> None:
    edit.add_tap(at.told("presence", 0, msg="offline/another-boot/1", side="in"))
    edit.add_tap(at.told("presence", MS, msg="online/another-boot/2", side="in"))


def pauses(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """The end of a connection, or of an attempt, and the next attempt."""
    for node in (*scene.mobiles, *scene.desktops):
        mine = [op for op in scene.ops("link", "started") if op.node == node]
        ill = any(node in op.value["nodes"] for op in scene.ops("fault-begin"))
        for op, then in pairwise(mine):
            ends = [o.value.get("state") for o in (op, then)] == ["closed", "connecting"] and not ill
            if ends and then.time_ns - op.time_ns > 15 * MS and op.value.get("reason") != "suspended":
                yield op, then


@injects("connections", "back-off", sites=pauses)
def it_comes_back_at_once(edit: Edit, site: tuple[Op, Op]) -> None:
    edit.change(site[1], time_ns=site[0].time_ns)


def phones_that_stay(scene: Scene) -> Iterator[Op]:
    return (op for op in stays(scene) if op.node in scene.mobiles)


@injects("connections", "kept-open", sites=phones_that_stay)
def it_goes_to_the_background_and_stays_connected(edit: Edit, op: Op) -> None:
    """After all that it did."""
    final = next(o for o in edit.ops if o.f == "final")
    last_ns = max(o.time_ns for o in edit.ops if o.node == op.node and o.time_ns <= final.time_ns and o.f != "final")
    fields = {"process": f"{op.node}/user", "f": "background", "value": {}, "time_ns": last_ns + MS}
    edit.add(like(op, **fields, type="invoke"), like(op, **{**fields, "time_ns": last_ns + 2 * MS}, type="ok"))


@injects(
    "connections",
    "held-on",
    sites=phones_that_stay,
    companions=["liveness/presence-wrong"],
    because="whom the relay takes for present, of him it tells nobody that he is away",
)
def it_goes_and_the_relay_does_not_notice(edit: Edit, op: Op) -> None:
    """After all that it did; and everybody is asked for the last time long after that."""
    finals = [o for o in edit.ops if o.f == "final"]
    last_ns = max(o.time_ns for o in edit.ops if o.node == op.node and o.f != "final")
    user = {"process": f"{op.node}/user", "f": "background", "value": {}}
    edit.add(
        like(op, **user, time_ns=last_ns + MS, type="invoke"),
        like(op, value={"state": "suspended"}, time_ns=last_ns + 2 * MS),
        like(op, value={"state": "closed", "reason": "suspended"}, time_ns=last_ns + 3 * MS),
        like(op, **user, time_ns=last_ns + 4 * MS, type="ok"),
    )
    for final in finals:
        away = {"registered": False, "foreground": False} if final.node == op.node else {}
        edit.change(final, time_ns=final.time_ns + 60_000 * MS, value={**final.value, **away})


def granted(scene: Scene) -> Iterator[tuple[Tap, Tap]]:
    """Two sessions that the relay grants, one after the other."""
    yield from pairwise(tap for tap in scene.run.taps if tap.type == "registered" and tap.side == "in")


@injects("connections", "session-shared", sites=granted)
def a_session_is_granted_twice(edit: Edit, site: tuple[Tap, Tap]) -> None:
    again = msgspec.structs.replace(site[1], msg=site[0].msg)
    edit.drop_taps(lambda tap: tap is site[1])
    edit.add_tap(again)
