"""Desktops that do, answer, tell or store something else than they were asked to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec

from harness.history import TERMINAL_STATUSES, Op, Tap
from injections import Edit, Scene, injects
from injections.edits import MS, like
from injections.scenes import revised

_OPERATIONS = ("create", "status", "chunk", "progress", "tokens", "cost", "metadata", "error", "finalize", "retry")


def done(scene: Scene, *fs: str) -> Iterator[tuple[Op, Op]]:
    """Operations that a desktop's client was answered ok, and how he asked."""
    asked: dict[str, Op] = {}
    for op in scene.ops(*fs):
        if op.type == "invoke":
            asked[op.process] = op
        elif op.type == "ok" and op.node in scene.desktops and op.process in asked:
            yield asked[op.process], op


def chunks(scene: Scene) -> Iterator[Op]:
    return (asked for asked, _ in done(scene, "chunk"))


@injects("desktop", "wrong-commit", sites=chunks)
def another_text_was_meant(edit: Edit, asked: Op) -> None:
    edit.change(asked, value={"chunk": "another text"})


def ended(scene: Scene) -> Iterator[Op]:
    """The last commit of a job that has ended and was not deleted."""
    for op in scene.ops("commit"):
        job = scene.ledger.truth.job(op.node or "", op.job or "")
        if job is None or op.rev is None or op.type != "ok" or job.deleted is not None:
            continue
        if job.revs[-1:] == [op.rev.n] and job.value_at("status", op.rev.n) in TERMINAL_STATUSES:
            yield op


@injects("desktop", "impossible-commit", sites=ended)
def it_goes_on(edit: Edit, op: Op) -> None:
    last = [o for o in edit.ops if o.f == "commit" and o.node == op.node][-1]
    final = next(o for o in edit.ops if o.f == "final")
    assert last.rev is not None
    again = like(op, rev=revised(op, last.rev.n + 1), time_ns=final.time_ns, value=None, cause="rpc:nobody")
    again.value = {"f": "status", "set": {}, "store": op.value["store"]}
    edit.before(final, like(again, type="invoke"), again)


def answers(scene: Scene) -> Iterator[Op]:
    return (op for _, op in done(scene, *_OPERATIONS))


@injects("desktop", "unasked-commit", sites=answers)
def it_was_refused(edit: Edit, op: Op) -> None:
    edit.change(op, type="fail", value=None, error={"code": "invalid_params", "message": "no"})


@injects("desktop", "answered-not-done", sites=answers)
def answered_for_nothing(edit: Edit, op: Op) -> None:
    fields: dict[str, Any] = {"process": f"{op.node}/user-9", "f": "progress", "job": op.job}
    asked = like(op, **fields, type="invoke", value=None)
    edit.after(op, like(asked, value=None), like(asked, type="ok", value=None))
    for at, other in enumerate([o for o in edit.ops if o.process == fields["process"]]):
        other.value = {"rev": 100_000} if at else {"jobId": op.job}


def after_a_pause(scene: Scene) -> Iterator[Op]:
    """Commits before which their desktop had not written for a while."""
    for desktop in scene.desktops:
        mine = [op for op in scene.ops("commit", "started", "recovered") if op.node == desktop]
        wrong = any(op.value["action"] == "clock" for op in scene.ops("fault-begin"))
        for before, op in pairwise(mine):
            begins = op.f == before.f == "commit" and op.type == "invoke" and "updatedAt" in op.value["set"]
            if begins and op.time_ns - before.time_ns > 100 * MS and not wrong:
                yield op


@injects(
    "desktop",
    "wrong-time",
    sites=after_a_pause,
    companions=["latency/slow"],
    because="its way to the screens is counted from the moment when it began",
)
def it_began_earlier(edit: Edit, op: Op) -> None:
    edit.change(op, time_ns=op.time_ns - 80 * MS)


def local_events(scene: Scene) -> Iterator[Op]:
    """That come right after their commit."""
    late_ns = scene.last.time_ns - 300 * MS
    for op in scene.ops("emit"):
        ill = any(op.node in o.value["nodes"] for o in scene.ops("fault-begin"))
        if op.value["bus"] == "local" and op.time_ns < late_ns and not ill:
            yield op


