"""The story of one finding: where each step was, which messages and causes stand beside it, and over which time."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.notation import read
from harness.history import History
from harness.judging.checking import check
from harness.report.drawing.breaks import Broken, broken
from harness.report.drawing.canvas import WIDE
from harness.report.findings import found
from harness.report.findings.story import Stories, Story
from harness.schedule import CheckSpec
from harness.verdict import CheckResult, Verdict

S = 1_000_000_000


def history_of(line: str) -> History:
    history = read(line)
    clients = [name for name in history.header.nodes if name != "relay"]
    history.header.nodes["relay"] = {"role": "relay"}
    history.header.links = [way for name in clients for way in (f"{name}->relay", f"relay->{name}")]
    return history


def told(history: History, *parts: dict[str, Any], **details: Any) -> Story:
    """The story of a finding that a checker tells so; a part is an op's index, or says when and where it was."""
    story = [{"index": None, "what": f"step {n}", **part} for n, part in enumerate(parts, start=1)]
    evidence = [part["index"] for part in story if part["index"] is not None]
    result = CheckResult(
        check="wire", verdict=Verdict.INVALID, reason="x", evidence=evidence, details={"story": story, **details}
    )
    return Stories(history).of(result)


def at(history: History, f: str, number: int = 0) -> dict[str, Any]:
    return {"index": [op.index for op in history.ops if op.f == f and op.type == "ok"][number]}


def shown(story: Story) -> list[str]:
    return [f"{f.link} {f.label}{f' ({f.fate})' if f.fate else ''}" for f in story.flights]


# ---- steps ----------------------------------------------------------------------------------------------------------


def test_a_step_on_the_wire_has_a_time_and_a_lane_and_widens_the_window() -> None:
    history = history_of("d:+a @3.4 wire:r>m[msg=17,type=job:x]")
    story = told(history, at(history, "commit"), {"at_ns": 3_500_000_000, "link": "relay->mobile-1", "msg": "17"})
    assert (story.marks[1].time_ns, story.marks[1].node) == (3_500_000_000, "relay")
    assert story.stretches[-1][0] <= 3_500_000_000 <= story.stretches[-1][1]
    assert shown(story) == ["relay->mobile-1 x"]


@pytest.mark.parametrize("details", [{"message": "17", "link": "relay->mobile-1"}, {"corr": "17"}])
def test_a_step_of_an_older_result_stands_at_the_message_that_its_details_name(details: dict[str, str]) -> None:
    history = history_of("d:+a @3.4 wire:r>m[msg=17,type=job:x]")
    story = told(history, at(history, "commit"), {}, **details)
    assert (story.marks[1].time_ns, story.marks[1].link) == (3_500_000_000, "relay->mobile-1")


def test_a_step_of_which_nothing_is_known_is_told_without_a_time() -> None:
    history = history_of("d:+a")
    story = told(history, at(history, "commit"), {})
    assert [m.time_ns is None for m in story.marks] == [False, True]


# ---- messages -------------------------------------------------------------------------------------------------------


def test_a_message_is_called_by_its_type_and_revision() -> None:
    history = history_of("d:+a d!emit[bus=link,event=job:created,msg=e1,job=a,rev=1] wire:d>r[msg=e1,type=job:created]")
    assert shown(told(history, at(history, "commit"))) == []  # it was sent after the last step
    assert shown(told(history, at(history, "commit"), {"at_ns": S, "node": "mobile-1"})) == [
        "desktop-1->relay created r1"
    ]


USUAL = " ".join(f"wire:r>m[msg={n}]" for n in range(20, 25))
FATES = {
    "lost": "@1 wire:r>m[msg=9,type=job:x,side=in] @2",
    "second delivery": "@1 wire:r>m[msg=9,type=job:x] @1.5 wire:r>m[msg=9,type=job:x,side=out] @2",
    "late: 500 ms": "@1 wire:r>m[msg=9,type=job:x,side=in] @1.5 wire:r>m[msg=9,type=job:x,side=out] @2",
}


@pytest.mark.parametrize("fate", FATES)
def test_what_became_of_a_message_is_marked_though_no_step_names_it(fate: str) -> None:
    history = history_of(f"d:+a m:a=1 {USUAL} {FATES[fate]} m:a=1")
    story = told(history, at(history, "observe"), at(history, "observe", 1))
    assert f"relay->mobile-1 x ({fate})" in shown(story)


