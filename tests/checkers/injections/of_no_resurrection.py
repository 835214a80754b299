"""A deleted job is shown again, or a living one as deleted."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import like
from injections.scenes import rows


def deleted(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """A job's removal, and the newest whole row that its screen had shown of it, unless something newer was shown."""
    for gone in scene.observed("remove"):
        job = scene.job(gone)
        shown = [op for op in scene.observed() if (op.node, op.job) == (gone.node, gone.job) and op.index < gone.index]
        if job is not None and job.deleted is not None and shown and shown[-1].value["kind"] == "row":
            yield gone, shown[-1]


@injects("no-resurrection", "resurrected", sites=deleted)
def there_again(edit: Edit, site: tuple[Op, Op]) -> None:
    gone, row = site
    back = like(row, time_ns=gone.time_ns, cause="local:x", value={"visit": gone.value["visit"]})
    edit.after(gone, back, like(gone, cause="local:x"))


def living(scene: Scene) -> Iterator[Op]:
    for op in rows(scene):
        job = scene.job(op)
        opened = [o for o in scene.observed("scope") if o.node == op.node and o.index < op.index]
        scope = opened[-1].value["set"]["scope"] if opened else {}
        if job is not None and job.deleted is None and scope.get("session") in (None, job.session):
            yield op


@injects("no-resurrection", "vanished", sites=living)
def gone_for_a_moment(edit: Edit, op: Op) -> None:
    gone = like(op, cause="local:x", value=None)
    gone.value = {"kind": "remove", "visit": op.value["visit"]}
    edit.after(op, gone, like(op, cause="local:x"))
