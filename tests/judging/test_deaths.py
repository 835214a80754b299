"""A node that ends uncalled is told before all else, and what came after it convicts nobody."""

from __future__ import annotations

import pytest

from checkers.notation import read
from harness.history import History
from harness.judging.checking import check, overall
from harness.report.told import words
from harness.verdict import CheckResult, Verdict

LIVED = "d:up m:up d:+a m:a=1 @6.2"
AFTER = "d:a@2 m:final d:final"  # a change that is never shown: the relay that would have carried it is dead


def judged(line: str) -> list[CheckResult]:
    return check(read(line))


def invalid(results: list[CheckResult]) -> list[tuple[str, str]]:
    return [s for r in results for s in r.signatures]


def test_without_a_death_the_same_history_convicts() -> None:
    assert ("convergence", "stale-field") in invalid(judged(f'{LIVED} d:a"x" m:final d:final')) or invalid(
        judged(f"{LIVED} {AFTER}")
    )


def test_a_node_that_somebody_killed_makes_the_run_unknown_and_is_told_first() -> None:
    results = judged(f"{LIVED} r!exited[code=137,by=outside,said=why] {AFTER}")
    assert (overall(results), invalid(results)) == (Verdict.UNKNOWN, [])
    first = results[0]
    assert (first.check, first.reason) == ("runtime", "exited")
    assert first.message.startswith("relay exited with code 137 at 6.2 s; no fault of the plan did that (why). What ")
    assert words.first_failure(results) is first
    assert words.in_order(results)[0] is first


def test_one_that_ended_by_itself_is_a_finding_and_nothing_else_is() -> None:
    results = judged(f"{LIVED} m!exited[code=3,by=itself] {AFTER}")
    assert invalid(results) == [("liveness", "exited")]
    told = words.first_failure(results)
    assert told is not None
    assert told.message == "mobile-1 exited by itself with code 3 at 6.2 s; no fault of the plan did that"
    assert results[0].check == "runtime" and "mend that first" in results[0].message


@pytest.mark.parametrize("by", ["outside", "itself"])
def test_what_others_noticed_before_the_engine_told_of_it_is_not_judged(by: str) -> None:
    """The desktop's last word was at its registration; the relay and the phone notice before `exited` is written."""
    noticed = "r!conn[device=device-of-desktop-1,state=closed,conn=1]"
    line = f"d:up m:up @1 d!link[state=registered] @2 {noticed} @3 d!exited[code=1,by={by}]"
    kept = [op.f for op in _cut(read(line)).ops]
    assert kept[-1] == "exited" and "conn" not in kept


def _cut(history: History) -> History:
    from harness.judging.deaths import until_death  # noqa: PLC0415

    return until_death(history)[0]


def test_a_run_that_was_interrupted_says_so_before_its_other_doubts() -> None:
    stopped = CheckResult(check="runtime", verdict=Verdict.UNKNOWN, reason="interrupted", message="stopped by Ctrl-C")
    quiet = CheckResult(
        check="evidence", verdict=Verdict.UNKNOWN, reason="too-quiet", first=3, details={"story": [{"what": "x"}]}
    )
    assert words.first_failure([quiet, stopped]) is stopped
    broken = CheckResult(check="rpc", verdict=Verdict.INVALID, reason="done-twice", first=9)
    assert words.first_failure([quiet, stopped, broken]) is broken
