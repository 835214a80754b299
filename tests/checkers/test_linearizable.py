"""Every answer fits one instant of its call, or is as old as a cache may make it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from telling import judge, named

from checkers.notation import read
from harness.history import History
from harness.judging.checking import check
from harness.schedule import CheckSpec

NAME = "linearizable"
A = "d:+a d:a{status=running} d:a{status=completed}"  # revisions 1 to 3
AB = "d:+a d:+b d:a{status=running}"
LONG = f'd:b"{"x" * 200_000}"'
NOW = "d:final"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("the latest row", f"{A} m>get(a) m<ok(a=3)", []),
        ("an older row", f"{A} m>get(a) m<ok(a=2)", ["stale"]),
        ("a row of its call", "d:+a m>get(a) d:a{status=x} d:a{status=y} m<ok(a=2)", []),
        ("the row before its call", "d:+a m>get(a) d:a{status=x} m<ok(a=1)", []),
        ("a write under way", "d:+a d:a{status=x}? m>get(a) m<ok(a=2)", []),
        ("a write under way, not yet seen", "d:+a d:a{status=x}? m>get(a) m<ok(a=1)", []),
        ("back to before a write under way", "d:+a d:a{status=x}? m>get(a) m<ok(a=2) m>get(a) m<ok(a=1)", ["stale"]),
        ("the same by another client", "d:+a d:a{status=x}? m>get(a) m<ok(a=2) m2>get(a) m2<ok(a=1)", ["stale"]),
        ("overlapping reads in any order", "d:+a d:a{status=x}? m>get(a) m2>get(a) m<ok(a=2) m2<ok(a=1)", []),
        ("gone, and told so", "d:+a d:-a m>get(a) m<fail(not_found)", []),
        ("gone meanwhile", "d:+a m>get(a) d:-a m<fail(not_found)", []),
        ("not there yet", "m>get(a) d:+a m<fail(not_found)", []),
        ("there all the time", "d:+a m>get(a) m<fail(not_found)", ["denied"]),
        ("there all the time, and a cancel", "d:+a m>cancel(a) m<fail(not_found)", ["denied"]),
        ("gone, and answered", "d:+a d:-a m>get(a) m<ok(a=1)", ["stale"]),
        ("another failure says nothing", "d:+a m>get(a) m<fail(offline)", []),
        ("an unknown outcome says nothing", "d:+a d:a{status=x} m>get(a) m<info", []),
        ("as of a revision that holds it", f"{AB} m>get(b) m<ok(b=2)@3", []),
        ("as of an older one", f"{AB} m>get(b) m<ok(b=2)@2", ["stale"]),
        ("as of one that is still to come", f"{AB} m>get(b) m<ok(b=2)@4", ["future"]),
        ("as of one that has another row", "d:+a m>get(a) d:a{status=x} m<ok(a=1)@2", ["wrong-as-of"]),
    ],
)
def test_a_get_fits_an_instant_of_its_call(why: str, line: str, reasons: list[str]) -> None:
    assert named(f"{line} {NOW}", NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("all rows", f"{AB} m>list m<ok(a=3,b=2)", []),
        ("all rows as of now", f"{AB} m>list m<ok(a=3,b=2)@3", []),
        ("an old row", f"{AB} m>list m<ok(a=1,b=2)", ["stale"]),
        ("a job is missing", f"{AB} m>list m<ok(a=3)", ["torn-list"]),
        ("a job is missing that came meanwhile", "d:+a m>list d:+b m<ok(a=1)", []),
        ("a job is missing that came before", "d:+a d:+b m>list m<ok(a=1)", ["stale"]),
        ("a deleted job", "d:+a d:+b d:-a m>list m<ok(a=1,b=2)", ["stale"]),
        ("a job deleted meanwhile", "d:+a d:+b m>list d:-a m<ok(a=1,b=2)", []),
        ("two instants", "d:+a d:+b m>list d:a{status=x} d:b{status=x} m<ok(a=1,b=4)", ["torn-list"]),
        ("two instants in the order of time", "d:+a d:+b m>list d:a{status=x} d:b{status=x} m<ok(a=3,b=2)", []),
        ("as of another one", "d:+a m>list d:+b m<ok(a=1)@2", ["wrong-as-of"]),
        ("as of its own", "d:+a m>list d:+b m<ok(a=1)@1", []),
        ("as of one before its call", "d:+a d:+b/s2 m>list m<ok(a=1)@1", ["stale"]),
        ("another session's jobs are not in it", "d:+a d:+b/s2 m>list m<ok(a=1)", []),
        ("another session's job is in it", "d:+a d:+b/s2 m>list m<ok(a=1,b=2)", ["not-asked-for"]),
        ("the other session", "d:+a d:+b/s2 m>list/s2 m<ok(b=2)", []),
        ("nothing", "d:+a/s2 m>list m<ok()", []),
        ("nothing where something is", "d:+a m>list m<ok()", ["stale"]),
        ("in another order", f"{AB} m>list m<ok(b=2,a=3)", ["torn-list"]),
        ("filtered", f"{AB} m>list{{statusFilter=running}} m<ok(a=3)", []),
        ("filtered, and all", f"{AB} m>list{{statusFilter=running}} m<ok(a=3,b=2)", ["not-asked-for"]),
        ("filtered by task", "d:+a{taskType=t} d:+b m>list{taskTypeFilter=t} m<ok(a=1)", []),
        ("not filtered, and not all", f"{AB} m>list m<ok(a=3){{totalCount=1}}", ["torn-list"]),
        ("a page", f"{AB} m>list{{pageSize=1}} m<ok(a=3){{totalCount=2,more=true}}", []),
        ("the next page", f"{AB} m>list{{pageSize=1,page=1}} m<ok(b=2){{totalCount=2}}", []),
        ("a page beyond the end", f"{AB} m>list{{pageSize=1,page=2}} m<ok(){{totalCount=2}}", []),
        ("the wrong page", f"{AB} m>list{{pageSize=1}} m<ok(b=2){{totalCount=2,more=true}}", ["torn-list"]),
        ("too long a page", f"{AB} m>list{{pageSize=1}} m<ok(a=3,b=2)", ["not-asked-for"]),
        ("a short page that says so", f"{AB} m>list m<ok(a=3){{totalCount=2,more=true}}", ["torn-list"]),
        ("one that had no room", f"{AB} {LONG} m>list m<ok(a=3){{totalCount=2,more=true}}", []),
        ("an empty one that had room", f"{AB} {LONG} m>list m<ok(){{totalCount=2,more=true}}", ["torn-list"]),
        ("a short page that does not", f"{AB} m>list m<ok(a=3){{totalCount=2}}", ["torn-list"]),
        ("a wrong total", f"{AB} m>list m<ok(a=3,b=2){{totalCount=3}}", ["torn-list"]),
        ("no total", f"{AB} m>list m<ok(a=3,b=2){{totalCount=null}}", []),
    ],
)
def test_a_list_is_the_rows_of_one_instant(why: str, line: str, reasons: list[str]) -> None:
    assert named(f"{line} {NOW}", NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("done", "d:+a m>cancel(a) d:a{status=canceled} m<ok", []),
        ("not done", "d:+a m>cancel(a) m<ok", ["no-effect"]),
        ("done before", "d:+a d:a{status=canceled} m>cancel(a) m<ok", ["no-effect"]),
        ("done after", "d:+a m>cancel(a) m<ok d:a{status=canceled}", ["no-effect", "unasked-effect"]),
        ("done to another job", "d:+a d:+b m>cancel(a) d:b{status=canceled} m<ok", ["no-effect"]),
        ("deleted", "d:+a m>delete(a) d:-a m<ok", []),
        ("not deleted", "d:+a m>delete(a) m<ok", ["no-effect"]),
        ("failed, and done", "d:+a m>delete(a) d:-a m<fail(not_found)", ["failed-effect"]),
        ("failed, and done later", "d:+a m>cancel(a) m<fail(desktop_offline) d:a{status=canceled}", ["failed-effect"]),
        ("failed, and not done", "d:+a m>cancel(a) m<fail(desktop_offline)", []),
        ("unknown, and done later", "d:+a m>cancel(a) m<info d:a{status=canceled}", []),
        ("unknown, and not done", "d:+a m>cancel(a) m<info", []),
        ("never returned, and done", "d:+a m>cancel(a) d:a{status=canceled}", []),
        ("by two, done once", "d:+a m>delete(a) m2>delete(a) d:-a m<ok m2<ok", ["no-effect"]),
        ("by two, one refused", "d:+a m>delete(a) m2>delete(a) d:-a m<ok m2<fail(not_found)", []),
        ("by two, one unknown", "d:+a m>delete(a) m2>delete(a) d:-a m<info m2<fail(not_found)", []),
        ("twice for one", "d:+a m>cancel(a) d:a{status=canceled} d:a{status=canceled} m<ok", ["unasked-effect"]),
        ("by the desktop's user", "d:+a d>delete(a) d:-a d<ok{rev=2}", []),
        ("by the desktop's user and a mobile's", "d:+a d>delete(a) m>delete(a) d:-a d<ok{rev=2} m<ok", ["no-effect"]),
        ("by nobody", "d:+a d:a{status=canceled} d:-a", []),
        ("a write that failed is no effect", "d:+a m>cancel(a) d:a{status=canceled}! m<ok", ["no-effect"]),
    ],
)
def test_what_a_call_asks_for_is_done_as_it_says(why: str, line: str, reasons: list[str]) -> None:
    assert named(f"{line} {NOW}", NAME).get(NAME, []) == reasons


def test_a_write_that_was_told_of_and_did_not_happen_is_undone() -> None:
    history = read(f"d:+a d:a{{status=x}}? m>get(a) m<ok(a=2) {NOW}")
    begun = history.ops[2]
    history.ops.insert(-1, _copy(begun, type="fail", time_ns=history.ops[-1].time_ns - 1))
    assert named(history, NAME) == {NAME: ["undone"]}


def test_what_was_told_of_a_store_that_is_gone_is_no_promise_of_the_next_one() -> None:
    history = read(f"d:+a d:a{{status=x}}? m>get(a) m<ok(a=2) {NOW}")
    begun, last = history.ops[2], history.ops[-1]
    another = {"boot": "b", "store": "another", "head": 0}
    opened = _copy(begun, f="recovered", type="info", time_ns=last.time_ns - 2, value=another, rev=None, job=None)
    failed = _copy(begun, type="fail", time_ns=last.time_ns - 1, value={**begun.value, "store": "another"})
    history.ops[-1:-1] = [opened, failed]
    assert named(history, NAME) == {}


def test_what_a_client_was_told_of_a_store_that_is_gone_is_no_bound_in_the_next_one() -> None:
    """It was told of revision 2 there, and is told of the next one's first while the second is under way."""
    history = read(f"d:+a d:a{{status=x}} m>get(a) m<ok(a=2) d:+b m>get(b) d:b{{status=x}} m<ok(b=3) {NOW}")
    created = next(op for op in history.ops if op.job == "b")
    for op in (op for op in history.ops if op.job == "b"):
        if op.rev is not None:
            op.rev, op.value = _copy(op.rev, n=op.rev.n - 2), {**op.value, "store": "another"}
        elif op.type == "ok":
            op.value["job"]["sync"] |= {"store": "another", "rev": 1}
    another = {"boot": "b", "store": "another", "head": 0}
    opened = _copy(created, f="recovered", type="info", time_ns=created.time_ns - 1, value=another, rev=None, job=None)
    history.ops.insert(history.ops.index(created), opened)
    found = judge(history, NAME)
    assert (found.reason, found.details["order"]) == (None, "linearizable")


