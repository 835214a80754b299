"""What was shown in advance does not come true, and does not go either."""

from __future__ import annotations

from collections.abc import Iterator

from checkers.optimistic import TERMINAL
from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import like

Wish = tuple[Op, Op]  # the lines of a call: its begin, its end


def _wishes(scene: Scene, *ends: str) -> Iterator[Wish]:
    begun: dict[str, Op] = {}
    shown = {(op.node, op.value.get("corr")) for op in scene.ops("pending")}
    for op in scene.ops("call"):
        corr = op.value["corr"]
        if op.value["phase"] == "begin" and op.value["method"] in ("job.cancel", "job.delete"):
            begun[corr] = op
        elif corr in begun and (op.node, corr) not in shown and op.value["phase"] in ends:
            yield begun[corr], op


def _line(call: Op, phase: str, after: Op) -> Op:
    f = call.value["method"].partition(".")[2]
    line = like(after, f="pending", value=None, time_ns=after.time_ns)
    line.value = {"corr": call.value["corr"], "job": call.value["params"]["jobId"], "f": f, "phase": phase}
    return line


def _in_vain(scene: Scene, begun: Op) -> bool:
    """A cancellation of a job that is on the screen as ended."""
    job, status = begun.value["params"]["jobId"], None
    for op in scene.run.ops[: begun.index]:
        if op.f != "observe" or op.node != begun.node:
            continue
        if op.value["kind"] == "scope" or (op.job == job and op.value["kind"] in ("remove", "evict")):
            status = None
        elif op.job == job:
            status = op.value.get("set", {}).get("status", status)
    return begun.value["method"] == "job.cancel" and status in TERMINAL


def failed(scene: Scene) -> Iterator[Wish]:
    return (wish for wish in _wishes(scene, "fail", "info") if not _in_vain(scene, wish[0]))


@injects("optimistic", "not-rolled-back", sites=failed)
def it_stays(edit: Edit, wish: Wish) -> None:
    edit.after(wish[0], _line(wish[0], "begin", wish[0]))


def succeeded(scene: Scene) -> Iterator[Wish]:
    return _wishes(scene, "ok")


@injects("optimistic", "wrongly-rolled-back", sites=succeeded)
def it_is_taken_back(edit: Edit, wish: Wish) -> None:
    edit.after(wish[0], _line(wish[0], "begin", wish[0]))
    edit.after(wish[1], _line(wish[0], "rolled-back", wish[1]))


def of_shown_jobs(scene: Scene) -> Iterator[Wish]:
    """Deletes of jobs that are on the screen when they are asked for."""
    for begun, end in _wishes(scene, "ok", "fail", "info"):
        on_screen: set[str | None] = set()
        for op in scene.run.ops[: begun.index]:
            if op.f == "observe" and op.node == begun.node:
                kind = op.value["kind"]
                if kind == "scope":
                    on_screen.clear()
                elif kind in ("remove", "evict"):
                    on_screen.discard(op.job)
                elif kind != "listed":
                    on_screen.add(op.job)
        if begun.value["method"] == "job.delete" and begun.value["params"]["jobId"] in on_screen:
            yield begun, end


@injects("optimistic", "flicker", sites=of_shown_jobs)
def it_is_settled_too_early(edit: Edit, wish: Wish) -> None:
    begin = _line(wish[0], "begin", wish[0])
    edit.after(wish[0], begin, like(begin, value={"phase": "settled"}))


def of_ended_jobs(scene: Scene) -> Iterator[Wish]:
    """Cancellations that are refused, of jobs that are on the screen as ended."""
    return (wish for wish in _wishes(scene, "fail") if _in_vain(scene, wish[0]))


@injects("optimistic", "in-vain", sites=of_ended_jobs)
def shown_as_canceled_though_it_has_ended(edit: Edit, wish: Wish) -> None:
    edit.after(wish[0], _line(wish[0], "begin", wish[0]))
    edit.after(wish[1], _line(wish[0], "rolled-back", wish[1]))


def shown_at_once(scene: Scene) -> Iterator[tuple[Op, list[Op]]]:
    """What was shown in advance of a call that was done, and all lines about it."""
    done = {(op.node, op.value["corr"]) for op in scene.ops("call") if op.value["phase"] == "ok"}
    lines = list(scene.ops("pending"))
    for op in lines:
        name = (op.node, op.value["corr"])
        if op.value["phase"] == "begin" and name in done and not scene.disturbed(op.time_ns):
            yield op, [line for line in lines if (line.node, line.value["corr"]) == name]


@injects("optimistic", "not-shown", sites=shown_at_once)
def nothing_is_shown(edit: Edit, wish: tuple[Op, list[Op]]) -> None:
    edit.drop(*wish[1])
