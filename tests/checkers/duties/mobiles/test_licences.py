"""How a fetch without a licence is told: a job by its name, a list as one; and whose clock a pause is measured by."""

from __future__ import annotations

import pytest
from telling import judge

from checkers.notation import read

BEGUN = "m!link[state=registered] m:scope(s1) m:listed"
GET = "m!fetch[what=get,job=a,licence={},corr={},phase=begin,visit=2]"
LIST = "m!fetch[what=list,licence=gap,corr={},phase=begin,page=0,visit=2]"


def test_a_fetch_of_a_job_names_it() -> None:
    result = judge(f"{BEGUN} wire:r>m[type=heartbeat] {GET.format('miss', 'g')}", "resources")
    assert result.reason == "unlicensed"
    assert (result.message or "").startswith("mobile-1 fetched job a at ")
    assert (result.details["job"], result.details["node"]) == ("a", "mobile-1")
    (step,) = result.details["story"]
    assert "begins to fetch job a (miss)" in str(step)


def test_a_list_is_told_as_one_and_of_no_job() -> None:
    result = judge(f"{BEGUN} wire:r>m[type=sync:gap]*2 {LIST.format('c')} {LIST.format('e')}", "resources")
    assert result.reason == "two-in-flight"
    assert (result.message or "").startswith("mobile-1 listed its scope at ")
    assert "job" not in result.details
    first, second = map(str, result.details["story"])
    assert "mobile-1: list of its scope, begin" in first
    assert "mobile-1 begins to list its scope (gap)" in second


@pytest.mark.parametrize(("action", "accused"), [("partition", True), ("clock", False)])
def test_a_pause_is_not_held_against_a_clock_that_a_fault_set_off(action: str, accused: bool) -> None:
    """It keeps its pause by its own clock, which is not that of the history."""
    first = f"{GET.format('miss', 'g')} m!fetch[what=get,job=a,corr=g,phase=ok]"
    history = read(f"{BEGUN} fault:x {first} {GET.format('follow-up', 'h')}")
    (fault,) = (op for op in history.ops if op.f == "fault-begin")
    fault.value |= {"action": action, "nodes": ["mobile-1"]}
    assert (judge(history, "resources").reason == "too-soon") == accused
