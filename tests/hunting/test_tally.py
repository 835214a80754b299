"""What many runs add up to."""

from __future__ import annotations

import random

from harness.hunting.tally import RunSummary, Tally
from harness.verdict import Verdict

DOUBLE, GAP, QUIET = ("stream-integrity", "double-append"), ("stream-integrity", "gap"), ("evidence", "too-quiet")


def _runs() -> list[RunSummary]:
    valid = [
        RunSummary(number=n, plan="p", seed=n, verdict=Verdict.VALID, exercised={"delay": 2}) for n in range(0, 40, 2)
    ]
    bad = [
        RunSummary(
            number=n,
            plan="p",
            seed=n,
            verdict=Verdict.INVALID,
            signatures=[DOUBLE, GAP] if n % 3 else [DOUBLE],
            directory=f"store/{n}" if n > 5 else None,
            message=f"message of {n}",
        )
        for n in range(1, 20, 2)
    ]
    doubtful = [
        RunSummary(number=n, plan="p", seed=n, verdict=Verdict.UNKNOWN, doubts=[QUIET], problem=f"trouble {n}")
        for n in range(21, 60, 2)
    ]
    return valid + bad + doubtful


def _tally(runs: list[RunSummary]) -> Tally:
    tally = Tally(["delay", "partition"])
    for run in runs:
        tally.add(run)
    return tally


def test_the_order_in_which_runs_end_changes_nothing() -> None:
    results = []
    for seed in range(5):
        runs = _runs()
        random.Random(seed).shuffle(runs)
        results.append(_tally(runs).result(1.0, interrupted=False, out_of_budget=False))
    assert all(result == results[0] for result in results)


def test_failures_are_grouped_by_signature_the_most_frequent_first_and_shown_by_the_first_run() -> None:
    result = _tally(_runs()).result(1.0, [GAP], interrupted=False, out_of_budget=False)
    assert [(s.check, s.reason, s.runs, s.first_seed, s.known) for s in result.signatures] == [
        (*DOUBLE, 10, 1, False),
        (*GAP, 7, 1, True),
    ]
    assert result.signatures[0].run == "store/7", "the first run whose files are there"
    assert result.signatures[0].message == "message of 1"
    assert result.signatures[1].message == "", "a message tells of the leading signature only"


def test_an_undecided_run_is_listed_with_its_reason_and_seed() -> None:
    result = _tally(_runs()).result(1.0, interrupted=False, out_of_budget=False)
    assert [(s.check, s.reason, s.runs, s.first_seed) for s in result.doubts] == [(*QUIET, 20, 21)]
    assert (result.runs, result.invalid, result.unknown) == (50, 10, 20)


def test_an_action_that_never_met_anything_makes_a_silent_campaign_unknown() -> None:
    silent = [run for run in _runs() if run.verdict is Verdict.VALID]
    result = _tally(silent).result(1.0, interrupted=False, out_of_budget=False)
    assert result.never == ["partition"]
    assert result.verdict is Verdict.UNKNOWN
    both = Tally(["delay"])
    for run in silent:
        both.add(run)
    assert both.result(1.0, interrupted=False, out_of_budget=False).verdict is Verdict.VALID


def test_no_runs_prove_nothing() -> None:
    result = Tally(["delay"]).result(0.0, interrupted=True, out_of_budget=False)
    assert result.verdict is Verdict.UNKNOWN
    assert result.never == [], "nothing was tried"


def test_trouble_of_every_run_is_told_ten_times_and_counted() -> None:
    result = _tally(_runs()).result(1.0, interrupted=False, out_of_budget=False)
    assert result.problems == [f"trouble {n}" for n in range(21, 41, 2)]
    assert result.problem_count == 20
