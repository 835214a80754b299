"""What was committed is shown too late, or never."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import MS, like
from injections.scenes import AFTER_NS, revised


def _waits(scene: Scene) -> bool:
    """Would nothing but the data be late after a pause? A token would expire in it."""
    return not any("token_life_s" in node for node in scene.nodes.values())


def calm_events(scene: Scene) -> Iterator[Op]:
    """Changes brought by events while every mobile is calm."""
    for op in scene.observed() if _waits(scene) else ():
        calm = {c.node for c in scene.calm if 0 < op.time_ns - c.time_ns < AFTER_NS}
        if (op.cause or "").startswith("event:") and calm == {*scene.mobiles} and scene.sure(op.time_ns):
            yield op


@injects(
    "staleness",
    "stale",
    sites=calm_events,
    companions=[
        *("latency/slow", "replica/not-applied", "replica/not-refreshed", "desktop/wrong-time", "rpc/wrong-time-out")
    ],
    because="it is slow as well, whatever its bound; what was due or stamped before the pause is late or old after it",
)
def shown_much_later(edit: Edit, op: Op) -> None:
    edit.pause(op, 3_000 * MS)


def in_the_end(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """A job that is shown in the end by a screen that has been calm, and the last commit of its desktop."""
    calm = {c.node: c for c in scene.calm}
    for node, moment in calm.items():
        rest = scene.later(moment.op)
        shown = [op for op in scene.observed() if op.node == node and op.value["visit"] == moment.visit]
        job = scene.job(shown[-1]) if shown else None
        moves = ("fault-begin", "fault-heal", "link", "switch", "close", "background")
        if job is None or job.deleted is not None or job.desktop != moment.desktop or shown[-1].rev is None:
            continue
        if not any(op.f in moves for op in rest):
            yield shown[-1], scene.head(moment.desktop)


@injects(
    "staleness",
    "never-shown",
    sites=in_the_end,
    companions=["resources/leak", "desktop/not-told", "desktop/unasked-commit"],
    because="nobody asked for it or told it, and the run goes on until what was under way counts as left behind",
)
def written_and_never_shown(edit: Edit, site: tuple[Op, Op]) -> None:
    shown, last = site
    final = next(op for op in edit.ops if op.f == "final")
    assert last.rev is not None
    rev = revised(last, last.rev.n + 1)
    begun = like(last, type="invoke", rev=rev, job=shown.job, session=shown.session, time_ns=final.time_ns, value=None)
    begun.value = {"f": "metadata", "set": {}, "store": last.value["store"]}
    begun.attempt, begun.cause = shown.attempt, None
    edit.pause(final, 8_000 * MS)
    edit.add(begun, like(begun, type="ok"))


def first_lists(scene: Scene) -> Iterator[Op]:
    """First lists that were merged while everybody else was calm."""
    for op in scene.observed("listed") if _waits(scene) else ():
        calm = {c.node for c in scene.calm if 0 < op.time_ns - c.time_ns < AFTER_NS}
        if calm >= {*scene.mobiles} - {op.node} and scene.sure(op.time_ns):
            yield op


@injects(
    "staleness",
    "first-list-late",
    sites=first_lists,
    companions=["staleness/stale", "latency/slow", "replica/not-applied", "desktop/wrong-time"],
    because="another mobile may have waited at that moment as well, and what was stamped stays as it is",
)
def merged_much_later(edit: Edit, op: Op) -> None:
    edit.pause(op, 3_000 * MS)
