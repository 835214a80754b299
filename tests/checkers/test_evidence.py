"""A run in which nothing happened proves nothing; a journal that disagrees with the wire proves nothing either."""

from __future__ import annotations

import pytest
from telling import judge

from checkers.notation import read
from harness.verdict import Verdict

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
