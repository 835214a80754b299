"""`harness list profiles` and `explain`: how the loss of each safeguard is shown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cli_rig import Harness

from harness.hunting import ablations
from targets.policy import slots

NEWER = "snapshots.newer"


def test_each_safeguard_says_which_checker_misses_it_in_which_plan(harness: Harness) -> None:
    said = json.loads(harness("list", "profiles", "--json").out)
    policies = {policy["name"]: policy for policy in said["profiles"]["policies"]}
    assert set(policies) == set(slots())
    for name, found in ablations.shown().items():
        assert (policies[name]["plan"], policies[name]["check"]) == (found.plan, found.check)
    assert policies[NEWER]["way"] is None
    text = " ".join(harness("list", "profiles").out.split())
    assert f"shown by monotonic: ablations/{NEWER}, seed 0" in text


def test_choices_in_which_the_profiles_agree_are_listed_apart_with_what_each_does(harness: Harness) -> None:
    said = json.loads(harness("list", "profiles", "--json").out)
    (policy,) = (p for p in said["profiles"]["policies"] if p["name"] == "transport.offline-queue")
    assert policy["safeguard"] is False
    assert list(policy["variants"]) == ["kept"]
    safeguards, choices = harness("list", "profiles").out.split("choices in either profile")
    assert "transport.offline-queue" in choices
    assert "transport.offline-queue" not in safeguards
    assert "--with transport.offline-queue=kept" in harness("explain", "transport.offline-queue").out


def test_explain_says_how_to_see_the_loss(harness: Harness) -> None:
    assert f"harness run ablations/{NEWER} --without {NEWER}" in harness("explain", NEWER).out


@pytest.mark.parametrize(
    ("check", "base", "masked_by", "way"),
    [
        ("staleness", ("lost-events.heads",), "lost-events.heads", "on a base without lost-events.heads"),
        ("reaction", (), "heads", "by the checker that asks for an answer to every trigger"),
        ("monotonic", (), "heads", "by a directed plan"),
    ],
)
def test_a_masked_safeguard_is_shown_in_one_of_three_ways(
    check: str, base: tuple[str, ...], masked_by: str, way: str, monkeypatch: pytest.MonkeyPatch, harness: Harness
) -> None:
    found = replace(ablations.read(f"ablations/{NEWER}"), check=check, base=base)
    monkeypatch.setattr(ablations, "read", lambda plan: found)
    object.__setattr__(slots()[NEWER], "masked_by", masked_by)
    try:
        said = json.loads(harness("list", "profiles", "--json").out)
        (policy,) = (policy for policy in said["profiles"]["policies"] if policy["name"] == NEWER)
        assert (policy["masked_by"], policy["way"]) == (masked_by, way)
        assert f"masked by {masked_by}; shown by {check}, {way}" in ablations.how(NEWER)
    finally:
        object.__setattr__(slots()[NEWER], "masked_by", "")
