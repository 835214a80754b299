"""A run in which nothing happened proves nothing; a journal that disagrees with the wire proves nothing either."""

from __future__ import annotations

from typing import Any

import pytest
from telling import judge

from checkers.notation import read
from harness.judging.checking import check
from harness.schedule import CheckSpec
from harness.verdict import CheckResult, Verdict

NAME = "evidence"


@pytest.mark.parametrize(
    ("why", "line", "reason"),
    [
        ("all is well", "%scheduled=2 d:+a m>open m<ok m:a=1 m>get(a) m<ok", None),
        ("a fault that met something", "fault:x d:+a m:a=1 heal:x", None),
        ("a fault that met nothing", "fault:x d:+a m:a=1 inert:x", "inert-fault"),
        ("one of two occurrences met nothing", "fault:x heal:x fault:x inert:x", "inert-fault"),
        ("fewer than half", "%scheduled=3 m>get m<ok", "too-quiet"),
        ("exactly half", "%scheduled=2 m>get m<ok", None),
        ("a definite failure is an answer", "%scheduled=2 m>get m<ok m>get m<fail", None),
        ("a call that may have happened is none", "%scheduled=3 m>get m<ok m>get m<info m>get m<info", "too-quiet"),
        ("no call succeeded", "%scheduled=2 m>get m<fail m>get m<fail", "too-quiet"),
        ("an open scope and no observation", "m>open m<ok", "no-observations"),
        ("a scope that was not opened", "m>open m<fail", None),
        ("an open scope at the end and no observation", "m:final", "no-observations"),
        ("a closed one", "d:+a m:final[scope=null]", None),
        ("a mobile that cannot journal", "%level=0 m>open m<ok", None),
        ("only the other mobile journals", "m>open m<ok d:+a m2:a=1", "no-observations"),
    ],
)
def test_there_is_enough_to_judge_by_or_not(why: str, line: str, reason: str | None) -> None:
    result = judge(line, NAME)
    assert result.reason == reason
    assert result.verdict is (Verdict.UNKNOWN if reason else Verdict.VALID)


@pytest.mark.parametrize(
    ("why", "line", "reason"),
    [
        ("delivered before", "d:+a tap:m=17 m:a=1(event:17)", None),
        ("delivered long before", 'd:+a tap:m=17 tap:m=18 d:a"x" m:a=1(event:17)', None),
        ("delivered later", "d:+a tap:m=1 m:a=1(event:17) tap:m=17", "journal-wire-mismatch"),
        ("delivered to another", "d:+a tap:m2=17 m:a=1(event:17)", "journal-wire-mismatch"),
        ("never delivered", "d:+a tap:m=17 m:a=1(get:c1)", "journal-wire-mismatch"),
        ("a list that was delivered", "d:+a tap:m=c1 m:a=1(list:c1)", None),
        ("the user's own action", "d:+a tap:m=17 m:a=1(local:open)", None),
        ("the mobile's own cache", "d:+a tap:m=17 m:a=1(cache:k)", None),
        ("no cause stated", "d:+a tap:m=17 m:a=1", None),
    ],
)
def test_an_observation_names_a_message_that_the_wire_delivered(why: str, line: str, reason: str | None) -> None:
    assert judge(line, NAME).reason == reason


def test_without_taps_the_wire_is_not_compared_and_that_is_said() -> None:
    result = judge("d:+a m:a=1(event:17)", NAME)
    assert (result.verdict, result.details["wire"]) == (Verdict.VALID, "not judged: no taps")


def test_only_the_far_side_of_a_links_faults_counts_as_delivery() -> None:
    history = read("d:+a tap:m=17 m:a=1(event:17)")
    history.taps[0].side = "in"
    assert judge(history, NAME).reason == "journal-wire-mismatch"


def test_outside_the_simulator_a_tap_may_be_stamped_a_little_late() -> None:
    late = "d:+a m:a=1(event:17) tap:m=17"
    assert judge(f"%runtime=docker {late}", NAME).reason is None
    assert judge(f"%runtime=sim {late}", NAME).reason == "journal-wire-mismatch"
    assert judge("%runtime=docker d:+a m:a=1(event:17) @9 tap:m=17", NAME).reason == "journal-wire-mismatch"


