"""Calls that end twice, never, otherwise than they went, or are answered to nobody."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.history import Op, Tap
from injections import Edit, Scene, injects
from injections.edits import MS, US, like
from injections.scenes import Calm, calm, in_peace, revised

Call = tuple[Op, Op]  # its begin, its end


def _calls(scene: Scene, *ends: str) -> Iterator[Call]:
    begun: dict[str, Op] = {}
    for op in scene.ops("call"):
        if op.value["phase"] == "begin":
            begun[op.value["corr"]] = op
        elif op.value["phase"] in ends and op.value["corr"] in begun:
            yield begun[op.value["corr"]], op


def ended(scene: Scene) -> Iterator[Call]:
    return _calls(scene, "ok", "fail", "info")


@injects("rpc", "completed-twice", sites=ended)
def it_ends_again(edit: Edit, call: Call) -> None:
    edit.after(call[1], like(call[1]))


def long_before_the_end(scene: Scene) -> Iterator[Calm]:
    """So long that a call would have timed out, and no link is lost meanwhile."""
    limit_ns = round((scene.run.header.timing["call_s"] * 1.2 + 1.1) * 1e9)
    for moment in scene.calm:
        names = (moment.node, moment.desktop, "relay")
        rest = [op for op in scene.later(moment.op) if op.node in names]
        lost = any(op.f in ("link", "conn", "started") for op in rest)
        faults = any(op.f in ("fault-begin", "fault-heal") for op in scene.later(moment.op))
        if moment.time_ns + limit_ns < scene.finals[moment.node].time_ns and not lost and not faults:
            yield moment


@injects("rpc", "never-completed", sites=long_before_the_end)
def it_never_ends(edit: Edit, at: Calm) -> None:
    edit.add(at.line("call", 0, {"corr": "lost", "method": "job.get", "phase": "begin", "params": {"jobId": "x"}}))


def carried_out(scene: Scene) -> Iterator[tuple[Op, Op, Op]]:
    """Cancels and deletes: the commit, the end of the call, what its user was told."""
    for commit in scene.ops("commit"):
        kind, _, corr = (commit.cause or "").partition(":")
        if kind != "rpc" or commit.type != "ok":
            continue
        for begun, end in _calls(scene, "ok"):
            if begun.value["corr"] == corr:
                f = begun.value["method"].partition(".")[2]
                told = [o for o in scene.ops(f) if o.type == "ok" and o.job == commit.job and o.node == end.node]
                if told and told[-1].index > end.index:
                    yield commit, end, told[-1]


@injects("rpc", "failed-but-done", sites=carried_out)
def said_to_be_forbidden(edit: Edit, site: tuple[Op, Op, Op]) -> None:
    """The user is told that nobody knows."""
    _, end, told = site
    edit.change(end, value={"phase": "fail", "error": {"code": "forbidden", "message": "no"}})
    edit.change(told, type="info", value=None, error={"code": "timeout", "message": "?"})


@injects(
    "rpc",
    "done-twice",
    sites=carried_out,
    companions=["desktop/impossible-commit"],
    because="what is done again may be done to a job that is deleted",
)
def done_again(edit: Edit, site: tuple[Op, Op, Op]) -> None:
    commit = site[0]
    last = [op for op in edit.ops if op.f == "commit" and op.node == commit.node][-1]
    final = next(op for op in edit.ops if op.f == "final")
    assert last.rev is not None
    again = like(commit, rev=revised(commit, last.rev.n + 1), time_ns=final.time_ns, value=None)
    again.value = {"f": "metadata", "set": {}, "store": commit.value["store"]}
    edit.before(final, like(again, type="invoke"), again)


def answered(scene: Scene) -> Iterator[tuple[Call, list[Op]]]:
    """Calls that ended as ok, and what desktops say that they answered."""
    for begun, end in _calls(scene, "ok"):
        said = [op for op in scene.ops("rpc") if op.node in scene.desktops and op.value["corr"] == begun.value["corr"]]
        if said:
            yield (begun, end), said


@injects("rpc", "error-as-success", sites=answered)
def the_answer_was_an_error(edit: Edit, site: tuple[Call, list[Op]]) -> None:
    for op in site[1]:
        edit.change(op, value={"outcome": "invalid_params"})


def failed_as_of(scene: Scene) -> Iterator[Op]:
    return (end for _, end in _calls(scene, "fail") if "asOf" in (end.value.get("error") or {}))


@injects("rpc", "half-told", sites=failed_as_of)
def of_no_store(edit: Edit, end: Op) -> None:
    edit.change(end, value={"error": {name: word for name, word in end.value["error"].items() if name != "store"}})


@injects("rpc", "unclear-refusal", sites=calm)
def refused_in_odd_words(edit: Edit, at: Calm) -> None:
    line = {"corr": "odd", "method": "job.get", "params": {"jobId": "x"}}
    edit.add(at.line("call", 0, {**line, "phase": "begin"}))
    error = {"code": "try_later", "message": "who knows"}
    edit.add(at.line("call", MS, {"corr": "odd", "method": "job.get", "phase": "info", "error": error}))


def users_calls(scene: Scene) -> Iterator[Op]:
    """The begins of what users ask about jobs."""
    for op in scene.ops("call"):
        if op.value.get("method") in ("job.cancel", "job.delete") and op.value.get("phase") == "begin":
            yield op


@injects("rpc", "asked-otherwise", sites=users_calls)
def about_nothing(edit: Edit, begin: Op) -> None:
    params = {name: word for name, word in begin.value["params"].items() if name != "jobId"}
    edit.change(begin, value={"params": params})


@injects("rpc", "unknown-error", sites=failed_as_of)
def in_words_of_its_own(edit: Edit, end: Op) -> None:
    edit.change(end, value={"phase": "info", "error": {"code": "store_failed", "message": "no room"}})


def replies(scene: Scene) -> Iterator[Tap]:
    """Answers that the relay hands to mobiles."""
    known = {op.value["corr"] for op in scene.ops("call")}
    for tap in scene.run.taps:
        if tap.type == "rpc-reply" and tap.side == "in" and tap.link[7:] in scene.mobiles and tap.msg in known:
            yield tap


@injects("rpc", "answered-twice", sites=replies)
def handed_over_again(edit: Edit, tap: Tap) -> None:
    asked = sum(t.msg == tap.msg and t.side == "out" for t in edit.taps)
    edit.add_tap(*(msgspec.structs.replace(tap, time_ns=tap.time_ns + US) for _ in range(asked)))


@injects("rpc", "answer-nobody-asked", sites=replies)
def over_another_connection(edit: Edit, tap: Tap) -> None:
    edit.add_tap(msgspec.structs.replace(tap, conn=tap.conn + 1000))


# ---- what an end stands on -------------------------------------------------------------------------------------------


def users_calls(scene: Scene) -> Iterator[Call]:
    """Nothing is shown because of them."""
    shown = {(op.cause or "").partition(":")[2] for op in scene.ops("observe")}
    fetched = {op.value["corr"] for op in scene.ops("fetch")}
    return (call for call in _calls(scene, "ok") if call[0].value["corr"] not in shown | fetched)


@injects("rpc", "ok-without-reply", sites=users_calls)
def no_answer_came(edit: Edit, call: Call) -> None:
    edit.drop_taps(lambda tap: tap.type == "rpc-reply" and tap.msg == call[0].value["corr"] and tap.side == "out")


def _asks(edit: Edit, at: Calm, after_ns: int | None = None) -> None:
    """A call, and an answer to it."""
    edit.add(at.line("call", 0, {"corr": "odd", "method": "job.get", "phase": "begin", "params": {"jobId": "x"}}))
    if after_ns is not None:
        asked = at.told("rpc:job.get", 0, msg="odd", source=None)
        up = msgspec.structs.replace(asked, link=f"{at.node}->relay")
        edit.add_tap(msgspec.structs.replace(up, side="in"), up)
        edit.add_tap(*(at.told("rpc-reply", after_ns, msg="odd", source=None, side=side) for side in ("in", "out")))


def _ends(at: Calm, after_ns: int, phase: str, code: str | None = None) -> Op:
    error = {"error": {"code": code, "message": "?"}} if code is not None else {}
    return at.line("call", after_ns, {"corr": "odd", "method": "job.get", "phase": phase, **error})


@injects("rpc", "groundless-error", sites=calm)
def forbidden_by_nobody(edit: Edit, at: Calm) -> None:
    _asks(edit, at)
    edit.add(_ends(at, MS, "fail", "forbidden"))


@injects("rpc", "unheard", sites=calm)
def its_answer_is_not_heard(edit: Edit, at: Calm) -> None:
    _asks(edit, at, MS)
    edit.add(_ends(at, 50 * MS, "ok"))


@injects("rpc", "answer-lost", sites=in_peace)
def said_to_be_answered(edit: Edit, at: Calm) -> None:
    _asks(edit, at)
    said = like(at.line("rpc", MS, {"corr": "odd", "method": "job.get", "outcome": "desktop_offline"}), node="relay")
    edit.add(like(said, process="relay/journal", incarnation=0), _ends(at, 300 * MS, "info"))


@injects(
    "rpc",
    "wrong-time-out",
    sites=calm,
    companions=["rpc/failed-in-peace"],
    because="no fault is at work, and nothing lets a call time out",
)
def given_up_at_once(edit: Edit, at: Calm) -> None:
    _asks(edit, at)
    edit.add(_ends(at, 100 * MS, "info", "timeout"))


@injects("rpc", "failed-in-peace", sites=in_peace)
def its_desktop_cannot(edit: Edit, at: Calm) -> None:
    _asks(edit, at, MS)
    edit.add(_ends(at, MS, "info", "internal"))


@injects("rpc", "job-of-none", sites=in_peace)
def somebody_asks_for_a_job_without_a_name(edit: Edit, at: Calm) -> None:
    asked = {"link": f"relay->{at.desktop}", "msg": "of-none", "job": "", "source": None}
    edit.add_tap(*(at.told("rpc:job.get", 0, side=side, **asked) for side in ("in", "out")))
    line = {"corr": "of-none", "method": "job.get", "outcome": "not_found"}
    edit.add(like(at.line("rpc", MS, line), node=at.desktop, process=f"{at.desktop}/journal", incarnation=0))