@injects("desktop", "not-told", sites=local_events)
def nobody_is_told(edit: Edit, op: Op) -> None:
    edit.drop(op)


def answered_events(scene: Scene) -> Iterator[Op]:
    """Of operations that the desktop's own users asked for."""
    values = [(o.node, o.value) for o in scene.run.ops if o.type == "ok" and o.node in scene.desktops]
    told = {(node, value.get("rev")) for node, value in values if isinstance(value, dict)}
    return (op for op in local_events(scene) if (op.node, op.value["rev"]) in told)


@injects("desktop", "half-told", sites=answered_events)
def told_as_of_old(edit: Edit, op: Op) -> None:
    edit.change(op, value={**op.value, "bare": True})


def stored(scene: Scene) -> Iterator[tuple[Op, str]]:
    for desktop in scene.desktops:
        yield from ((scene.finals[desktop], job) for job in scene.finals[desktop].value["jobs"])


@injects(
    "desktop",
    "wrong-row",
    sites=stored,
    companions=["convergence/stale-field"],
    because="whoever shows that job shows another prompt",
)
def another_prompt_is_stored(edit: Edit, site: tuple[Op, str]) -> None:
    final, job = site
    jobs = final.value["jobs"]
    edit.change(final, value={"jobs": {**jobs, job: {**jobs[job], "prompt": "another"}}})


def kept_in_peace(scene: Scene) -> Iterator[Op]:
    """Pages that were read and kept while their desktop wrote nothing and read nothing else under their key."""
    begun: dict[tuple[str, str], Op] = {}
    for op in scene.ops("cache", "commit", "started"):
        if op.node not in scene.desktops:
            continue
        if op.f != "cache" or op.value["what"] not in ("miss", "outdated", "fill"):
            begun = {at: first for at, first in begun.items() if at[0] != op.node}
            continue
        at = (op.node, op.value["key"])
        if op.value["what"] == "fill" and begun.pop(at, None) is not None:
            yield op
        elif op.value["what"] != "fill":
            begun[at] = op


@injects("desktop", "useless-cache", sites=kept_in_peace)
def the_page_is_thrown_away(edit: Edit, op: Op) -> None:
    edit.change(op, value={**op.value, "what": "refuse"})


def of_jobs_that_are_there(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """What was done with a job that is there in the end, of a desktop that lived through the run."""
    restarted = {op.node for op in scene.ops("started")}
    for asked, op in done(scene, "status", "chunk"):
        truth = scene.ledger.truth.job(op.node or "", op.job or "")
        if truth is not None and truth.deleted is None and op.node not in restarted:
            yield asked, op


@injects("desktop", "failed-for-nothing", sites=of_jobs_that_are_there)
def it_does_not_know_its_job(edit: Edit, pair: tuple[Op, Op]) -> None:
    final = next(op for op in edit.ops if op.f == "final")
    asked, op = (like(each, time_ns=final.time_ns) for each in pair)
    edit.before(final, asked, like(op, type="fail", value=None, error={"code": "not_found", "message": "no such job"}))


def told_in_full(scene: Scene) -> Iterator[Tap]:
    """Events that carry the text of their job, as they leave the desktop."""
    if any("option.payload" in node.get("policies", {}) for node in scene.run.header.nodes.values()):
        return
    named = {op.value["msg"]: op.value["rev"] for op in scene.ops("emit") if op.value.get("bus") == "link"}
    bodies = {(op.node, op.value["rev"]) for asked, op in done(scene, "finalize") if asked.value.get("body") is True}
    for tap in scene.run.taps:
        if tap.type == "job:finalized" and tap.side == "in" and tap.link.endswith("->relay"):
            desktop, rev = tap.link.partition("->")[0], named.get(tap.msg)
            job = scene.ledger.truth.job(desktop, tap.job or "")
            text = job.text_at(rev) if job is not None and rev is not None else None
            if (desktop, rev) in bodies and text is not None and text[1] > 0:
                yield tap


@injects("desktop", "no-body", sites=told_in_full)
def it_carries_nothing(edit: Edit, tap: Tap) -> None:
    edit.drop_taps(lambda one: one is tap)
    edit.add_tap(msgspec.structs.replace(tap, bytes=0))
