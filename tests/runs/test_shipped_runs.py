"""What ships says what it will find; here it is run, on the simulator, and has to be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from harness import plan, registry
from harness.hunting.ablations import FOLDER
from harness.plan.meaning.whole import split_profile
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.schedule import Schedule
from harness.store.rundir import expectation, met
from harness.verdict import Verdict

SIM: Runtime = registry.find("runtime", "sim")
ACTIONS = {"partition", "delay", "duplicate", "reconnect"}


def runnable() -> Iterator[tuple[str, str]]:
    """Every profile of which a shipped plan expects something. Ablations have a test of their own."""
    for name in registry.names("plan"):
        if not name.startswith(f"{FOLDER}/"):
            for key in plan.load(name).words.expect:
                yield name, key


def expanded(name: str, key: str, seed: int) -> Schedule:
    profile, with_, without = split_profile(key)
    return plan.expand(plan.load(name), seed, profile=profile, with_=with_, without=without, runtime_verbs=SIM.VERBS)


def signatures(result: RunResult) -> set[tuple[str, str]]:
    return set(result.signatures)


def exercised(result: RunResult) -> set[str]:
    assert result.history is not None
    return {op.value["action"] for op in result.history.ops if op.f == "fault-heal" and op.value["exercised"]}


@pytest.mark.parametrize(("name", "key"), list(runnable()))
def test_a_plan_finds_what_it_expects(name: str, key: str) -> None:
    for seed in range(3):
        schedule = expanded(name, key, seed)
        result = execute(schedule, SIM)
        expected = expectation(schedule)
        assert expected is not None
        assert met(expected, result.verdict, result.results), (seed, expected, result.signatures, result.ailments)


def test_the_quickstart_is_silent_on_hardened_and_all_four_faults_meet_something() -> None:
    for seed in range(8):
        result = execute(expanded("quickstart", "hardened", seed), SIM)
        assert result.verdict is Verdict.VALID, (seed, result.signatures, result.ailments)
        assert exercised(result) == ACTIONS, seed


def test_the_quickstart_on_documented_doubles_a_text_and_shows_more_than_that() -> None:
    found = Counter[tuple[str, str]]()
    for seed in range(10):
        result = execute(expanded("quickstart", "documented", seed), SIM)
        assert result.verdict is Verdict.INVALID
        found.update(signatures(result))
        if seed == 0:
            assert ("stream-integrity", "double-append") in signatures(result)
    assert len(found) >= 3, found
    assert found["stream-integrity", "double-append"] >= 5, found


def test_counting_lengths_alike_is_what_stops_the_doubling() -> None:
    for seed in range(5):
        result = execute(expanded("quickstart", "documented+length.bytes", seed), SIM)
        assert "stream-integrity" not in {check for check, _ in signatures(result)}, seed
