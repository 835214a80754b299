"""Fetches that nothing asks for, or that cost more than they should. They are put at calm moments."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from checkers.duties.mobiles.gauges import EMPTY
from checkers.traffic.phones import DISTURBING
from harness.history import Op, Tap
from harness.judging.checking import check
from harness.schedule import CheckSpec
from injections import Edit, Scene, injects
from injections.edits import MS, like
from injections.scenes import AFTER_NS, Calm, calm

JOB = "x"  # of no other fetch, and of no event


def _event(edit: Edit, at: Calm, after_ns: int) -> None:
    """An event that the mobile cannot apply."""
    edit.add_tap(at.told("job:status-changed", after_ns, msg=f"unknown-{after_ns}", job=JOB))


def _get(edit: Edit, at: Calm, begun_ns: int, ended_ns: int, *, licence: str = "miss", code: str = "") -> None:
    corr = f"get-{begun_ns}"
    edit.add(at.fetch(begun_ns, corr, "begin", what="get", licence=licence, job=JOB))
    error = {"error": {"code": code, "message": "no answer"}} if code else {}
    edit.add(at.fetch(ended_ns, corr, "fail" if code else "ok", what="get", licence=licence, job=JOB, **error))


@injects("resources", "no-licence", sites=calm)
def for_a_whim(edit: Edit, at: Calm) -> None:
    _get(edit, at, 0, MS, licence="whim")


@injects("resources", "unlicensed", sites=calm)
def for_an_event_that_never_came(edit: Edit, at: Calm) -> None:
    _get(edit, at, 0, MS)


@injects("resources", "uncoalesced", sites=calm)
def as_soon_as_it_came(edit: Edit, at: Calm) -> None:
    _event(edit, at, 0)
    _get(edit, at, MS, 3 * MS)


@injects("resources", "too-soon", sites=calm)
def without_a_pause(edit: Edit, at: Calm) -> None:
    _event(edit, at, 0)
    _get(edit, at, 15 * MS, 17 * MS)
    _get(edit, at, 18 * MS, 20 * MS, licence="follow-up")


@injects("resources", "two-in-flight", sites=calm)
def a_second_one_meanwhile(edit: Edit, at: Calm) -> None:
    _event(edit, at, 0)
    _event(edit, at, MS)
    _get(edit, at, 10 * MS + 500_000, 40 * MS)
    _get(edit, at, 20 * MS, 41 * MS)


def undisturbed(scene: Scene) -> Iterator[Calm]:
    """Of mobiles that no fault has ever slowed down."""
    faults = [op for op in scene.ops("fault-begin") if op.value["action"] in DISTURBING]
    slowed = {node: op.time_ns for op in reversed(faults) for node in op.value["nodes"]}
    return (at for at in scene.calm if at.time_ns + AFTER_NS < slowed.get(at.node, scene.last.time_ns))


@injects("resources", "impatient", sites=undisturbed)
def given_up_too_early(edit: Edit, at: Calm) -> None:
    """The first is answered late, after 70 ms; the second is given up after 20 ms."""
    _event(edit, at, 0)
    _get(edit, at, 15 * MS, 35 * MS, code="timeout")
    _get(edit, at, 50 * MS, 51 * MS, licence="retry")
    edit.add_tap(at.told("rpc-reply", 85 * MS, msg=f"get-{15 * MS}", source=None))
    _event(edit, at, 90 * MS)
    _get(edit, at, 110 * MS, 130 * MS, code="timeout")
    _get(edit, at, 150 * MS, 151 * MS, licence="retry")


def losses(scene: Scene) -> Iterator[tuple[Op, Calm]]:
    """A mobile loses its link, and was calm before."""
    for op in scene.ops("link"):
        before = [at for at in scene.calm if at.node == op.node and at.time_ns < op.time_ns]
        if op.value["state"] == "closed" and before:
            between = [o for o in scene.ops("link", "started", "fetch") if before[-1].op.index < o.index < op.index]
            if not any(o.node == op.node for o in between) and not scene.disturbed(op.time_ns - MS):
                yield op, before[-1]


@injects("resources", "while-offline", sites=losses)
def without_a_link(edit: Edit, site: tuple[Op, Calm]) -> None:
    """For a gap that it was told of just before."""
    lost, at = site
    after_ns = lost.time_ns - at.time_ns
    edit.add_tap(at.told("sync:gap", after_ns - MS, msg="3", source=None))
    edit.add(at.fetch(after_ns + MS, "list-1", "begin", what="list", licence="gap", page=0))
    error = {"code": "offline", "message": "no link"}
    edit.add(at.fetch(after_ns + 2 * MS, "list-1", "fail", what="list", licence="gap", error=error))


def slow_first_lists(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """A screen that was opened, and its first list that took its time."""
    opened: dict[str | None, Op] = {}
    for op in scene.ops("observe", "link"):
        if op.f == "link":
            opened.pop(op.node, None)
        elif op.value["kind"] == "scope":
            opened[op.node] = op
        elif op.value["kind"] == "listed" and op.node in opened and op.time_ns - opened[op.node].time_ns > 20 * MS:
            yield opened[op.node], op


@injects("resources", "too-early", sites=slow_first_lists)
def before_the_first_list(edit: Edit, site: tuple[Op, Op]) -> None:
    opened, _ = site
    conns = [t.conn for t in edit.taps if t.link == f"relay->{opened.node}" and t.time_ns <= opened.time_ns]
    at = Calm(opened, opened.node or "", opened.time_ns, conns[-1], opened.value["visit"], "", "", 0)
    _event(edit, at, MS)
    _get(edit, at, 15 * MS, 16 * MS)


def heads(scene: Scene) -> Iterator[Tap]:
    """Heads that desktops send after their first event."""
    first = {name: next((o.time_ns for o in scene.ops("emit") if o.node == name), None) for name in scene.desktops}
    for tap in scene.run.taps:
        emitted_ns = first.get(tap.link.partition("->")[0])
        if tap.type == "sync:head" and tap.side == "in" and emitted_ns is not None and emitted_ns < tap.time_ns:
            yield tap


@injects("resources", "early-head", sites=heads)
def of_what_was_not_sent(edit: Edit, tap: Tap) -> None:
    store = (tap.msg or "").rpartition("/")[0]
    edit.add_tap(msgspec.structs.replace(tap, msg=f"{store}/100000"))


def without_faults(scene: Scene) -> Iterator[tuple[Calm, list[Op]]]:
    """A calm moment, and later changes by events: more than one in twenty of all."""
    (result,) = check(scene.run, [CheckSpec(check="resources")])
    changes = result.details["changes"]
    most = changes["events"] // 18 + 2
    for at in scene.calm if changes["share"] == "judged" and changes["events"] > 30 else ():
        later = [op for op in scene.observed() if op.node == at.node and op.time_ns > at.time_ns + 20 * MS]
        shown = [op for op in later if (op.cause or "").startswith("event:")]
        if len(shown) >= most:
            yield at, shown[:most]


@injects("resources", "polling", sites=without_faults)
def shown_by_a_fetch(edit: Edit, site: tuple[Calm, list[Op]]) -> None:
    """A list, for a gap, brings what events brought."""
    at, shown = site
    edit.add_tap(at.told("sync:gap", 0, msg="3", source=None), at.told("rpc-reply", 16 * MS, msg="list-1", source=None))
    edit.add(at.fetch(15 * MS, "list-1", "begin", what="list", licence="gap", page=0))
    edit.add(at.fetch(16 * MS, "list-1", "ok", what="list", licence="gap", asOf=0))
    for op in shown:
        edit.change(op, cause="list:list-1")


MAPS = {"mobile": (*EMPTY, "index", "trackers"), "desktop": ("queued", "calls"), "relay": ("pending", "waiting")}


def left_in_peace(scene: Scene) -> Iterator[tuple[Op, str]]:
    (result,) = check(scene.run, [CheckSpec(check="resources")])
    for node, said in result.details["quiet"].items():
        if said == "judged":
            yield from ((scene.finals[node], name) for name in MAPS[scene.nodes[node]["role"]])


@injects("resources", "leak", sites=left_in_peace)
def it_keeps_something(edit: Edit, site: tuple[Op, str]) -> None:
    final, name = site
    edit.change(final, value={"gauges": {**final.value["gauges"], name: 1_000}})


def counts_told(scene: Scene) -> Iterator[tuple[Op, str]]:
    for node, final in scene.finals.items():
        yield from ((final, name) for name in MAPS.get(scene.nodes[node]["role"], ()) if name in final.value["gauges"])


@injects("resources", "miscounted", sites=counts_told)
def it_counts_fewer_than_nothing(edit: Edit, site: tuple[Op, str]) -> None:
    final, name = site
    edit.change(final, value={"gauges": {**final.value["gauges"], name: -1}})


def listed_in_peace(scene: Scene) -> Iterator[Op]:
    """The final state of a mobile that is left in peace, whose scope is covered by what it listed."""
    for final, name in left_in_peace(scene):
        if name == "index" and final.value["gauges"].get("asOf"):
            yield final


@injects("resources", "miscounted", sites=listed_in_peace)
def it_forgets_what_its_list_was_as_of(edit: Edit, final: Op) -> None:
    edit.change(final, value={"gauges": {**final.value["gauges"], "asOf": 0}})


def cached_lists(scene: Scene) -> Iterator[Op]:
    """The cache line of a mobile that fills a list, as long as its process lives on."""
    for op in scene.ops("cache"):
        if op.node in scene.mobiles and op.value["what"] == "fill":
            yield op


@injects("resources", "cache-forgotten", sites=cached_lists)
def it_is_missing_at_once(edit: Edit, fill: Op) -> None:
    edit.after(fill, like(fill, value={**fill.value, "what": "miss"}))


@injects(
    "resources",
    "cache-outlived",
    sites=cached_lists,
    companions=["replica/not-refreshed"],
    because="what is answered from an old entry owes a refresh",
)
def it_answers_long_afterwards(edit: Edit, fill: Op) -> None:
    """After all that was done."""
    late_ns = 2 * round(edit.history().header.timing["mobile_cache_s"] * 1e9)
    last = edit.ops[-1]
    edit.after(last, like(fill, value={**fill.value, "what": "hit"}, time_ns=last.time_ns + late_ns))
