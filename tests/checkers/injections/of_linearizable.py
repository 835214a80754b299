"""Answers that no instant of their calls explains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checkers.notation.parts import answered_row
from checkers.past.truth import JobTruth
from harness.history import Op
from injections import Edit, Scene, injects
from injections.edits import MS, US, like
from injections.scenes import revised


def _answers(scene: Scene, f: str, kind: str = "ok") -> Iterator[tuple[Op, Op]]:
    """Calls of mobiles' users that returned so: invoke, return."""
    begun: dict[str, Op] = {}
    for op in scene.ops(f):
        if op.type == "invoke":
            begun[op.process] = op
        elif op.node in scene.mobiles and (invoke := begun.pop(op.process, None)) is not None and op.type == kind:
            yield invoke, op


def _row(job: JobTruth, n: int) -> dict[str, Any]:
    """The row of that revision, as an answer holds it."""
    row = answered_row(job, job.job, n)
    return {**row, "sync": {**row["sync"], "desktop": job.entries[n].op.rev.desktop}}  # type: ignore[union-attr]


def _apart(job: JobTruth, n: int, m: int) -> bool:
    return job.row_at(n) != job.row_at(m) or job.text_at(n) != job.text_at(m)


Got = tuple[Op, JobTruth, int]  # the answer, its job, another revision


def _got(scene: Scene) -> Iterator[tuple[Op, Op, JobTruth, int]]:
    """What `get` answered: invoke, return, job, the revision of the row."""
    for invoke, op in _answers(scene, "get"):
        job = scene.job(op)
        if job is not None and (n := op.value["job"]["sync"]["rev"]) in job.entries:
            yield invoke, op, job, n


def with_a_past(scene: Scene) -> Iterator[Got]:
    for invoke, op, job, n in _got(scene):
        done = [m for m in job.revs if m <= n and job.entries[m].op.time_ns < invoke.time_ns]
        if done and done[-1] == n and len(done) > 1 and _apart(job, n, done[-2]):
            yield op, job, done[-2]


@injects("linearizable", "stale", sites=with_a_past)
def the_row_before(edit: Edit, site: Got) -> None:
    op, job, n = site
    edit.change(op, value={"job": _row(job, n), "asOf": n})


def with_a_future(scene: Scene) -> Iterator[Got]:
    for _, op, job, n in _got(scene):
        later = [m for m in job.revs if m > n and job.deleted is None and job.entries[m].op.time_ns > op.time_ns + MS]
        if later and job.entries[later[-1]].op.time_ns > op.time_ns + 100 * MS:
            yield op, job, later[-1]


@injects("linearizable", "future", sites=with_a_future)
def what_is_still_to_come(edit: Edit, site: Got) -> None:
    op, job, n = site
    edit.change(op, value={"job": _row(job, n), "asOf": n})


def that_could_have_begun_earlier(scene: Scene) -> Iterator[tuple[Op, Op, int, int]]:
    """A read whose client had nothing to do when the row was written: it may have asked before."""
    for invoke, op, job, n in _got(scene):
        written = next(o for o in scene.ops("commit") if o.node == job.desktop and o.rev and o.rev.n == n)
        mine = (o.time_ns for o in scene.run.ops[: invoke.index] if o.process == op.process)
        if max(mine, default=0) < written.time_ns - MS and n > 1 and written.time_ns < invoke.time_ns:
            yield invoke, op, written.time_ns - US, n - 1


@injects("linearizable", "wrong-as-of", sites=that_could_have_begun_earlier)
def it_says_the_revision_before(edit: Edit, site: tuple[Op, Op, int, int]) -> None:
    invoke, op, time_ns, n = site
    edit.change(invoke, time_ns=time_ns)
    edit.change(op, value={"asOf": n})


@injects("linearizable", "never-written", sites=lambda scene: (op for _, op, _, _ in _got(scene)))
def a_prompt_that_nobody_wrote(edit: Edit, op: Op) -> None:
    edit.change(op, value={"job": {**op.value["job"], "prompt": "nobody wrote this"}})


