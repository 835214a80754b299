"""`harness hunt`: what many runs add up to, as a script and as a person sees it."""

from __future__ import annotations

import json
from pathlib import Path

from cli_rig import Harness


def test_the_json_of_a_hunt_is_the_same_for_one_worker_and_two(harness: Harness) -> None:
    words = ("hunt", "quickstart", "--profile", "documented", "--seeds", "3..6", "--keep", "none", "--json")
    one, two = (json.loads(harness.process(*words, "--jobs", jobs).out) for jobs in ("1", "2"))
    for found in (one, two):
        del found["seconds"]
    assert one == two
    assert (one["verdict"], one["runs"]) == ("INVALID", 3)
    assert one["exercised"] == {"delay": 3, "duplicate": 3, "partition": 3, "reconnect": 3}
    assert all(3 <= s["first_seed"] < 6 for s in one["signatures"])
    assert list(Path(harness.folder / "store").glob("*/*/run.json")) == []


def test_a_hunt_fails_on_news_only_when_asked_to(harness: Harness) -> None:
    words = ("hunt", "regressions/unicode-double-append", "--profile", "documented", "--seeds", "1")
    words += ("--json", "--no-shrink")
    first = harness.process(*words)
    assert first.code == 1
    (harness.folder / "known.json").write_text(first.out)
    again = harness.process(*words, "--known", "known.json", "--fail-on", "new")
    assert again.code == 0
    assert all(s["known"] for s in json.loads(again.out)["signatures"])
    assert harness.process(*words, "--fail-on", "new").code == 1


def test_progress_of_many_runs_is_a_few_lines(harness: Harness) -> None:
    said = harness.process("hunt", "regressions/unicode-double-append", "--seeds", "60", "--jobs", "2")
    assert said.code == 0
    assert len(said.err.splitlines()) <= 12
    assert "60 runs in" in said.out


def test_of_each_kind_of_failure_three_runs_are_kept_and_the_rest_is_counted(harness: Harness) -> None:
    words = ("hunt", "edge/duplicate-events", "--profile", "documented", "--no-shrink")
    said = harness.process(*words, "--seeds", "8", "--jobs", "1")
    assert said.code == 1
    assert len(list(Path(harness.folder / "store").glob("*/*/report.html"))) == 3
    assert "5 more runs that are not VALID left no files: 3 of a kind are kept" in said.out
    said = harness.process(*words, "--seeds", "4", "--keep", "all", "--json")
    assert json.loads(said.out)["not_kept"] == 0
    assert len(list(Path(harness.folder / "store").glob("*/*/report.html"))) == 3 + 4


def test_a_folder_and_a_pattern_are_all_the_plans_in_them_each_once(harness: Harness) -> None:
    mine = harness.folder / "mine"
    mine.mkdir()
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (mine / name).write_text("version: 1\nduration: 1s\ntiming: fast\nworkload: {jobs: 1, rate: 9/s}\n")
    words = ("--seeds", "1", "--jobs", "1", "--keep", "none", "--json")
    for named, runs in ((["mine"], 2), (["edge"], 6), (["edge/*", "edge", "edge/missing-jobs", "mine/a.yml"], 7)):
        assert json.loads(harness.process("hunt", *named, *words).out)["runs"] == runs, named


def test_all_that_is_wrong_in_a_folder_of_plans_is_said_at_once(harness: Harness) -> None:
    mine = harness.folder / "mine"
    mine.mkdir()
    said = harness("hunt", "mine", "--seeds", "1")
    assert (said.code, "there is no plan in this folder" in said.err) == (254, True)
    (mine / "a.yaml").write_text("version: 2\n")
    (mine / "b.yaml").write_text("version: 1\nduration: 5\n")
    said = harness("hunt", "mine", "--seeds", "1")
    assert said.code == 254
    assert "mine/a.yaml:1:10" in said.err
    assert "mine/b.yaml:2:11" in said.err


def test_each_kind_of_failure_comes_with_the_smallest_plan_that_shows_it(harness: Harness) -> None:
    words = ("hunt", "quickstart", "--profile", "documented", "--seeds", "1", "--jobs", "1")
    found = json.loads(harness(*words, "--json").out)
    sizes = {(s["check"], s["reason"]): (s["minimal_ops"], s["minimal_faults"]) for s in found["signatures"]}
    assert sizes["stream-integrity", "double-append"] <= (4, 1)
    assert sizes["no-resurrection", "vanished"] == (2, 1)
    doubled = next(s for s in found["signatures"] if s["reason"] == "double-append")
    again = harness("run", doubled["minimal_plan"], "--profile", "documented")
    assert (again.code, "as the plan expects" in again.out) == (0, True)
    words = ("hunt", "regressions/unicode-double-append", *words[2:])
    assert "minimal-stream-integrity-double-append.yaml: 3 calls, 1 fault" in harness(*words).out


def test_what_is_known_is_not_shrunk_again_and_nothing_is_when_asked_not_to(harness: Harness) -> None:
    words = ("hunt", "quickstart", "--profile", "documented", "--seeds", "1", "--jobs", "1", "--json")
    first = harness(*words, "--no-shrink")
    assert all(s["minimal_plan"] is None for s in json.loads(first.out)["signatures"])
    (harness.folder / "known.json").write_text(first.out)
    again = json.loads(harness(*words, "--known", "known.json").out)
    assert all(s["minimal_plan"] is None for s in again["signatures"])


def test_a_hunt_tells_what_was_never_drawn_from_what_was_drawn_and_met_nothing(harness: Harness) -> None:
    nothing = "at: 200ms, for: 1s, links: [relay->mobile-1], chance: 100%, match: {type: 'no-such:*'}"
    faults = [
        f"{{action: loss, {nothing}, occurs: 0%}}",
        f"{{action: duplicate, {nothing}}}",
    ]
    head = "version: 1\nduration: 2s\ntiming: fast\nworkload: {jobs: 1, rate: 9/s}\nfaults:\n"
    (harness.folder / "p.yaml").write_text(head + "".join(f"  - {fault}\n" for fault in faults))
    said = harness("hunt", "p.yaml", "--seeds", "2", "--jobs", "1", "--keep", "none")
    assert said.code == 2
    assert "loss is declared and was drawn in none of 2 runs, so it was not tried at all: try more --seeds" in said.err
    assert "duplicate is declared and never met anything in 2 runs: that is no proof of anything" in said.err