def test_a_drawn_fault_that_met_nothing_is_no_reason() -> None:
    history = read("fault:x inert:x")
    for op in history.ops:
        op.value["fixed"] = False
    history.header.faults[0]["fixed"] = False
    assert judge(history, NAME).reason is None


def test_a_fixed_fault_that_never_began_met_nothing() -> None:
    history = read("fault:x heal:x")
    history.header.faults[0]["occurrences"] = 2
    result = judge(history, NAME)
    assert (result.reason, result.message) == ("inert-fault", "fault “x” began 1 times of 2")


def test_ops_that_cannot_be_read_leave_doubt() -> None:
    history = read("d:+a m:a=1")
    history.ops[2].value = {"kind": "nonsense"}
    result = judge(history, NAME)
    assert (result.reason, result.message) == (
        "malformed",
        "1 ops of the history could not be read, the first is op 2",
    )


def test_an_inert_fault_is_told_with_its_times() -> None:
    result = judge("fault:x d:+a m:a=1 inert:x", NAME)
    assert result.message == "fault “x” was active until 0.300 s and met nothing"
    assert result.evidence == [0, 4]


def test_calls_and_faults_are_counted_in_the_details() -> None:
    result = judge("%scheduled=2 fault:x d:+a m>open m<ok m:a=1 m>get(a) m<fail heal:x", NAME)
    assert result.details["calls"] == {"fail": 1, "invoke": 2, "ok": 1}
    assert result.details["faults_met"] == {"x": 1}


# ---- enough to judge by, inside the faults and after ----------------------------------------------------------------


FIRST_ROWS = ("convergence", "stream-integrity")


def weighed(line: str, *names: str, **about: Any) -> CheckResult:
    """What evidence says when others judge too; `about` goes into every fault's begin and heal."""
    history = read(line)
    for op in history.ops:
        if op.f in ("fault-begin", "fault-heal"):
            op.value |= about
    specs = [CheckSpec(check=name) for name in (*(names or FIRST_ROWS), NAME)]
    return next(r for r in check(history, specs) if r.check == NAME)


TEXT = 'd:+a d:a"x" m:a=1 m:a@2'


@pytest.mark.parametrize(
    ("why", "line", "reason"),
    [
        ("texts, and no fault", f"{TEXT} m:final d:final", None),
        ("a job without a text", "d:+a m:a=1 m:final d:final", None),
        ("nothing was ever shown, and nobody looks", "d:+a m:final[scope=null] d:final", "nothing-judged"),
        ("no job at all", "m:scope(s1) m:listed m:final d:final", "nothing-judged"),
        ("all before the fault", f"{TEXT} fault:x @5 heal:x m:final d:final", "nothing-at-stake"),
        ("a text inside the fault", f'{TEXT} fault:x d:a"y" m:a@3 heal:x m:final d:final', None),
        ("a text after the fault", f'{TEXT} fault:x @5 heal:x d:a"y" m:a@3 m:final d:final', None),
        ("only a field after it", f"{TEXT} fault:x heal:x d:a{{status=queued}} m:a=3 m:final d:final", None),
        ("all text before it", f"{TEXT} fault:x heal:x d:+b m:b=3 m:final d:final", "nothing-at-stake"),
        ("no text, a job after it", "d:+a m:a=1 fault:x heal:x d:+b m:b=2 m:final d:final", None),
        ("no text, somebody asked for the job", "d:+a m:a=1 fault:x m>get(a) m<fail heal:x m:final d:final", None),
        ("no text, somebody listed", "d:+a m:a=1 fault:x m>list m<fail heal:x m:final d:final", None),
        ("a job taken from the screen since", "d:+a m:a=1 fault:x d:-a m:-a heal:x m:final d:final", None),
    ],
)
def test_the_first_guarantees_are_judged_since_the_faults_began(why: str, line: str, reason: str | None) -> None:
    assert weighed(line).reason == reason


