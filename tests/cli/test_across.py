"""`harness run --runtime A,B`: one seed on several runtimes, compared."""

from __future__ import annotations

import json

import pytest
from cli_rig import Harness

from harness import registry
from harness.cli.asking import planned
from harness.cli.one import across
from harness.cli.telling import exits
from harness.runtimes import CannotPlay, Runtime


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> None:
    """`process` is played by the simulator: what is tested is the comparison."""
    sim = registry.find("runtime", "sim")
    monkeypatch.setattr(planned, "runtime", lambda name: sim)


def test_the_same_answer_is_said_to_be_the_same_and_every_run_is_kept(harness: Harness, second: None) -> None:
    said = harness("run", "quickstart", "--runtime", "sim,process", "--profile", "documented", "--json")
    told = json.loads(said.out)
    assert said.code == exits.INVALID and told["same"] is True
    assert [one["runtime"] for one in told["runs"]] == ["sim", "process"]
    assert len({one["run"] for one in told["runs"]}) == 2
    assert told["runs"][0]["seed"] == told["runs"][1]["seed"]


def test_runs_that_differ_are_told_and_never_end_with_0(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([("VALID", ()), ("UNKNOWN", (("evidence", "quiet"),))] * 9)
    known: dict[str, object] = {}
    monkeypatch.setattr(planned, "runtime", lambda name: registry.find("runtime", "sim"))
    monkeypatch.setattr(
        across.Played, "answer", property(lambda one: known.setdefault(one.runtime, next(answers))), raising=True
    )
    said = harness("run", "quickstart", "--runtime", "sim,process")
    assert said.code == exits.UNKNOWN and "they differ: sim VALID; process UNKNOWN evidence: quiet" in said.out


def test_a_runtime_that_cannot_play_is_a_line(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def runtime(name: str) -> Runtime:
        if name == "process":
            raise CannotPlay("it has no such fault")
        found: Runtime = registry.find("runtime", "sim")
        return found

    monkeypatch.setattr(planned, "runtime", runtime)
    said = harness("run", "quickstart", "--runtime", "sim,process")
    assert said.code == exits.CANNOT_PLAY and said.is_clean()
    assert "process: not played: it has no such fault" in said.out and "sim: VALID" in said.out


def test_an_unknown_name_of_a_list_is_refused_as_a_single_one_is(harness: Harness) -> None:
    several, one = (harness("run", "quickstart", "--runtime", words) for words in ("sim,dokcer", "dokcer"))
    assert (several.code, several.err) == (one.code, one.err) and one.code == exits.USAGE
