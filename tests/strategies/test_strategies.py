"""Plans that Hypothesis draws: all can be played, and what is found with them is small."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from harness import plan as parsing
from harness import registry, strategies
from harness.cli import main
from harness.plan import Plan
from harness.runtimes import capabilities
from harness.strategies import SETTINGS, TOPOLOGIES, plans, troubles
from harness.strategies.calls import as_script
from harness.strategies.cast import cast_of
from harness.testing.playing import Run, play
from harness.workload.calls import CALLS

DRAWING = settings(SETTINGS, phases=[Phase.generate], database=None, derandomize=True)  # the same in every session
SEARCHING = settings(SETTINGS, max_examples=200, phases=[Phase.generate, Phase.shrink], database=None)


def drawn(strategy: st.SearchStrategy[Any], examples: int = 200) -> list[Any]:
    """Examples of a strategy."""
    found: list[Any] = []

    @settings(DRAWING, max_examples=examples)
    @given(strategy)
    def draw(one: Any) -> None:
        found.append(one)

    draw()
    return found


def size(text: str) -> int:
    """How many calls and faults a plan has."""
    words = parsing.parse(text).words
    return len(words.workload.script) + len(words.faults)


@pytest.fixture(scope="module")
def found() -> list[Plan]:
    """Plans of everything that can be drawn, read."""
    return [parsing.parse(text) for text in drawn(plans(most_jobs=4), 120)]


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A topology whose nodes have names of their own."""
    file = tmp_path / "own.yaml"
    file.write_text("users:\n  - {id: bob, desktops: [{id: pc}], mobiles: [{id: phone}]}\n")
    return str(file)


def test_every_plan_that_is_drawn_can_be_played(found: list[Plan]) -> None:
    """`parse` and `expand` raise all that is wrong with one."""
    verbs = registry.find("runtime", "sim").VERBS
    schedules = [parsing.expand(plan, runtime_verbs=verbs) for plan in found]
    assert len(schedules) > 100
    assert all(one.duration_ns <= 2_500_000_000 for one in schedules)


def test_all_there_is_to_draw_is_drawn(found: list[Plan]) -> None:
    assert {call["do"] for script in drawn(strategies.scripts("two-desktops")) for call in script} == set(CALLS)
    actions = {fault["action"] for faults in drawn(strategies.faults("two-desktops")) for fault in faults}
    assert actions == set(registry.names("fault"))
    assert {plan.words.topology for plan in found} == set(TOPOLOGIES)
    assert {len(plan.words.faults) for plan in found} == {0, 1, 2, 3, 4}
    assert {plan.words.workload.seeded for plan in found} == {True, False}
    assert len({plan.source.text for plan in found}) > 100


def test_a_counter_example_is_a_small_plan_that_fails_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    least = find(
        plans("two-mobiles", most_calls=6, most_faults=2),
        lambda text: play(text, profile="documented").verdict == "INVALID",
        settings=SEARCHING,
        random=Random(0),
    )
    assert size(least) <= 6, least
    again = play(least, profile="documented")
    assert again.verdict == "INVALID"
    file = tmp_path / "least.yaml"
    file.write_text(least, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["run", str(file), "--profile", "documented", "--store", str(tmp_path / "store")])
    said = capsys.readouterr().out
    assert ended.value.code == 1, said
    assert all(f"{result.check}: {result.reason}" in said for result in failures(again))


def failures(run: Run) -> list[Any]:
    return [result for result in run.results if result.verdict == "INVALID"]


def test_the_hardened_rules_survive_what_is_drawn() -> None:
    verdicts: Counter[str] = Counter()

    @settings(DRAWING, max_examples=30)
    @given(plans(most_faults=2))
    def survives(text: str) -> None:
        run = play(text, profile="hardened")
        assert run.verdict != "INVALID", run.story
        verdicts[run.verdict] += 1

    survives()
    assert verdicts["VALID"] >= 15