def test_a_guarantee_that_is_found_broken_is_judged_enough() -> None:
    assert weighed(f"{TEXT} m:a@2 fault:x @5 heal:x m:final d:final").reason is None


def test_whoever_names_other_checkers_is_not_asked_for_these() -> None:
    assert weighed(f"{TEXT} fault:x @5 heal:x m:final d:final", "monotonic").reason is None


def test_it_says_why_what_was_not_judged_and_what_to_change_in_that_order() -> None:
    said = weighed(f"{TEXT} @3 fault:tunnel @40 heal:tunnel m:final d:final").message
    assert said == (
        "the last chunk was written at 0.1 s, before “tunnel” began at 3.0 s; convergence and stream-integrity judged "
        "nothing from then on; spread the work with `workload: {spread: 40s}`"
    )


WHERE = {"directions": ["mobile-1->relay", "relay->mobile-1"]}


@pytest.mark.parametrize(
    ("why", "line", "idle"),
    [
        ("a commit inside", "d:+a m:a=1 fault:x d:a{status=x} heal:x", False),
        ("nothing inside", "d:+a m:a=1 @200 fault:x @205 heal:x @400 m:final", True),
        ("a call inside", "d:+a m:a=1 @200 fault:x m>list m<ok @205 heal:x @400 m:final", False),
        ("a call under way all the time", "d:+a m:a=1 m>list fault:x @5 heal:x m<info @400 m:final", False),
        ("a call that ended before", "d:+a m:a=1 m>list m<ok @200 fault:x @205 heal:x @400 m:final", True),
        ("a commit right after it", "d:+a m:a=1 @200 fault:x @205 heal:x @206 d:a{status=x} @600 m:final", False),
        ("a commit long after it", "d:+a m:a=1 @200 fault:x @205 heal:x @500 d:a{status=x} @600 m:final", True),
        ("a link comes back, and no more", "d:+a m:a=1 @200 fault:x m:down heal:x m:up @200 m:final", True),
        ("its user closes the screen", "d:+a m:a=1 @200 fault:x m>close m<ok heal:x @400 m:final", True),
    ],
)
def test_a_fault_is_met_by_work_and_by_nothing_less(why: str, line: str, idle: bool) -> None:
    result = weighed(line, "monotonic", **WHERE)
    assert result.reason == ("idle-fault" if idle else None)
    assert result.details["idle"] == ([["x", 0]] if idle else [])
    assert result.details["exercised"] == ({} if idle else {"partition": 1})


def test_an_idle_fault_says_where_it_was_and_what_would_let_it_meet_something() -> None:
    said = weighed("d:+a m:a=1 @200 fault:x @205 heal:x @400 m:final", "monotonic", **WHERE).message
    assert said.startswith(
        "no call was made and no job written that had to pass mobile-1->relay, relay->mobile-1 while"
    )
    assert said.endswith("what it does to work was not judged; spread the work with `workload: {spread: 205s}`")


def test_work_of_another_client_meets_no_fault_of_this_one() -> None:
    line = "%other=d2 d:+a m:a=1 @200 fault:x d:a{status=x} m>list m<ok heal:x @400 m:final"
    assert weighed(line, "monotonic", nodes=["desktop-2"]).reason == "idle-fault"
    assert weighed(line, "monotonic", nodes=["desktop-1"]).reason is None
    assert weighed(line, "monotonic", nodes=["relay"]).reason is None, "everybody's work passes the relay"


def test_a_call_that_is_answered_without_the_wire_meets_no_fault() -> None:
    line = "tap:m=0 d:+a m:a=1 @200 fault:x m>get(a) m<ok(a=1) heal:x @400 m:final"
    assert weighed(line, "monotonic", **WHERE).reason == "idle-fault"
    assert weighed(line.replace("m<ok(a=1)", "m<fail"), "monotonic", **WHERE).reason is None, "it would have passed"