def test_a_message_that_a_fault_keeps_is_held() -> None:
    history = history_of(f"d:+a m:a=1 {USUAL} fault:f {FATES['late: 500 ms']} heal:f m:a=1")
    for op in history.ops:
        if op.f.startswith("fault"):
            op.value |= {"action": "hold", "directions": ["relay->mobile-1"]}
    story = told(history, at(history, "observe"), at(history, "observe", 1))
    assert "relay->mobile-1 x (held: 500 ms)" in shown(story)


def test_phones_that_have_no_part_in_it_are_not_drawn() -> None:
    event = "d!emit[bus=link,event=job:created,msg=e7,job=a,rev=1] wire:d>r[msg=e7] wire:r>m[msg=e7] wire:r>m2[msg=e7]"
    history = history_of(f"d:+a m2:scope(s1) {event} m:a=1(event:e7)")
    story = told(history, at(history, "commit"), at(history, "observe", 1))
    assert story.nodes == {"desktop-1", "relay", "mobile-1"}
    assert {f.link for f in story.flights} == {"desktop-1->relay", "relay->mobile-1"}


def test_who_filled_the_cache_that_answered_has_a_part_in_it() -> None:
    answered = "d!rpc[corr={0},outcome=ok] wire:d>r[msg={0},type=rpc-reply] wire:r>{1}[msg={0},type=rpc-reply]"
    fill, hit = (f"d!cache[what={what},key=k]" for what in ("fill", "hit"))
    line = f"d:+a {fill} {answered.format('c1', 'm2')} {hit} {answered.format('c2', 'm')} m:a=1(list:c2)"
    history = history_of(line)
    story = told(history, at(history, "commit"), at(history, "observe"))
    assert "relay->mobile-2 answer" in shown(story)
    assert [b.short for b in story.befell] == ["fills its list cache", "answers from its cache"]


# ---- what befell ----------------------------------------------------------------------------------------------------


