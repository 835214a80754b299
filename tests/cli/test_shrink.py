"""`harness shrink`: from a run that failed to the smallest plan that fails like it."""

from __future__ import annotations

import json
import re

import pytest
from cli_rig import Harness

from harness import plan


@pytest.fixture
def failed(harness: Harness) -> str:
    """The directory of a failed run."""
    said = harness("run", "quickstart", "--profile", "documented", "--json")
    assert said.code == 1
    return str(json.loads(said.out)["run"])


def test_a_failed_run_says_how_to_shrink_it_and_what_comes_of_it_can_be_run(harness: Harness) -> None:
    said = harness("run", "quickstart", "--profile", "documented")
    command = re.search(r"^shrink +harness (.*)$", said.out, re.MULTILINE)
    assert command is not None
    shrunk = harness(*command[1].split())
    assert shrunk.code == 0, shrunk.err
    assert "stream-integrity/double-append: 4 calls of 167, 1 fault of 4" in shrunk.out
    run = re.search(r"^run +harness (.*)$", shrunk.out, re.MULTILINE)
    assert run is not None
    again = harness(*run[1].split())
    assert again.code == 0, again.out
    assert "INVALID, as the plan expects" in again.out


def test_a_valid_run_has_nothing_to_shrink(harness: Harness) -> None:
    assert "shrink " not in harness("run", "edge/missing-jobs").out
    said = harness("shrink", "latest")
    assert said.code == 254
    assert "nothing is INVALID in this run" in said.err
    assert said.is_clean()


def test_one_of_several_failures_is_chosen_by_its_names(harness: Harness, failed: str) -> None:
    said = harness("shrink", failed, "--check", "no-resurrection", "--reason", "vanished", "--json")
    found = json.loads(said.out)
    assert said.code == 0
    assert (found["check"], found["reason"], found["minimal_ops"], found["minimal_faults"]) == (
        *("no-resurrection", "vanished"),
        *(2, 1),
    )
    assert plan.load(found["minimal_plan"]).words.expect["documented"].check == "no-resurrection"


def test_a_failure_that_the_run_does_not_have_is_refused_with_those_that_it_has(harness: Harness, failed: str) -> None:
    said = harness("shrink", failed, "--check", "rpc")
    assert said.code == 254
    assert re.search(r"does not fail with rpc; it does with: .*stream-integrity double-append", said.err)


def test_few_runs_give_a_plan_that_says_it_may_not_be_the_smallest(harness: Harness, failed: str) -> None:
    said = harness("shrink", failed, "--runs", "10", "--output", "small.yaml")
    assert said.code == 0
    assert "it may not be the smallest: the runs are spent" in said.out
    assert plan.load(str(harness.folder / "small.yaml")).words.faults


def test_a_run_without_its_plan_is_refused(harness: Harness, failed: str) -> None:
    (harness.folder / failed / "plan.yaml").unlink()
    said = harness("shrink", failed)
    assert said.code == 254
    assert "plan.yaml" in said.err
    assert said.is_clean()


def test_an_output_that_cannot_be_written_is_refused(harness: Harness, failed: str) -> None:
    said = harness("shrink", failed, "--runs", "5", "--output", "no/such/folder/small.yaml")
    assert said.code in (254, 255)
    assert "small.yaml" in said.err
    assert said.is_clean()