def test_a_client_never_goes_back_even_within_one_instant() -> None:
    history = read(f"d:+a d:a{{status=x}}? m>get(a) m<ok(a=2) m>get(a) m<ok(a=1) {NOW}")
    for op in history.ops[3:6]:
        op.time_ns = history.ops[3].time_ns
    assert named(history, NAME) == {NAME: ["stale"]}


def _copy(op: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(op, **changes)


CACHED = "{source=cache,call=c1}"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("hardened, the desktop", "d:+a @1 d:+b @2 m>list m<ok(a=1)", ["stale"]),
        ("documented, within two seconds", "%profile=documented d:+a @1 d:+b @2 m>list m<ok(a=1)", []),
        ("documented, and the call that filled it", "%profile=documented d:+a @1 d:+b @7 m>list m<ok(a=1)", []),
        ("documented, later", "%profile=documented d:+a @1 d:+b @8.5 m>list m<ok(a=1)", ["stale"]),
        ("documented, a get", "%profile=documented d:+a @1 d:a{status=x} @2 m>get(a) m<ok(a=1)", ["stale"]),
        (
            "documented, past the cache",
            "%profile=documented d:+a @1 d:+b @2 m>list{bypassCache=true} m<ok(a=1)",
            ["stale"],
        ),
        ("the mobile's cache", f"d:+a @1 d:+b @300 m>list m<ok(a=1){CACHED}", []),
        (
            "the mobile's cache, though what is under way would explain it, too",
            f"d:+a @1 m>get(a) m<ok(a=1) d:-a? m>list m<ok(){CACHED} m>get(b) m<fail(not_found) m2>get(a) m2<ok(a=1)",
            [],
        ),
        ("the mobile's cache, too old", f"d:+a @1 d:+b @340 m>list m<ok(a=1){CACHED}", ["stale-cache"]),
    ],
)
def test_a_cache_is_granted_what_the_profile_says(why: str, line: str, reasons: list[str]) -> None:
    assert named(f"{line} {NOW}", NAME).get(NAME, []) == reasons