def _listed(scene: Scene) -> Iterator[tuple[Op, Op, list[Mapping[str, Any]]]]:
    """Lists by a desktop, without filters."""
    for invoke, op in _answers(scene, "list"):
        params = op.value.get("params", {})
        if op.value.get("source") == "desktop" and not {"statusFilter", "taskTypeFilter", "page"} & {*params}:
            yield invoke, op, op.value["jobs"]


def _jobs(scene: Scene, op: Op) -> dict[str, JobTruth]:
    desktop = scene.ledger.active_desktop(op.node or "")
    return {name: job for (owner, name), job in scene.ledger.truth.jobs.items() if owner == desktop}


def of_two_rows(scene: Scene) -> Iterator[tuple[Op, int, dict[str, Any]]]:
    """A list, the place of a row in it that is older than another, and what that row was before."""
    for invoke, op, rows in _listed(scene):
        newest = max((row["sync"]["rev"] for row in rows), default=0)
        for at, row in enumerate(rows):
            job, n = _jobs(scene, op)[row["id"]], row["sync"]["rev"]
            earlier = [m for m in job.revs if m < n]
            if n < newest and earlier and job.entries[n].op.time_ns < invoke.time_ns:
                yield op, at, _row(job, earlier[-1])


@injects("linearizable", "torn-list", sites=of_two_rows)
def rows_of_two_moments(edit: Edit, site: tuple[Op, int, dict[str, Any]]) -> None:
    op, at, row = site
    rows = op.value["jobs"]
    edit.change(op, value={"jobs": [*rows[:at], row, *rows[at + 1 :]]})


def with_jobs_elsewhere(scene: Scene) -> Iterator[tuple[Op, dict[str, Any]]]:
    for invoke, op, _ in _listed(scene):
        session = op.value["params"].get("sessionId")
        for job in _jobs(scene, op).values():
            done = [m for m in job.revs if job.entries[m].op.time_ns < invoke.time_ns]
            if session and job.session != session and done and job.deleted is None:
                yield op, _row(job, done[-1])


@injects("linearizable", "not-asked-for", sites=with_jobs_elsewhere)
def a_row_of_another_session(edit: Edit, site: tuple[Op, dict[str, Any]]) -> None:
    op, row = site
    edit.change(op, value={"jobs": [*op.value["jobs"], row]})


