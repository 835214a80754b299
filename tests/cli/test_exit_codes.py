"""Every exit code has one meaning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_rig import Harness

from harness import doctor
from harness.runtimes import Check

QUIET = "version: 1\nduration: 2s\ntiming: fast\nworkload: {jobs: 3, rate: 5/s}\nchecks: [monotonic]\n"
IMAGE = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1]}}]
    mobiles: [{id: mobile-1, desktop: desktop-1, scope: {session: session-1}}]
timing: fast
nodes: {relay: {kind: image, image: somebody/relay}}
"""


def test_valid_where_the_plan_expects_another_verdict_is_3_and_not_1(harness: Harness) -> None:
    (harness.folder / "p.yaml").write_text(QUIET + "expect: {hardened: {verdict: INVALID}}\n")
    said = harness("run", "p.yaml")
    assert "verdict  VALID, but the plan expects another" in said.out
    assert said.code == 3


def test_invalid_stays_1_and_what_is_expected_stays_0(harness: Harness) -> None:
    words = ("run", "regressions/unicode-double-append", "--profile", "documented")
    assert harness(*words).code == 0
    (harness.folder / "p.yaml").write_text(
        harness("explain", "regressions/unicode-double-append")
        .out.partition(".yaml\n")[2]
        .replace("\n  ", "\n")
        .strip()
        + "\n"
    )
    text = (harness.folder / "p.yaml").read_text()
    (harness.folder / "p.yaml").write_text(text.replace("verdict: INVALID", "verdict: VALID"))
    said = harness("run", "p.yaml", "--profile", "documented")
    assert (said.code, "verdict  INVALID" in said.out) == (1, True)


def test_what_the_runtime_cannot_play_is_253_and_nothing_is_started(harness: Harness) -> None:
    (harness.folder / "image.yaml").write_text(IMAGE)
    (harness.folder / "p.yaml").write_text(QUIET)
    for words in (("run", "p.yaml"), ("hunt", "p.yaml", "--seeds", "1"), ("plan", "expand", "p.yaml")):
        said = harness(*words, "--topology", "image.yaml")
        assert (said.code, said.out) == (253, ""), words
        assert "relay is of kind image, which the runtime sim does not start" in said.err
        assert said.is_clean()
    assert not (harness.folder / "store").exists()


def test_a_fault_that_only_this_runtime_lacks_is_253_and_a_wrong_plan_stays_254(harness: Harness) -> None:
    fault = "faults:\n  - {action: clock, nodes: [%s], rate: 1.1, at: 200ms, for: 1s}\n"
    (harness.folder / "p.yaml").write_text(QUIET + fault % "mobile-1")
    (harness.folder / "wrong.yaml").write_text(QUIET + fault % "mobile-9")
    said = harness("plan", "expand", "p.yaml", "--runtime", "docker")
    assert (said.code, "p.yaml:7:14: error: this runtime cannot do clock" in said.err) == (253, True)
    assert harness("plan", "expand", "wrong.yaml", "--runtime", "docker").code == 254


def test_a_component_that_does_not_start_is_253_for_a_run_and_for_a_hunt(harness: Harness) -> None:
    text = IMAGE.replace("{kind: image, image: somebody/relay}", "{kind: module, module: no_such_relay, path: .}")
    (harness.folder / "mine.yaml").write_text(text)
    (harness.folder / "p.yaml").write_text(QUIET)
    assert harness("run", "p.yaml", "--topology", "mine.yaml").code == 253
    said = harness("hunt", "p.yaml", "--topology", "mine.yaml", "--seeds", "2", "--jobs", "1")
    assert (said.code, "no_such_relay" in said.err) == (253, True)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([Check("leftovers", False, "of runs a1b2c3", "sweep", is_leftover=True)], 4),
        ([Check("leftovers", True, "none", is_leftover=True)], 0),
        ([Check("toxiproxy-server", False, "not there")], 255),
        (
            [
                Check("leftovers", False, "of runs a1b2c3", "sweep", is_leftover=True),
                Check("toxiproxy-server", False, "not there"),
            ],
            255,
        ),
    ],
    ids=["left", "clean", "broken", "both"],
)
def test_leftovers_of_killed_runs_are_4_and_what_is_broken_255(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, found: list[Check], code: int
) -> None:
    monkeypatch.setattr(doctor, "checks", lambda: iter(found))
    said = harness("doctor")
    assert said.code == code
    assert ("LEFT    leftovers: of runs a1b2c3" in said.out) == found[0].detail.startswith("of runs")


def test_a_hunt_that_finds_only_what_is_known_says_so_in_its_last_line(harness: Harness) -> None:
    words = ("hunt", "regressions/unicode-double-append", "--profile", "documented", "--seeds", "1", "--jobs", "1")
    first = harness(*words, "--json", "--no-shrink")
    kinds = len(json.loads(first.out)["signatures"])
    Path(harness.folder / "known.json").write_text(first.out)
    said = harness(*words, "--known", "known.json", "--fail-on", "new")
    told = "the one kind of failure is known" if kinds == 1 else f"all {kinds} kinds of failure are known"
    assert said.code == 0
    assert said.out.splitlines()[-1] == (
        f"verdict  INVALID; nothing new: {told}, and --fail-on new lets them pass: exit 0"
    )
    news = harness(*words, "--fail-on", "new", "--no-shrink")
    assert (news.code, "nothing new" in news.out) == (1, False)


def test_an_undecided_hunt_that_passes_says_why(harness: Harness) -> None:
    met_nothing = "faults: [{action: loss, links: [relay->mobile-1], match: {type: 'no:*'}, at: 200ms, for: 1s}]\n"
    (harness.folder / "p.yaml").write_text(QUIET + met_nothing)
    said = harness("hunt", "p.yaml", "--seeds", "1", "--jobs", "1", "--fail-on", "invalid")
    assert said.code == 0
    assert said.out.splitlines()[-1] == "verdict  UNKNOWN; --fail-on invalid lets that pass: exit 0"
