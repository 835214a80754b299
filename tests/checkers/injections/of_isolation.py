"""Something is where it does not belong."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.history import Op, Tap
from injections import Edit, Scene, injects
from injections.edits import US, like

Delivery = tuple[Tap, str]  # a message that was delivered, to another node


def _events(scene: Scene) -> Iterator[tuple[Tap, str]]:
    """Events delivered to mobiles, and whom to."""
    for tap in scene.run.taps:
        node = tap.link.rpartition("->")[2]
        if tap.side == "out" and tap.type.startswith("job:") and node in scene.mobiles:
            yield tap, node


def to_other_users(scene: Scene) -> Iterator[Delivery]:
    for tap, node in _events(scene):
        for other in (*scene.mobiles, *scene.desktops):
            if scene.nodes[other]["user"] != scene.nodes[node]["user"]:
                yield tap, other


@injects("isolation", "foreign-user", sites=to_other_users)
def delivered_to_a_stranger(edit: Edit, site: Delivery) -> None:
    tap, node = site
    edit.add_tap(msgspec.structs.replace(tap, link=f"relay->{node}"))


def to_their_sources(scene: Scene) -> Iterator[Delivery]:
    devices = {str(scene.nodes[desktop]["device_id"]).lower(): desktop for desktop in scene.desktops}
    return ((tap, devices[tap.source]) for tap, _ in _events(scene) if tap.source in devices)


@injects("isolation", "echo", sites=to_their_sources)
def it_comes_back(edit: Edit, site: Delivery) -> None:
    tap, node = site
    edit.add_tap(msgspec.structs.replace(tap, link=f"relay->{node}"))


def from_other_mobiles(scene: Scene) -> Iterator[Delivery]:
    for tap, node in _events(scene):
        for other in scene.mobiles:
            if other != node and scene.nodes[other]["user"] == scene.nodes[node]["user"]:
                yield tap, other


@injects(
    "isolation",
    "not-a-desktop",
    sites=from_other_mobiles,
    companions=["wire/before-registered"],
    because="it may leave over a connection that was not registered yet",
)
def forged(edit: Edit, site: Delivery) -> None:
    tap, node = site
    false = msgspec.structs.replace(tap, msg="forged", source=None)
    sent = msgspec.structs.replace(false, link=f"{node}->relay", side="in", time_ns=tap.time_ns - US)
    edit.add_tap(sent, false)


def after_their_end(scene: Scene) -> Iterator[tuple[Tap, int]]:
    """An event handed to a client long after its first connection's token was good; that connection."""
    for node in (*scene.mobiles, *scene.desktops):
        life_s = scene.nodes[node].get("token_life_s")
        born = next((t for t in scene.run.taps if t.link == f"{node}->relay" and t.side == "in"), None)
        if not life_s or born is None:
            continue
        until_ns = born.time_ns + round((float(life_s) + 1.1 + 2 * scene.run.header.timing["close_s"]) * 1e9)
        faults = [op for op in scene.ops("fault-begin") if {node, "relay"} & set(op.value["nodes"])]
        for tap in scene.run.taps:
            handed = tap.link == f"relay->{node}" and tap.side == "in" and tap.type.startswith("job:")
            if handed and tap.time_ns > until_ns and not any(fault.time_ns <= tap.time_ns for fault in faults):
                yield tap, born.conn


@injects("isolation", "expired-token", sites=after_their_end)
def over_a_connection_that_should_be_closed(edit: Edit, site: tuple[Tap, int]) -> None:
    tap, conn = site
    edit.add_tap(msgspec.structs.replace(tap, conn=conn))


Shown = tuple[Op, Op]  # a row that was shown, an op of the mobile that is to show it


def of_other_users(scene: Scene) -> Iterator[Shown]:
    for row in scene.observed("row"):
        for op in scene.observed("listed"):
            user, name = scene.nodes[op.node or ""]["user"], row.job or ""
            if op.time_ns < row.time_ns or scene.nodes[row.node or ""]["user"] == user:
                continue
            if not any(job == name for (d, job) in scene.ledger.truth.jobs if scene.nodes[d]["user"] == user):
                yield row, op


@injects("isolation", "foreign-job", sites=of_other_users)
def a_strangers_job(edit: Edit, site: Shown) -> None:
    row, op = site
    edit.after(
        op, like(op, job=row.job, session=row.session, cause="local:x", value={**row.value, "visit": _visit(op)})
    )


def _visit(op: Op) -> int:
    return int(op.value["visit"])


def of_other_desktops(scene: Scene) -> Iterator[Shown]:
    for row in scene.observed("row"):
        for op in scene.observed("listed"):
            users = {scene.nodes[str(o.node)]["user"] for o in (row, op)}
            active = scene.ledger.active_desktop(op.node or "")
            if op.time_ns < row.time_ns or len(users) > 1 or scene.ledger.active_desktop(row.node or "") == active:
                continue
            if (active, row.job) not in scene.ledger.truth.jobs and row.rev is not None:
                yield row, op


@injects("isolation", "other-desktop", sites=of_other_desktops)
def another_desktops_job(edit: Edit, site: Shown) -> None:
    row, op = site
    value = {**row.value, "visit": _visit(op)}
    edit.after(
        op, like(op, job=row.job, session=row.session, rev=row.rev, attempt=row.attempt, cause="local:x", value=value)
    )


def on_other_screens(scene: Scene) -> Iterator[Shown]:
    """The newest row of a job, and a later visit of a scope that does not hold it, in which it is not shown."""
    newest: dict[tuple[str | None, int], dict[str | None, Op]] = {}
    for op in scene.run.ops:
        if op.f != "observe":
            continue
        mine = newest.setdefault((op.node, op.incarnation), {})
        if op.value["kind"] in ("row", "patch", "append"):
            mine[op.job] = op
        elif op.value["kind"] == "remove":
            mine.pop(op.job, None)
        elif op.value["kind"] == "listed":
            scope = scene.ledger.scopes  # of the end; the screen's own is in its opening
            opening = [o for o in scene.observed("scope") if o.node == op.node and o.time_ns <= op.time_ns][-1]
            scope = opening.value["set"]["scope"]
            for row in mine.values():
                job = scene.job(row)
                outside = job is not None and scope.get("session") not in (None, job.session)
                if row.value["kind"] == "row" and outside and job is not None and job.deleted is None:
                    yield row, op


def _shown_there(edit: Edit, site: Shown, cause: str) -> None:
    row, op = site
    edit.after(op, like(row, time_ns=op.time_ns, cause=cause, value={"visit": _visit(op)}))


_NOW_SHOWN = "what is shown there would have to follow its events"


@injects(
    "isolation",
    "reply-of-another-scope",
    sites=on_other_screens,
    companions=["replica/not-applied"],
    because=_NOW_SHOWN,
)
def a_late_reply(edit: Edit, site: Shown) -> None:
    _shown_there(edit, site, str(site[1].cause))


def by_events(scene: Scene) -> Iterator[Shown]:
    return (site for site in on_other_screens(scene) if (site[0].cause or "").startswith("event:"))


@injects("isolation", "event-of-another-scope", sites=by_events, companions=["replica/not-applied"], because=_NOW_SHOWN)
def an_event_for_another_screen(edit: Edit, site: Shown) -> None:
    _shown_there(edit, site, str(site[0].cause))
