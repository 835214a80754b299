"""Lives of jobs, calls that meet others, and fields from their whole domain."""

from __future__ import annotations

from collections import Counter

import pytest

from harness import plan, registry
from harness.runs.run import execute
from harness.schedule import Schedule, Step
from harness.shrink.explicit import explicit
from harness.shrink.writing import _call
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")
HEAD = "version: 1\ndraws: here\nduration: 8s\ntopology: two-mobiles\ntiming: fast\n"


def made(workload: str, seed: int = 1) -> Schedule:
    return plan.expand(plan.parse(f"{HEAD}workload: {{{workload}}}\n", "p"), seed, runtime_verbs=SIM.VERBS)


def of_job(schedule: Schedule, job: str) -> list[Step]:
    return [step for step in schedule.steps if step.value.get("jobId") == job and step.node == "desktop-1"]


def calls(schedule: Schedule, job: str) -> list[str]:
    return [step.f for step in of_job(schedule, job)]


def test_a_job_that_lives_again_has_text_before_each_retry_and_streams_after_it() -> None:
    schedule = made("jobs: 2, rate: 40/s, lives: {again: 100%}")
    for job in ("a1", "a2"):
        found = calls(schedule, job)
        first, second = (at for at, f in enumerate(found) if f == "retry")
        assert all("chunk" in part for part in (found[:first], found[first:second], found[second:]))
        failed = [step for step in of_job(schedule, job) if step.f == "finalize"]
        assert [step.value["status"] for step in failed[:2]] == ["failed", "failed"]


def test_a_patched_job_has_its_metadata_changed_between_two_progress_writes() -> None:
    found = calls(made("jobs: 1, rate: 20/s, lives: {patched: 100%}"), "a1")
    writes = [f for f in found if f in ("progress", "metadata")]
    assert writes[:5] == ["progress", "metadata", "progress", "metadata", "progress"]


def test_a_silent_job_is_created_and_left_alone() -> None:
    schedule = made("jobs: 3, rate: 20/s, lives: {silent: 100%}")
    assert [calls(schedule, job) for job in ("a1", "a2", "a3")] == [["create"]] * 3


def test_a_brief_job_is_deleted_within_the_flight_of_a_list() -> None:
    schedule = made("jobs: 3, rate: 20/s, lives: {brief: 100%}")
    for job in ("a1", "a2", "a3"):
        create, delete = of_job(schedule, job)
        assert (create.f, delete.f) == ("create", "delete")
        assert 0 < delete.at_ns - create.at_ns <= 40_000_000


def test_lives_are_spread_over_the_seeds() -> None:
    """One in eight jobs, of four in each seed: one in every two seeds, and not by chance."""
    for first in (0, 2, 4, 6):
        still = 0
        for seed in (first, first + 1):
            schedule = made("jobs: 4, rate: 40/s, lives: {silent: 12.5%}", seed)
            still += sum(calls(schedule, f"a{n}") == ["create"] for n in range(1, 5))
        assert still == 1


def test_calls_of_one_phone_are_crossed_by_a_second_user_of_it() -> None:
    schedule = made("jobs: 4, rate: 10/s, mobile_rate: 5/s, crossed: 100%")
    for node in ("mobile-1", "mobile-2"):
        own = [step for step in schedule.steps if step.process == f"{node}/user"]
        others = [step for step in schedule.steps if step.process == f"{node}/crossing"]
        assert 0.9 * len(own) <= len(others) <= len(own)
        near_ns = [min(abs(other.at_ns - step.at_ns) for step in own) for other in others]
        assert max(near_ns) <= 60_000_000
        assert {step.f for step in others} <= {"list", "get", "cancel"}


def test_readers_ask_around_what_changes_on_every_phone_of_the_desktop() -> None:
    schedule = made("jobs: 6, rate: 10/s, mobile_rate: 2/s, readers: 100%, mix: {desktop: {delete: 2, retry: 2}}")
    changes = [
        s for s in schedule.steps if s.f in ("create", "delete", "retry", "cancel") and "/reader" not in s.process
    ]
    readers = Counter(s.node for s in schedule.steps if s.process.endswith("/reader"))
    assert set(readers) == {"mobile-1", "mobile-2"}
    assert min(readers.values()) >= 1.8 * len(changes)


def test_without_these_words_nobody_crosses_anybody() -> None:
    processes = {step.process for step in made("jobs: 4, rate: 20/s").steps}
    assert processes == {"desktop-1/user", "mobile-1/user", "mobile-2/user"}


def test_all_fields_are_drawn_from_their_whole_domain() -> None:
    found: dict[str, list[object]] = {}
    tasks: set[str] = set()
    for seed in range(12):
        for step in made(
            "jobs: 20, rate: 60/s, fields: all, mix: {desktop: {error: 3, cost: 3, tokens: 3}}", seed
        ).steps:
            for key, value in step.value.items():
                found.setdefault(key, []).append(value)
            tasks |= {step.value["taskType"]} if step.f == "create" else set()
    assert len(tasks) == 16
    assert {type(value) for value in found["errorDetails"]} == {dict, str}
    assert {type(v) for patch in found["patch"] if isinstance(patch, dict) for v in patch.values()} >= {
        *(str, int, float, bool, list, dict, type(None)),
    }
    assert {"errorMessage", "subStatusMessage", "isFinalized", "cacheReadTokens"} <= set(found)
    assert "" in found["prompt"]
    assert 0 in found["tokensSent"]


@pytest.mark.parametrize("words", ["fields: all", "lives: {again: 50%, brief: 50%}, crossed: 50%, readers: 50%"])
def test_every_such_call_can_be_written_in_a_script(words: str) -> None:
    schedule = explicit(made(f"jobs: 6, rate: 40/s, {words}"))
    assert all(_call(step, schedule.system) for step in schedule.steps)


def test_the_hardened_system_lives_with_all_of_it() -> None:
    words = "jobs: 10, rate: 25/s, fields: all, crossed: 40%, readers: 40%, mix: {mobile: {reopen: 2}}"
    lives = "lives: {again: 30%, patched: 20%, silent: 10%, brief: 20%}"
    for seed in range(3):
        result = execute(made(f"{words}, {lives}", seed), SIM)
        assert result.verdict is Verdict.VALID, (seed, result.signatures, result.ailments)
