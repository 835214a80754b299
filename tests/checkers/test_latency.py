"""A report of how long actions take: hits and misses apart, calm and disturbed apart; no verdict unless asked for."""

from __future__ import annotations

from typing import Any

from telling import judge

from harness.verdict import Verdict

NAME = "latency"
OPEN = "d:up m:up m:scope(s1) m:listed"


def report(line: str) -> dict[str, Any]:
    result = judge(line, NAME)
    measured = "measured" not in result.details
    assert result.verdict is (Verdict.VALID if measured else None) and bool(result.message) is not measured
    return result.details


def test_events_are_hits_and_fetches_are_misses() -> None:
    found = report(f'{OPEN} d:+a m:a=1(event:1) d:a"x" @2 m:a=2(get:c) d:a"y" @3 m:a@3(event:3)')
    assert found["hit, calm"]["n"] == 2 and found["miss, calm"]["n"] == 1
    assert found["hit, calm"]["p1"] == "100.0 ms" and found["hit, calm"]["p99"] == "900.0 ms"


def test_every_commit_that_a_row_brings_is_measured_once() -> None:
    found = report(f'{OPEN} d:+a d:a"x" d:a"y" m:a=3(list:c) m:a=3(list:e)')
    assert found["miss, calm"]["n"] == 3


def test_what_a_fault_touched_is_counted_apart() -> None:
    found = report(f"{OPEN} d:+a fault:x m:a=1(event:1) heal:x")
    assert found["hit, disturbed"]["n"] == 1 and "hit, calm" not in found


def test_what_was_written_while_the_mobile_was_away_is_no_calm_commit() -> None:
    found = report(f"{OPEN} m:down d:+a m:up m:a=1(list:c)")
    assert found["miss, disturbed"]["n"] == 1 and "miss, calm" not in found


def test_what_was_there_when_the_screen_opened_is_not_measured() -> None:
    assert "nothing" in report("d:up m:up d:+a m:scope(s1) m:a=1(list:c) m:listed")["measured"]


def test_it_says_when_nothing_was_measured_and_what_the_document_promises() -> None:
    found = report("d:up m:up")
    assert "nothing" in found["measured"] and found["document"]["hit"] == "50–150 ms"


def test_a_plan_may_set_a_bound_for_calm_events() -> None:
    slow = f"{OPEN} d:+a @2 m:a=1(event:1)"
    assert judge(slow, NAME, within="2s").verdict is Verdict.VALID
    result = judge(slow, NAME, within="1s")
    assert (result.verdict, result.reason) == (Verdict.INVALID, "slow")
    assert judge(f"{OPEN} d:+a @2 m:a=1(get:c)", NAME, within="1s").verdict is Verdict.VALID
    assert judge(f"{OPEN} d:+a fault:x @2 m:a=1(event:1) heal:x", NAME, within="1s").verdict is Verdict.VALID
