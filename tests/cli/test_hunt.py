"""`harness hunt`: what many runs add up to, as a script and as a person sees it."""

from __future__ import annotations

import json
from pathlib import Path

from cli_rig import Harness


def test_the_json_of_a_hunt_is_the_same_for_one_worker_and_two(harness: Harness) -> None:
    words = ("hunt", "quickstart", "--profile", "documented", "--seeds", "3..9", "--keep", "none", "--json")
    one, two = (json.loads(harness.process(*words, "--jobs", jobs).out) for jobs in ("1", "2"))
    for found in (one, two):
        del found["seconds"]
    assert one == two
    assert (one["verdict"], one["runs"]) == ("INVALID", 6)
    assert one["exercised"] == {"delay": 6, "duplicate": 6, "partition": 6, "reconnect": 6}
    assert all(3 <= s["first_seed"] < 9 for s in one["signatures"])
    assert list(Path(harness.folder / "store").glob("*/*/run.json")) == []


def test_a_hunt_fails_on_news_only_when_asked_to(harness: Harness) -> None:
    words = ("hunt", "regressions/unicode-double-append", "--profile", "documented", "--seeds", "1", "--json")
    first = harness.process(*words)
    assert first.code == 1
    (harness.folder / "known.json").write_text(first.out)
    again = harness.process(*words, "--known", "known.json", "--fail-on", "new")
    assert again.code == 0
    assert all(s["known"] for s in json.loads(again.out)["signatures"])
    assert harness.process(*words, "--fail-on", "new").code == 1


def test_progress_of_many_runs_is_a_few_lines(harness: Harness) -> None:
    said = harness.process("hunt", "regressions/unicode-double-append", "--seeds", "120", "--jobs", "2")
    assert said.code == 0
    assert len(said.err.splitlines()) <= 12
    assert "120 runs in" in said.out