def test_what_is_left_out_moves_nothing_else() -> None:
    """Or a plan could not be made smaller element by element."""
    calls = [
        {"at": 8, "node": "desktop-1", "do": "create", "job": 0, "session": 1},
        {"at": 12, "node": "desktop-1", "do": "chunk", "job": 3, "text": "a", "legacy": False},
        {"at": 4, "node": "mobile-1", "do": "list", "job": 0, "bypass_cache": True},
        {"at": 1, "node": "mobile-1", "do": "cancel", "job": 0},
    ]
    cast = cast_of("one-user")
    whole = as_script(calls, cast)
    assert whole == [
        {"at": "100ms", "node": "mobile-1", "do": "open"},
        {"at": "150ms", "node": "desktop-1", "do": "create", "job": "job-1"},
        {"at": "250ms", "node": "mobile-1", "do": "cancel", "job": "job-1"},
        {"at": "400ms", "node": "mobile-1", "do": "list", "bypass_cache": True},
        {"at": "600ms", "node": "desktop-1", "do": "create", "job": "job-2", "session": "session-2"},
        {"at": "800ms", "node": "desktop-1", "do": "chunk", "job": "job-2", "text": "a"},
    ]
    for place in range(4):
        left = as_script(calls[:place] + calls[place + 1 :], cast)
        assert {call["at"] for call in left} < {call["at"] for call in whole}


def test_a_desktop_without_a_job_creates_one_and_a_phone_asks_for_none() -> None:
    chunk = {"at": 8, "node": "desktop-2", "do": "chunk", "job": 0, "text": "a", "legacy": False}
    get = {"at": 1, "node": "mobile-2", "do": "get", "job": 0}
    told = as_script([chunk, get], cast_of("two-desktops"))[2:]
    assert told == [{"at": "600ms", "node": "desktop-2", "do": "create", "job": "job-2"}]


def test_faults_that_a_runtime_cannot_inject_are_not_drawn() -> None:
    place = registry.names("runtime").index("process")
    able = {action for action, cells in capabilities.table() if cells[place][0] != "no"}
    assert set(troubles.actions_on("one-user", "process")) == able
    assert "noise" not in able
    assert "noise" in troubles.actions_on("one-user", "sim")


def test_faults_that_can_befall_nobody_are_not_drawn(tmp_path: Path) -> None:
    file = tmp_path / "foreign.yaml"
    desktop = "{kind: module, module: somebodys.desktop}"
    file.write_text(
        f"users:\n  - {{id: bob, desktops: [{{id: pc}}], mobiles: [{{id: phone}}]}}\nnodes: {{pc: {desktop}}}\n"
    )
    assert set(registry.names("fault")) - set(troubles.actions_on(str(file), "sim")) == {"slow_disk"}


def test_plans_for_a_topology_of_somebody_else_name_its_nodes(own: str) -> None:
    for text in drawn(plans(own), 30):
        plan = parsing.parse(text)
        assert {call.node for call in plan.words.workload.script} == {"pc", "phone"}


def test_a_topology_in_which_nobody_sees_anything_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "blind.yaml"
    file.write_text("users:\n  - {id: bob, desktops: [{id: pc}]}\n")
    with pytest.raises(ValueError, match=r"blind.yaml: nobody would see anything"):
        plans(str(file))


def test_a_fault_that_nobody_knows_is_drawn_as_its_example_says(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: words for name, words in troubles._STRENGTHS.items() if name != "hold"}
    monkeypatch.setattr(troubles, "_STRENGTHS", known)
    held = drawn(troubles.one_fault("hold", cast_of("one-user")), 30)
    example = {"action": "hold", "links": ["relay->mobile-1"], "release": "reversed", "match": {"type": "job:*"}}
    assert all({key: one[key] for key in one if key not in ("at", "for", "every")} == example for one in held)
    assert len({one["at"] for one in held}) > 3
    troubles._can_be.cache_clear()
    assert "hold" in troubles.actions_on("one-user", "sim")
    assert "hold" not in troubles.actions_on(own, "sim")  # which has no mobile-1
    troubles._can_be.cache_clear()


def test_without_hypothesis_it_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    for name in [name for name in sys.modules if name.startswith("harness.strategies")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'jobsync-harness\[testing\]'"):
        importlib.import_module("harness.strategies")