def _filled(line: str, begin_s: float, end_s: float) -> History:
    """The history with the `call` lines of the list c1."""
    history = read(line)
    made = []
    for phase, at_s in (("begin", begin_s), ("ok", end_s)):
        value = {"corr": "c1", "method": "job.list", "phase": phase}
        made.append(
            _copy(history.ops[0], process="mobile-1/journal", node="mobile-1", type="info", f="call", value=value)
        )
        made[-1].time_ns, made[-1].job, made[-1].rev = round(at_s * 1e9), None, None
    history.ops = sorted([*history.ops, *made], key=lambda op: op.time_ns)
    return history


def test_a_cached_list_may_be_as_old_as_its_entry_lives_and_its_call_took() -> None:
    line = f"d:+a @5 d:+b @302 m>list m<ok(a=1){CACHED} {NOW}"
    assert named(_filled(line, 4.5, 5.5), NAME) == {}
    assert named(_filled(line, 5.5, 5.7), NAME) == {NAME: ["stale-cache"]}  # the list was older than its own call


def test_a_clock_in_doubt_makes_neighbours_concurrent() -> None:
    history = read(f"{A} m>get(a) m<ok(a=2) {NOW}")
    history.header.nodes["desktop-1"]["clock_doubt_ns"] = 150_000_000
    assert named(history, NAME) == {}


