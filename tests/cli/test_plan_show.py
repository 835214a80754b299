"""`harness plan show`: what will happen when, for people."""

from __future__ import annotations

import pytest
from cli_rig import Harness

from harness import plan as plans

PLAN = """\
version: 1
title: Little, and all of it known
duration: 8s
timing: fast
workload:
  jobs: 4
  rate: 10/s
  script:
    - {at: 1s, node: desktop-1, do: create, job: mine}
    - {at: 2s, node: desktop-1, do: chunk, job: mine, text: "two words", stream: {for: 5s, every: 10ms}}
faults:
  - {name: nap, action: pause, nodes: [desktop-1], at: 1500ms, for: 250ms}
  - {action: loss, links: [relay->mobile-1], match: {type: "job:*", job: mine}, at: 3s, for: 2s}
  - {action: delay, links: [mobile-1<->relay], latency: 60ms, at: {after: open, node: mobile-1, later: 20ms}, for: 1s}
matrix: {workload.jobs: [4, 5]}
"""


@pytest.fixture
def shown(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The table's rows, a list of words each."""
    monkeypatch.setenv("COLUMNS", "140")
    (harness.folder / "little.yaml").write_text(PLAN)
    said = harness("plan", "show", "little.yaml")
    assert (said.code, said.err) == (0, "")
    assert all(len(line) <= 140 for line in said.out.splitlines())
    return [line.split() for line in said.out.splitlines()]


def test_it_begins_with_the_length_the_nodes_and_how_much_there_is(shown: list[list[str]]) -> None:
    head = [" ".join(row) for row in shown]
    assert head[0] == "little, seed 0: Little, and all of it known"
    assert head[1].startswith("lasts 8s, then 1s of rest, then at most ")
    assert "timers 20 times as fast as in production" in head
    assert "mobile-1 mobile of alice, looks at desktop-1, session=session-1" in head
    assert "faults 3 occurrences" in head
    assert "matrix this is the plan as it stands; a campaign plays 2 variants of it" in head


def test_every_fault_stands_with_its_time_its_length_where_it_acts_and_on_what(shown: list[list[str]]) -> None:
    assert ["1.500", "s", "250ms", "desktop-1", "FAULT", "pause", "“nap”"] in shown
    lossy = "3.000 s 2s relay->mobile-1 FAULT loss mine messages job:*; chance=0.1"
    assert lossy.split() in shown
    assert shown[-1][:5] == ["event", "1s", "mobile-1<->relay", "FAULT", "delay"]
    assert " ".join(shown[-1]).endswith("after open at mobile-1 and 20ms; latency=60ms, jitter=0s")


def test_rows_stand_in_the_order_of_time_and_every_call_of_the_script_is_there(shown: list[list[str]]) -> None:
    times = [float(row[0]) for row in shown if row[1:2] == ["s"]]
    assert times == sorted(times)
    assert len(times) > 10
    assert ["1.000", "s", "desktop-1", "create", "mine"] in [row[:5] for row in shown]
    assert '2.000 s desktop-1 chunk mine chunk="two words"' in [" ".join(row) for row in shown]


def test_a_long_stretch_is_summed_up_and_nothing_of_it_is_lost(harness: Harness) -> None:
    (harness.folder / "little.yaml").write_text(PLAN)
    steps = len(plans.expand(plans.load("little.yaml")).steps)
    short = harness("plan", "show", "little.yaml", "--first", "2").out
    left_out = [int(line.split()[1]) for line in short.splitlines() if line.startswith("…")]
    whole = [line for line in harness("plan", "show", "little.yaml", "--all").out.splitlines() if line[:1].isdigit()]
    assert len(left_out) >= 2
    assert len([line for line in short.splitlines() if line[:1].isdigit()]) + sum(left_out) == steps + 2
    assert len(whole) == steps + 2


def test_a_seed_is_another_table(harness: Harness) -> None:
    outs = {harness("plan", "show", "quickstart", "--seed", str(seed)).out for seed in (0, 1)}
    assert len(outs) == 2


def test_a_plan_in_which_nothing_happens_says_so(harness: Harness) -> None:
    (harness.folder / "calm.yaml").write_text("version: 1\nduration: 1s\nworkload: {script: []}\n")
    said = harness("plan", "show", "calm.yaml")
    assert said.code == 0
    assert said.out.endswith("nobody does anything, and nothing goes wrong\n")


def test_a_plan_that_is_none_is_refused_as_everywhere(harness: Harness) -> None:
    said = harness("plan", "show", "quikstart")
    assert said.code == 254
    assert said.is_clean()
    assert "quickstart" in said.err
