"""What is shown is not what its desktop wrote."""

from __future__ import annotations

from collections.abc import Iterator

from harness.history import Op, text_digest
from injections import Edit, Scene, injects
from injections.edits import US, like
from injections.scenes import revised, rows


@injects("agreement", "wrong-field", sites=rows)
def another_prompt(edit: Edit, op: Op) -> None:
    edit.change(op, value={"set": {**op.value["set"], "prompt": "another"}})


def rows_with_text(scene: Scene) -> Iterator[Op]:
    return (op for op in rows(scene) if op.value.get("bytes"))


@injects(
    "agreement",
    "wrong-text",
    sites=rows_with_text,
    companions=["stream-integrity/shrunk", "stream-integrity/gap"],
    because="an empty text is shorter than the one shown before, and the next chunk does not fit it",
)
def no_text(edit: Edit, op: Op) -> None:
    edit.change(op, value={"bytes": 0, "digest": text_digest(b"")})


def last_rows(scene: Scene) -> Iterator[Op]:
    """Rows after which nothing more is shown of the job."""
    for op in rows(scene):
        if not any(o.f == "observe" and (o.node, o.job) == (op.node, op.job) for o in scene.later(op)):
            yield op


@injects("agreement", "unknown-revision", sites=last_rows)
def of_no_revision(edit: Edit, op: Op) -> None:
    edit.change(op, rev=revised(op, 100_000))


def between_commits(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """A commit that was answered, and another later observation, after which the store has a while to itself."""
    for op in rows(scene):
        job = scene.job(op)
        if job is not None and op.rev is not None and (entry := job.entries.get(op.rev.n)) is not None:
            commits = [o for o in scene.ops("commit") if o.node == job.desktop]
            before = [o for o in commits if o.time_ns <= op.time_ns]
            then = next((o for o in commits if o.time_ns > op.time_ns), None)
            rev = before[-1].rev
            alone = all(
                o.time_ns > op.time_ns and (o.rev is None or rev is None or o.rev.n > rev.n)
                for o in scene.later(op)
                if o.f == "observe" and (o.node, o.job) == (op.node, op.job)
            )
            if before[-1].type == "ok" and alone and (then is None or then.time_ns > op.time_ns + 10 * US):
                yield op, like(before[-1], job=entry.op.job, session=entry.op.session, attempt=entry.attempt)


@injects(
    "agreement",
    "uncommitted",
    sites=between_commits,
    companions=["replica/does-not-follow"],
    because="the next event follows a revision that was committed",
)
def what_was_rolled_back(edit: Edit, site: tuple[Op, Op]) -> None:
    op, commit = site
    assert commit.rev is not None
    rev = revised(commit, commit.rev.n + 1)
    value = {"f": "metadata", "set": {}, "store": commit.value["store"]}
    lost = Op(
        index=0,
        time_ns=op.time_ns + US,
        process=commit.process,
        type="invoke",
        f="commit",
        node=commit.node,
        job=op.job,
        session=commit.session,
        attempt=commit.attempt,
        rev=rev,
        value=value,
    )
    shown = like(op, time_ns=op.time_ns + 3 * US, rev=rev, cause="local:x", value={"kind": "patch", "set": {}})
    edit.add(lost, like(lost, type="fail", time_ns=op.time_ns + 2 * US), shown)
