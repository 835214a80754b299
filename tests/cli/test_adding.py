"""What the command line adds to a plan: faults, and another topology."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_rig import Harness

from harness import plan as plans

PLAN = """\
version: 1
title: Two calls
duration: 3s
timing: fast
workload: {jobs: 3, rate: 5/s}
faults:
  - {action: delay, links: [mobile-1<->relay], latency: 20ms, at: 500ms, for: 1s}
"""
LOSS = "loss links=relay->mobile-1 chance=20% at=1s for=1s"
ONE_DESKTOP_MORE = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1]}}, {id: desktop-2, projects: {app: [session-9]}}]
    mobiles: [{id: phone, desktop: desktop-1, scope: {session: session-1}}]
timing: fast
"""


@pytest.fixture
def folder(harness: Harness) -> Path:
    (harness.folder / "p.yaml").write_text(PLAN)
    return harness.folder


def test_a_fault_on_the_command_line_is_added_to_a_plan(harness: Harness, folder: Path) -> None:
    said = harness("run", "p.yaml", "--fault", LOSS, "--fault", "pause nodes=mobile-1 at=2s for=300ms", "--json")
    run = Path(json.loads(said.out)["run"])
    played = plans.load(folder / run / "plan.yaml")
    assert [words.action for words in played.words.faults] == ["delay", "loss", "pause"]
    assert (played.words.title, played.words.workload.jobs) == ("Two calls", 3)
    schedule = (folder / run / "schedule.jsonl").read_text()
    assert all(f'"action":"{action}"' in schedule for action in ("delay", "loss", "pause"))
    assert harness("replay", str(run)).code == said.code


@pytest.mark.usefixtures("folder")
def test_what_is_wrong_with_an_added_fault_is_shown_in_its_own_words(harness: Harness) -> None:
    said = harness("run", "p.yaml", "--fault", "loss links=relay->mobile-9 chance=20% at=1s for=9s")
    assert said.code == 254
    assert "--fault:1:12: error: no link matches" in said.err
    assert "but the plan is over after 3s" in said.err
    said = harness("run", "p.yaml", "--fault", "delay links=mobile-1<->relay latency=9ms at=1s for=1s")
    assert (said.code, "two faults are called" in said.err) == (254, True)


def test_a_fault_is_added_to_a_plan_without_faults_and_to_one_on_standard_input(harness: Harness) -> None:
    text = PLAN.partition("faults:")[0]
    said = harness.process("run", "-", "--fault", LOSS, "--json", stdin=text.encode())
    run = Path(json.loads(said.out)["run"])
    assert [w.action for w in plans.load(harness.folder / run / "plan.yaml").words.faults] == ["loss"]


# ---- another topology ---------------------------------------------------------------------------------------------


def test_plan_validate_says_whether_a_plan_can_be_played_on_a_topology(harness: Harness, folder: Path) -> None:
    (folder / "own.yaml").write_text(ONE_DESKTOP_MORE)
    said = harness("plan", "validate", "p.yaml", "--topology", "one-user")
    assert (said.code, "also on the topology one-user" in said.out) == (0, True)
    for name in ("own.yaml", "own"):
        said = harness("plan", "validate", "p.yaml", "quickstart", "--topology", name)
        assert said.code == 254
        assert "p.yaml:7:29: error: no link matches 'mobile-1<->relay' in this topology" in said.err
        assert "configs/quickstart.yaml" in said.err
    assert harness("plan", "validate", "p.yaml").code == 0
    said = harness("plan", "validate", "edge", ".")
    assert (said.code, "p.yaml: a valid plan" in said.out, said.out.count("edge/") > 2) == (254, True, True)
    assert "own.yaml:1:1: error: " in said.err, "a topology is no plan"
    said = harness("plan", "validate", "p.yaml", "--topology", "one-usr")
    assert (said.code, "did you mean one-user?" in said.err) == (254, True)


def test_a_folder_is_played_as_far_as_the_topology_can_and_the_rest_is_named_with_its_reason(
    harness: Harness, folder: Path
) -> None:
    (folder / "own.yaml").write_text(ONE_DESKTOP_MORE)
    mine = folder / "mine"
    mine.mkdir()
    (mine / "cannot.yaml").write_text(PLAN)
    (mine / "can.yaml").write_text(PLAN.replace("mobile-1", "desktop-1"))
    words = ("--topology", "own", "--seeds", "2", "--jobs", "1", "--keep", "none")
    said = harness("hunt", "mine", *words)
    assert said.code in (0, 2)
    assert "2 runs in" in said.out
    assert "left out  cannot: no link matches 'mobile-1<->relay' in this topology (line 7)" in said.out
    found = json.loads(harness("hunt", "mine", *words, "--json").out)
    assert [one["plan"] for one in found["left_out"]] == ["cannot"]
    assert found["runs"] == 2


def test_a_plan_that_is_named_itself_is_never_left_out_and_neither_are_all(harness: Harness, folder: Path) -> None:
    (folder / "own.yaml").write_text(ONE_DESKTOP_MORE)
    mine = folder / "mine"
    mine.mkdir()
    (mine / "cannot.yaml").write_text(PLAN)
    words = ("--topology", "own.yaml", "--seeds", "1", "--jobs", "1")
    said = harness("hunt", "mine/cannot.yaml", *words)
    assert (said.code, "mine/cannot.yaml:7:29: error" in said.err) == (254, True)
    said = harness("hunt", "mine", *words)
    assert (said.code, "cannot: no link matches" in said.err) == (253, True)
    assert not (folder / "store").exists()


def test_nightly_plans_are_played_on_a_topology_of_one_s_own(harness: Harness, folder: Path) -> None:
    (folder / "own.yaml").write_text(ONE_DESKTOP_MORE)
    found = json.loads(harness("hunt", "nightly", "--topology", "own", "--seeds", "1", "--budget", "1ns", "--json").out)
    assert found["planned"] + len({one["plan"] for one in found["left_out"]}) >= 2
    assert found["left_out"], "their faults are aimed at nodes that this topology has not"
    assert all(one["reason"] for one in found["left_out"])