@pytest.mark.parametrize(
    ("why", "line", "order"),
    [
        ("every answer is of now", f"{A} m>get(a) m<ok(a=3)", "linearizable"),
        ("an old answer, but never back", f"{A} m>get(a) m<ok(a=1) m>get(a) m<ok(a=2)", "sequential"),
        ("an old list from the cache", f"d:+a d:+b m>list m<ok(a=1){CACHED}", "sequential"),
        ("a list that is old or new", f"d:+a m>get(a) m<ok(a=1) d:-a? m>list m<ok(){CACHED}", "linearizable"),
        (
            "a list that is old, as another answer shows",
            f"d:+a m>get(a) m<ok(a=1) d:-a? m>list m<ok(){CACHED} m2>get(a) m2<ok(a=1)",
            "sequential",
        ),
        ("back, for one caller", f"d:+a d:+b m>get(b) m<ok(b=2) m>list m<ok(a=1){CACHED}", "none"),
        ("back, for another caller", f"d:+a d:+b m>get(b) m<ok(b=2) m2>list m2<ok(a=1){CACHED}", "sequential"),
    ],
)
def test_it_says_how_ordered_the_answers_were(why: str, line: str, order: str) -> None:
    assert judge(f"{line} {NOW}", NAME).details["order"] == order


def test_what_a_cut_history_may_lack_is_no_finding() -> None:
    result = judge("d:+a d:a{status=x} m>get(a) m<ok(a=1)", NAME)
    assert result.reason is None and result.details["unclear"] == 1
    assert judge("d:+a d:a{status=x} m>get(a) m<ok(a=1) d:+b", NAME).reason == "stale"


def test_a_store_whose_beginning_is_not_in_the_history_is_not_judged() -> None:
    history = read(f"{A} m>get(a) m<ok(a=2) {NOW}")
    history.ops = history.ops[2:]  # without revision 1
    result = judge(history, NAME)
    assert (result.verdict, result.details["answers"], result.details["unclear"]) == (None, 0, 1)
    assert result.message.startswith("not judged: ")


