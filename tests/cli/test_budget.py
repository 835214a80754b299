"""`hunt --budget` bounds all of a hunt, and Ctrl-C means the same in each part of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli_rig import Harness

from harness.cli.many import going, minimal
from harness.hunting import campaign
from harness.hunting.tally import Signature
from harness.shrink import NotShrinkable

WORDS = ("hunt", "quickstart", "--profile", "documented", "--seeds", "1", "--jobs", "1")


class Spending(going.Budget):
    """A budget whose time is a number that a test sets."""

    def __init__(self, left_s: float | None) -> None:
        super().__init__(None)
        self.now_left_s = left_s

    @property
    def left_s(self) -> float | None:
        return self.now_left_s


def kind(reason: str, **more: Any) -> Signature:
    found = {"check": "monotonic", "reason": reason, "known": False, "first_plan": "p", "first_seed": 0, "runs": 1}
    return Signature(**{**found, "run": "/nowhere", "message": "", **more})


def test_a_budget_that_the_runs_have_spent_leaves_no_time_to_shrink_and_says_for_which(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The budget is over as soon as a run has failed."""
    begun: list[Spending] = []

    def spending(total_ns: int | None) -> Spending:
        begun.append(Spending(60.0))
        return begun[-1]

    monkeypatch.setattr(going, "Budget", spending)
    monkeypatch.setattr(campaign.Campaign, "spare", lambda self, share: setattr(begun[0], "now_left_s", 0.0))
    said = harness(*WORDS, "--budget", "1m")
    assert said.code == 1
    assert "kinds of failure came without a smallest plan" in said.out
    assert "  plan    none that is smaller: the budget is over\n  shrink  " in said.out
    assert not list(harness.folder.glob("store/*/*/minimal-*"))
    again = json.loads(harness(*WORDS, "--budget", "1m", "--no-shrink", "--json").out)
    assert again["out_of_budget"] is False, "a new hunt has a new budget"


def test_each_kind_of_failure_gets_its_share_and_a_useful_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    budget = Spending(100.0)

    def smallest(found: Signature, tries: Any, is_over: Any) -> Any:
        asked.append(found.reason)
        budget.now_left_s = 0.0 if len(asked) == 2 else budget.now_left_s
        raise NotShrinkable("nothing")

    monkeypatch.setattr(minimal, "_smallest", smallest)
    found = minimal.of_all([kind("a"), kind("known", known=True), kind("b"), kind("c"), kind("gone", run=None)], budget)
    assert asked == ["a", "b"]
    assert (found.missing, found.out_of_budget) == (1, True)
    assert found.why_not["monotonic", "c"] == "none that is smaller: the budget is over"
    assert found.why_not["monotonic", "a"] == "no smaller one was found"


def test_without_a_budget_there_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert going.Budget(None).left_s is None
    assert not going.Budget(None).is_over()
    assert going.Budget(1).is_over(), "a nanosecond is over"


def test_a_hunt_without_any_time_plays_nothing_and_says_so(harness: Harness) -> None:
    said = harness(*WORDS, "--budget", "1ns")
    assert said.code == 2
    assert "0 of 1 runs" in said.out
    assert "the budget is over" in said.out


def test_a_part_of_the_budget_is_kept_for_shrinking_once_there_is_something_to_shrink() -> None:
    text = campaign.PlanText(name="p", text="version: 1\nduration: 1s\n")
    order = campaign.Order(runtime="sim", store=minimal.Path("store"), keep="none", campaign="c")
    hunt = campaign.Campaign([text], range(3), order)
    hunt._budget_s = 100.0
    hunt.spare(0.25)
    hunt.spare(0.25)
    assert hunt._budget_s == 75.0


def test_a_hunt_that_is_stopped_while_it_shrinks_says_what_it_found_and_exits_with_130(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*args: object, **words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(minimal.shrink, "smallest", stopped)
    said = harness(*WORDS)
    assert said.code == 130
    assert "stopped by Ctrl-C while looking for the smallest plans" in said.out
    assert "verdict  INVALID" in said.out
    assert json.loads(harness(*WORDS, "--json").out)["interrupted"] is True


def test_ctrl_c_within_the_search_ends_it_with_130_too(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shrinking itself ends with the best plan so far when it is interrupted."""
    from harness.shrink import passes  # noqa: PLC0415 - only this test breaks it

    def interrupted(search: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(passes, "_until_nothing_helps", interrupted)
    said = harness(*WORDS)
    assert said.code == 130
    assert said.out.count("  plan    ") == 1, "one more would be another search"