def lists_in_pairs(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """Two lists of the same by one mobile, and between them something that the later one tells of."""
    before: dict[tuple[str | None, str], Op] = {}
    for invoke, op, rows in _listed(scene):
        key = (op.node, str(sorted(op.value["params"].items())))
        old = before.get(key)
        if invoke.value.get("bypassCache"):
            continue
        if old is not None and old.value["jobs"] != rows and old.value.get("store") == op.value.get("store"):
            revs = [row["sync"]["rev"] for row in rows]
            known = {row["sync"]["rev"] for row in old.value["jobs"]}
            commits = {o.rev.n: o for o in scene.ops("commit") if o.rev and o.type == "ok"}
            if any(n not in known and n in commits and commits[n].time_ns < invoke.time_ns - MS for n in revs):
                yield old, op
        before[key] = op


@injects("linearizable", "stale-cache", sites=lists_in_pairs)
def an_entry_older_than_its_call(edit: Edit, site: tuple[Op, Op]) -> None:
    old, op = site
    edit.change(op, value={**old.value, "source": "cache", "call": op.value["call"]})


def past_the_caches(scene: Scene) -> Iterator[Op]:
    return (op for invoke, op, _ in _listed(scene) if invoke.value.get("bypassCache"))


@injects("linearizable", "not-bypassed", sites=past_the_caches)
def out_of_a_cache(edit: Edit, op: Op) -> None:
    edit.change(op, value={**op.value, "source": "cache"})


def that_were_there(scene: Scene) -> Iterator[Op]:
    for invoke, op, job, _ in _got(scene):
        if job.entries[job.revs[0]].op.time_ns < invoke.time_ns and job.deleted is None:
            yield op


@injects("linearizable", "denied", sites=that_were_there)
def said_not_to_exist(edit: Edit, op: Op) -> None:
    edit.change(op, type="fail", value=None, error={"code": "not_found", "message": "no such job"})


def never_canceled(scene: Scene) -> Iterator[Op]:
    for _, op, job, _ in _got(scene):
        if not any(entry.commit.f == "cancel" for entry in job.entries.values()):
            yield op


@injects("linearizable", "no-effect", sites=never_canceled)
def a_cancel_that_did_nothing(edit: Edit, op: Op) -> None:
    asked = like(op, process=f"{op.process}-9", f="cancel", type="invoke", value={})
    edit.after(op, asked, like(asked, type="ok", time_ns=asked.time_ns + US))


def done_once(scene: Scene) -> Iterator[Op]:
    """Cancels and deletes that were asked for once, by a mobile."""
    for f in ("cancel", "delete"):
        asked = [(op.job, op.node) for op in scene.ops(f) if op.type == "invoke"]
        for _, op in _answers(scene, f):
            if sum(job == op.job for job, _ in asked) == 1:
                yield op


@injects("linearizable", "failed-effect", sites=done_once)
def said_to_have_failed(edit: Edit, op: Op) -> None:
    edit.change(op, type="fail", value=None, error={"code": "invalid_params", "message": "no"})


def done_by_somebody(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """A job that somebody had canceled, every attempt of which ended clearly; the last commit of its desktop."""
    for _, op in _answers(scene, "cancel"):
        job, same = scene.job(op), [o for o in scene.ops("cancel") if o.job == op.job]
        clear = 2 * sum(o.type in ("ok", "fail") for o in same) == len(same)
        if job is not None and clear:
            yield op, scene.head(job.desktop)


@injects(
    "linearizable",
    "unasked-effect",
    sites=done_by_somebody,
    companions=["desktop/unasked-commit", "desktop/impossible-commit"],
    because="the desktop itself was not asked either, and a job that has ended is canceled by nobody",
)
def canceled_again(edit: Edit, site: tuple[Op, Op]) -> None:
    op, last = site
    end = next(o for o in edit.ops if o.f == "final")
    value = {"f": "cancel", "set": {}, "store": last.value["store"]}
    assert last.rev is not None
    rev = revised(last, last.rev.n + 1)
    begun = Op(
        index=0,
        time_ns=end.time_ns,
        process=last.process,
        type="invoke",
        f="commit",
        node=last.node,
        job=op.job,
        rev=rev,
        attempt=1,
        value=value,
    )
    edit.before(end, begun, like(begun, type="ok"))


def read_in_a_pause(scene: Scene) -> Iterator[tuple[Op, Op]]:
    """A row that was read, and the last commit before it; the store has a while to itself then."""
    for _, op, job, n in _got(scene):
        commits = [o for o in scene.ops("commit") if o.node == job.desktop]
        before = [o for o in commits if o.time_ns < op.time_ns]
        then = next((o for o in commits if o.time_ns >= op.time_ns), None)
        quiet = then is None or then.time_ns > op.time_ns + 10 * US
        newest = [m for m in job.revs if job.entries[m].op.time_ns < op.time_ns][-1] == n
        if before[-1].type == "ok" and before[-1].time_ns < op.time_ns - 10 * US and quiet and newest:
            yield op, before[-1]


@injects("linearizable", "undone", sites=read_in_a_pause)
def read_before_it_was_rolled_back(edit: Edit, site: tuple[Op, Op]) -> None:
    op, last = site
    assert last.rev is not None
    rev = revised(last, last.rev.n + 1)
    value = {"f": "metadata", "set": {}, "store": last.value["store"]}
    begun = like(last, type="invoke", rev=rev, job=op.job, value=None, time_ns=op.time_ns - US)
    begun.value = value
    row = op.value["job"]
    told = edit.change(op, value={"job": {**row, "sync": {**row["sync"], "rev": rev.n}}, "asOf": rev.n})
    edit.before(told, begun)
    edit.add(like(begun, type="fail", time_ns=op.time_ns + 2 * US))