def test_a_list_that_does_not_say_what_it_was_asked_for_is_not_judged() -> None:
    history = read(f"{AB} m>list m<ok(a=3) {NOW}")
    del history.ops[-2].value["params"]
    result = judge(history, NAME)
    assert (result.verdict, result.details["unclear"]) == (None, 1)


def test_rows_without_revisions_are_known_by_their_content() -> None:
    def bare(line: str) -> History:
        history = read(line)
        value = history.ops[-2].value
        for row in [*value.get("jobs", []), *([value["job"]] if "job" in value else [])]:
            del row["sync"]
        return history

    assert named(bare(f"{A} m>get(a) m<ok(a=3) {NOW}"), NAME) == {}
    assert named(bare(f"{A} m>get(a) m<ok(a=2) {NOW}"), NAME) == {NAME: ["stale"]}
    assert named(bare(f"{AB} m>list m<ok(a=3,b=2) {NOW}"), NAME) == {}
    assert named(bare(f"{AB} m>list m<ok(a=1,b=2) {NOW}"), NAME) == {NAME: ["stale"]}


def test_a_row_that_never_was_is_named_with_its_column() -> None:
    history = read(f"{A} m>get(a) m<ok(a=3) {NOW}")
    history.ops[-2].value["job"]["metadata"] = {"x": 1}
    result = judge(history, NAME)
    assert (result.reason, "with a metadata that desktop-1 never wrote" in result.message) == ("never-written", True)


def test_a_text_that_never_was_is_named() -> None:
    history = read(f'd:+a d:a"one" m>get(a) m<ok(a=2) {NOW}')
    history.ops[-2].value["job"]["digest"] = "0" * 16
    result = judge(history, NAME)
    assert (result.reason, "with a response that desktop-1 never wrote" in result.message) == ("never-written", True)


def test_the_message_names_the_answer_and_what_it_missed() -> None:
    result = judge(f"{A} m>get(a) m<ok(a=2) {NOW}", NAME)
    assert result.message == (
        "mobile-1's get of job a, called at 0.300 s, was answered at 0.400 s with what desktop-1 held at revision 2, "
        "but revision 3 (status of job a) was complete at 0.200 s already"
    )
    assert [line["what"] for line in result.details["story"]] == [
        "desktop-1 has written revision 3: status of job a",
        "mobile-1 calls get of job a",
        "it returns ok",
    ]


@pytest.mark.parametrize(
    ("line", "apart"),
    [
        (f"{AB} m>list m<ok(a=3)", "as of revision 3, job b is not in it"),
        (f"{AB} m>list m<ok(b=2,a=3)", "as of revision 3, its order or its end is another"),
        (f"{AB} m>list m<ok(a=3,b=2){{totalCount=3}}", "as of revision 3, it says that there are 3, where 2 were"),
        (
            "d:+a d:+b m>list d:a{status=x} d:b{status=x} m<ok(a=1,b=4)",
            "as of revision 4, job a was no longer, or not yet, like that",
        ),
        (
            "d:+a d:+b d:-a d:b{status=x} m>list m<ok(a=1,b=4)",
            "as of revision 4, job a is in it, which it was not to be",
        ),
    ],
)
def test_a_torn_list_says_what_is_wrong_in_it(line: str, apart: str) -> None:
    assert judge(f"{line} {NOW}", NAME).message.endswith(apart)


def test_a_list_is_told_with_what_it_asks_for() -> None:
    result = judge(f"{AB} m>list{{statusFilter=failed,page=0}} m<ok(a=3) {NOW}", NAME)
    assert result.message == (
        "mobile-1's list with statusFilter “failed”, page 0, called at 0.300 s, was answered at 0.400 s with job a, "
        "whose status is “running”: that was not asked for"
    )
    assert "mobile-1 calls list with statusFilter “failed”, page 0" in str(result.details["story"])


def test_a_write_that_failed_before_the_call_is_undone_and_not_of_the_future() -> None:
    line = "d:+a d:a{status=running}! m>get(a) m<ok(a=2) d:final"
    (found,) = check(read(line), [CheckSpec(check="linearizable")])
    assert found.reason == "undone"
