"""The smallest plans, from the first run of the quickstart on the documented profile. The answers themselves are
claimed: fewer calls would not fail, more would not be the smallest."""

from __future__ import annotations

import msgspec
import pytest

from harness import plan, registry
from harness.runs.run import execute
from harness.shrink import NotShrinkable, Wanted, smallest
from harness.shrink.steps import with_steps
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")
TEXT = plan.find("quickstart").read_text(encoding="utf-8")
DOUBLED = Wanted("stream-integrity", "double-append")


def schedule(seed=0, profile="documented"):
    return plan.expand(plan.parse(TEXT, "quickstart"), seed, profile=profile, runtime_verbs=SIM.VERBS)


@pytest.fixture(scope="module")
def doubled():
    return smallest(schedule(), TEXT, DOUBLED, SIM)


def test_a_doubled_chunk_needs_a_job_a_chunk_an_open_screen_and_a_duplicate(doubled):
    assert doubled.complete
    words = plan.parse(doubled.plan).words
    assert sorted(call.do for call in words.workload.script) == ["chunk", "create", "open"]
    assert [fault.action for fault in words.faults] == ["duplicate"]
    assert (doubled.calls, doubled.faults) == (3, 1)
    assert (doubled.calls_before, doubled.faults_before) == (136, 4)


def test_it_happens_soon_and_at_round_times(doubled):
    words = plan.parse(doubled.plan).words
    assert all(call.at % 100_000_000 == 0 for call in words.workload.script)
    assert words.duration <= 1_000_000_000


def test_the_smallest_plan_fails_as_it_says_and_its_run_is_the_one_that_was_seen(doubled):
    found = plan.expand(plan.parse(doubled.plan), profile="documented", runtime_verbs=SIM.VERBS)
    result = execute(found, SIM)
    assert ("stream-integrity", "double-append") in result.signatures
    assert found.expect["documented"] == {"verdict": "INVALID", "check": "stream-integrity"}


def test_what_the_hardened_profile_makes_of_it_is_right(doubled):
    found = plan.expand(plan.parse(doubled.plan), profile="hardened", runtime_verbs=SIM.VERBS)
    assert execute(found, SIM).verdict is Verdict.VALID


def test_the_same_answer_comes_every_time(doubled):
    again = smallest(schedule(), TEXT, DOUBLED, SIM)
    assert (again.plan, again.runs) == (doubled.plan, doubled.runs)


def test_a_job_that_vanishes_needs_a_job_and_a_reconnection():
    found = smallest(schedule(), TEXT, Wanted("no-resurrection", "vanished"), SIM)
    words = plan.parse(found.plan).words
    assert [call.do for call in words.workload.script] == ["open", "create"]
    assert [fault.action for fault in words.faults] == ["reconnect"]


def test_a_failure_that_needs_no_call_at_all_needs_none():
    found = smallest(schedule(4), TEXT, Wanted("liveness", "unreachable"), SIM)
    again = plan.expand(plan.parse(found.plan), profile="documented", runtime_verbs=SIM.VERBS)
    assert again.steps == []
    assert ("liveness", "unreachable") in execute(again, SIM).signatures


def test_when_the_runs_are_spent_there_is_the_best_of_them():
    found = smallest(schedule(), TEXT, DOUBLED, SIM, most_runs=20)
    assert (found.complete, found.interrupted, found.runs) == (False, False, 20)
    assert found.calls < found.calls_before
    small = plan.expand(plan.parse(found.plan), profile="documented", runtime_verbs=SIM.VERBS)
    assert DOUBLED in {Wanted(*s) for s in execute(small, SIM).signatures}


def test_ctrl_c_leaves_the_best_of_them():
    def stop(runs: int) -> None:
        if runs == 20:
            raise KeyboardInterrupt

    found = smallest(schedule(), TEXT, DOUBLED, SIM, note=stop)
    assert (found.complete, found.interrupted) == (False, True)
    assert found.calls < found.calls_before


def test_what_does_not_fail_is_not_made_smaller():
    with pytest.raises(NotShrinkable, match="does not fail with stream-integrity/double-append"):
        smallest(schedule(profile="hardened"), TEXT, DOUBLED, SIM)


def test_a_run_on_another_topology_keeps_it():
    found = plan.expand(
        plan.parse(TEXT, "quickstart"), 0, profile="documented", topology="two-mobiles", runtime_verbs=SIM.VERBS
    )
    signature = Wanted(*execute(found, SIM).signatures[0])
    small = smallest(found, TEXT, signature, SIM)
    assert plan.parse(small.plan).words.topology == "two-mobiles"


def test_a_topology_that_no_plan_can_name_is_refused():
    found = schedule()
    system = msgspec.structs.replace(found.system, timing_scale=3.0)
    with pytest.raises(NotShrinkable, match="topology"):
        smallest(msgspec.structs.replace(found, system=system), TEXT, DOUBLED, SIM)


AGAIN = """
version: 1
workload:
  script:
    - {at: 300ms, node: desktop-1, do: create, job: x}
    - {at: 500ms, node: desktop-1, do: delete, job: x}
    - {at: 700ms, node: desktop-1, do: create, job: x}
    - {at: 900ms, node: desktop-1, do: chunk, job: x, text: "text"}
"""


@pytest.mark.parametrize(
    ("without", "left"),
    [(None, ["create", "delete", "create", "chunk"]), ("delete", ["create", "chunk"]), ("create", [])],
)
def test_what_no_script_can_say_goes_with_what_it_follows(without, left):
    found = plan.expand(plan.parse(AGAIN, "p"), 0, runtime_verbs=SIM.VERBS)
    assert [step.f for step in with_steps(found, [step for step in found.steps if step.f != without]).steps] == left
