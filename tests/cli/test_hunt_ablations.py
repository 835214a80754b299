"""`harness hunt --ablations`: every safeguard is taken out in turn, then the whole profile is played again."""

from __future__ import annotations

import json

import pytest
from cli_rig import Harness

from harness import registry
from harness.hunting import ablations
from harness.hunting.ablating import Search
from harness.hunting.tally import RunSummary
from harness.verdict import Verdict

NEWER = "snapshots.newer"
WORDS = ("hunt", f"ablations/{NEWER}", "edge/duplicate-events", "--ablations", "--keep", "none")
SILENCE = ("transport.dead-client", "transport.dead-relay", "transport.pings-count")  # documented has these as well
BARE = ("--profile", "documented", *(word for name in SILENCE for word in ("--without", name)))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three safeguards instead of all: one that the first plan misses, one that the second does, one that none does."""
    chosen = ["list-cache.mobile-clock", "order.revisions", NEWER]
    monkeypatch.setattr(ablations, "safeguards", lambda: chosen)
    return chosen


def test_it_says_who_noticed_each_loss_first_and_where(harness: Harness, few: list[str]) -> None:
    said = harness(*WORDS, "--seeds", "5..8", "--jobs", "1", "--json")
    found = json.loads(said.out)
    clock, order, newer = found["ablations"]
    assert [clock["policy"], order["policy"], newer["policy"]] == few
    assert (clock["caught_by"], clock["seeds"], clock["runs"]) == (None, 3, 6)
    assert (order["plan"], order["seed"], order["seeds"]) == ("edge/duplicate-events", 5, 1)
    assert newer["caught_by"] in registry.names("checker")
    assert (newer["plan"], newer["runs"]) == (f"ablations/{NEWER}", 1)
    assert all(one["seconds"] > 0 for one in found["ablations"])
    assert (said.code, found["verdict"], found["runs"], found["signatures"]) == (0, "VALID", 6, [])


def test_the_restored_profile_is_played_with_the_seeds_that_were_needed(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablations, "safeguards", lambda: [NEWER])
    found = json.loads(harness(*WORDS, "--seeds", "100", "--jobs", "1", "--json").out)
    assert (found["ablations"][0]["seeds"], found["runs"]) == (1, 2)


def test_a_restored_profile_that_is_not_silent_is_a_failure(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the base lacks the order by revisions, which the plan notices as well."""
    monkeypatch.setattr(ablations, "safeguards", lambda: [NEWER])
    said = harness(*WORDS, "--seeds", "1", "--without", "order.revisions", "--jobs", "1", "--json")
    found = json.loads(said.out)
    assert (said.code, found["verdict"]) == (1, "INVALID")
    assert found["signatures"]


def test_what_is_found_does_not_depend_on_the_number_of_workers(harness: Harness) -> None:
    """Over a profile with few safeguards: all others are not there to be taken out."""
    few = ("order.revisions", "order.set", NEWER)
    profile = (*BARE, *(word for name in few for word in ("--with", name)))
    words = ("hunt", *WORDS[1:], *profile, "--seeds", "3", "--json")
    one, two = (json.loads(harness.process(*words, "--jobs", jobs).out) for jobs in ("1", "2"))
    for found in (one, two):
        del found["seconds"]
        for caught in found["ablations"]:
            del caught["seconds"]
    assert one == two
    assert [caught["policy"] for caught in one["ablations"]] == sorted(few)


def test_a_budget_is_for_each_safeguard(harness: Harness, few: list[str]) -> None:
    found = json.loads(harness(*WORDS, "--seeds", "1000", "--budget", "1ns", "--jobs", "1", "--json").out)
    assert [one["runs"] for one in found["ablations"]] == [0, 0, 0]
    assert all(one["out_of_budget"] for one in found["ablations"])


def test_a_table_tells_what_nobody_noticed(harness: Harness, few: list[str]) -> None:
    out = harness(*WORDS, "--seeds", "1", "--jobs", "1").out
    assert "2 of 3 safeguards are missed by some checker" in out
    assert ", 1 run, " in out
    assert f": ablations/{NEWER}, seed 0" in out
    assert "nobody noticed, 2 runs" in out
    assert "verdict  VALID" in out


def test_a_profile_without_safeguards_has_none_to_take_out(harness: Harness) -> None:
    said = harness(*WORDS, *BARE)
    assert said.code == 254
    assert "no safeguard" in said.err


def _run(number: int, verdict: Verdict) -> RunSummary:
    signatures = [("c", "r")] if verdict is Verdict.INVALID else []
    return RunSummary(number=number, plan=f"p{number}", seed=9, verdict=verdict, signatures=signatures)


def test_an_earlier_failure_that_ends_later_is_the_one_that_counts() -> None:
    """With two workers the second run may end first."""
    search = Search(NEWER)
    search.given = 4
    for number in (3, 1, 2):
        assert not search.add(_run(number, Verdict.INVALID))
    found = search.result(plans=2)
    assert (found.plan, found.runs, found.seeds) == ("p1", 2, 1)


def test_without_a_second_line_only_a_run_whose_base_is_valid_proves_anything() -> None:
    search = Search("length.bytes", base=("order.revisions",))
    search.given = 2
    for number in (0, 1):
        assert search.add(_run(number, Verdict.INVALID))
    search.add_of_base(_run(1, Verdict.VALID))
    search.add_of_base(_run(0, Verdict.INVALID))
    assert (search.result(plans=1).plan, search.result(plans=1).base_without) == ("p1", ["order.revisions"])


def test_a_masked_safeguard_is_taken_out_of_the_base_that_its_plan_names(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablations, "safeguards", lambda: ["length.bytes"])
    chosen = ("edge/duplicate-events", "ablations/length.bytes")
    words = ("hunt", *chosen, "--ablations", "--seeds", "2", "--keep", "none", "--json")
    found = json.loads(harness(*words, "--jobs", "1").out)
    (caught,) = found["ablations"]
    assert caught["base_without"] == ["length.offset", "order.revisions"]
    assert (caught["plan"], caught["seed"]) == ("ablations/length.bytes", 0), "the base is not silent on the other"
    assert found["verdict"] == "VALID"
