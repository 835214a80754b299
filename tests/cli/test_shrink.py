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
    command = re.search(r"^shrink +\S+/harness (.*)$", said.out, re.MULTILINE)
    assert command is not None
    shrunk = harness(*command[1].split())
    assert shrunk.code == 0, shrunk.err
    assert re.search(r"stream-integrity/double-append: [34] calls of 1\d\d, 1 fault of 4", shrunk.out)
    run = re.search(r"^run +\S+/harness (.*)$", shrunk.out, re.MULTILINE)
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
    said = harness("shrink", failed, "--check", "latency")
    assert said.code == 254
    assert re.search(r"does not fail with latency; it does with: .*stream-integrity double-append", said.err)


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


OWN = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1]}}]
    mobiles: [{id: phone, desktop: desktop-1, scope: {session: session-1}}]
timing: fast
nodes: {phone: {policies: {}}}
"""


@pytest.mark.parametrize("by", ["the plan", "--topology"])
def test_a_run_keeps_the_topology_that_lay_beside_its_plan(harness: Harness, by: str) -> None:
    """What is shrunk or replayed later needs it, wherever the file is then."""
    mine = harness.folder / "mine"
    mine.mkdir()
    (mine / "own.yaml").write_text(OWN)
    text = harness("explain", "regressions/unicode-double-append").out.partition(".yaml\n")[2]
    lines = [line.removeprefix("  ") for line in text.splitlines()]
    text = "\n".join(line for line in lines if not line.startswith("topology:")).replace("mobile-1", "phone")
    (mine / "p.yaml").write_text(f"{text}\ntopology: own.yaml\n")
    words = ("--topology", "mine/own.yaml") if by == "--topology" else ()
    run = json.loads(harness("run", "mine/p.yaml", "--profile", "documented", *words, "--json").out)["run"]
    for file in mine.iterdir():
        file.unlink()
    shrunk = harness("shrink", run)
    assert shrunk.code == 0, shrunk.err
    found = re.search(r"^run +\S+/harness (.*)$", shrunk.out, re.MULTILINE)
    assert found is not None
    assert "INVALID, as the plan expects" in harness(*found[1].split()).out
    assert "topology: topology.yaml" in shrunk.out
    elsewhere = harness("shrink", run, "--output", "small.yaml")
    assert "INVALID, as the plan expects" in harness("run", "small.yaml", "--profile", "documented").out, elsewhere.out
    again = json.loads(harness("replay", run, "--json").out)["run"]
    assert harness("shrink", again, "--runs", "3").code == 0, "a replay keeps it too"


def test_a_hunt_shrinks_on_a_topology_of_one_s_own(harness: Harness) -> None:
    (harness.folder / "own.yaml").write_text(OWN.replace("phone", "mobile-1"))
    words = ("hunt", "regressions/unicode-double-append", "--profile", "documented", "--seeds", "1", "--jobs", "1")
    found = json.loads(harness(*words, "--topology", "own", "--json").out)
    assert all(s["minimal_plan"] is not None for s in found["signatures"])
    assert harness("run", found["signatures"][0]["minimal_plan"], "--profile", "documented").code == 0