CAUSES = {
    "mobile-1 switches to the screen of s1": "m:scope(s2) m:scope(s1)",
    "desktop-1 retries job a: attempt 2 begins (revision 2)": "d:a^",
    "mobile-1's connection ends: dead peer": 'm!link[state=registered] m!link[state=closed,reason="dead peer"]',
    "mobile-1's program starts anew": "m!started[incarnation=1]",
    "desktop-1 has a new, empty store: its revisions begin anew after 0": (
        "d!recovered[store=s1,head=3] d!recovered[store=s2,head=0]"
    ),
    "relay drops job:x for mobile-1": "r!drop[device=device-of-mobile-1,event=job:x,msg=4]",
    "mobile-1's list fails": "m!fetch[what=list,phase=fail,corr=c]",
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_told_before_what_follows_from_it(cause: str) -> None:
    history = history_of(f"d:+a {CAUSES[cause]} m:a=1")
    lines = told(history, at(history, "commit"), last_of(history, "a"), job="a").lines
    words = [getattr(line, "told", None) or getattr(line, "what", "") for line in lines]
    assert cause in words
    assert words.index("step 1") < words.index(cause) < words.index("step 2")


def last_of(history: History, job: str) -> dict[str, Any]:
    return {"index": [op.index for op in history.ops if op.f == "observe" and op.job == job][-1]}


def test_a_lasting_cause_is_told_however_long_before_and_what_passes_is_not() -> None:
    line = "d:+b m:scope(s1) m:scope(s2) m!fetch[what=list,phase=fail,corr=c] @60 d:+a m:a=2"
    history = history_of(line)
    story = told(history, at(history, "commit", 1), last_of(history, "a"))
    assert [each.short for each in story.befell] == ["switches to s2"]
    assert len(story.stretches) == 2


def test_many_alike_are_few() -> None:
    storm = "m!link[state=closed,reason=x] m!link[state=registered] " * 50
    history = history_of(f"d:+a {storm} m:a=1")
    story = told(history, at(history, "commit"), at(history, "observe"))
    assert sum(each.short == "connection ends" for each in story.befell) == 3
    assert len(story.lines) <= 2 + 8


# ---- bounds and time ------------------------------------------------------------------------------------------------


def test_a_bound_says_what_was_allowed_and_what_it_took() -> None:
    history = history_of("d:+a @3 m:a=1")
    limit = {"what": "a fetch", "node": "mobile-1", "from_ns": S, "allowed_ns": S // 4, "until_ns": 2_580_000_000}
    story = told(history, at(history, "commit"), at(history, "observe"), limit=limit)
    assert story.limit is not None and story.limit.told == "a fetch: 250 ms allowed, 1,580 ms taken"
    assert any("the time allowed is over" in getattr(line, "told", "") for line in story.lines)
    assert story.stretches[0][0] <= S and story.stretches[-1][1] >= 2_580_000_000


def test_a_bound_that_nothing_met_lasts_until_the_node_was_read() -> None:
    history = history_of("d:+a m:a=1 @5 m:final")
    limit = {"node": "mobile-1", "from_ns": S // 5, "allowed_ns": S, "until_ns": None}
    story = told(history, at(history, "commit"), limit=limit)
    assert story.limit is not None and story.limit.told == "1,000 ms allowed, nothing came by 5.000 s"
    assert story.end_ns >= 5 * S


def test_a_long_gap_is_left_out_and_every_step_is_in_a_stretch() -> None:
    history = history_of("d:+a m:a=1 @60 m:a=1")
    story = told(history, at(history, "commit"), at(history, "observe"), at(history, "observe", 1))
    assert len(story.stretches) == 2
    for mark in story.marks:
        assert any(begin <= (mark.time_ns or 0) <= end for begin, end in story.stretches)


def test_a_message_on_its_way_is_not_cut_in_two() -> None:
    line = "d:+a @1 wire:r>m[msg=9,side=in] @1.4 wire:r>m[msg=9,side=out] m:a=1(event:9)"
    history = history_of(line)
    story = told(history, at(history, "observe"), {"at_ns": S, "link": "relay->mobile-1", "msg": "9"})
    assert len(story.stretches) == 1


def test_time_stands_in_order_and_to_scale_within_a_stretch() -> None:
    scale: Broken = broken(WIDE, [(0, S), (10 * S, 11 * S), (60 * S, 64 * S)])
    places = [scale.x(ns) for ns in (0, S // 2, S, 5 * S, 10 * S, 11 * S, 60 * S, 62 * S, 64 * S)]
    assert places == sorted(places) and len(set(places)) == len(places)
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)
    assert (places[0], places[-1]) == (WIDE.left, pytest.approx(WIDE.width - WIDE.right, abs=0.2))
    assert scale.x(-S) == WIDE.left


# ---- findings -------------------------------------------------------------------------------------------------------


def test_every_finding_of_a_checker_is_told_the_first_of_each_reason_first() -> None:
    one = 'd:+{0} d:{0}"Hi" m:{0}={1} m:{0}@{2} m:{0}@{2}'
    doubled = " ".join(one.format(job, 2 * n + 1, 2 * n + 2) for n, job in enumerate("abc"))
    results = check(history_of(doubled), [CheckSpec(check="stream-integrity")])
    several = found.findings(results)
    assert [r.details["job"] for r in several] == ["a", "b", "c"]
    assert len({r.message for r in several}) == 3
    assert found.left_out(results, len(several)) == 0
    assert found.left_out(results, 1) == 2


def test_of_many_findings_each_checker_has_its_first() -> None:
    def result(name: str, more: int) -> CheckResult:
        entries = [{"reason": "r", "message": f"{name} {n}", "evidence": [], "first": n} for n in range(more)]
        return CheckResult(
            check=name, verdict=Verdict.INVALID, reason="r", message=name, details={"further": entries, "count": 99}
        )

    results = [result(f"c{n}", 6) for n in range(18)]
    several = found.findings(results)
    assert len(several) == found.MOST
    assert {f"c{n}" for n in range(18)} <= {r.message for r in several}
    assert found.left_out(results, len(several)) == 18 * 99 - found.MOST


def test_what_no_reader_can_trust_is_passed_over() -> None:
    """Results are files: what stands in them may be anything."""
    history = history_of("d:+a m:a=1")
    odd: dict[str, Any] = {"limit": {"node": 3}, "further": [1, {"evidence": "x"}], "corr": 4, "job": [], "node": {}}
    story = told(history, {"index": "no"}, {"index": True, "at_ns": "x"}, {"at_ns": True}, **odd)
    assert story.limit is None and not story.drawable
    result = CheckResult(check="wire", verdict=Verdict.INVALID, reason="x", details=odd)
    assert [r.message for r in found.findings([result])] == ["", ""]
