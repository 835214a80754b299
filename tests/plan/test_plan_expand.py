"""A schedule is a function of plan and seed alone, and every draw has a stream of its own."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import plan
from harness.plan.times.repeat import exponential
from harness.schedule import FaultAt, Schedule, decode_schedule, encode_schedule
from harness.seeds import stream
from harness.store.rundir import expectation
from targets.policy import UnknownPolicy

S = 10**9
DELAY = "{action: delay, links: [mobile-1<->relay], latency: 20ms, every: {mean: 4s}, for: 1s}"
CUTS = "{action: reconnect, clients: [mobile-1], every: {mean: 3s, dist: uniform}, occurs: 60%, downtime: 200ms}"
COPIES = "{action: duplicate, links: [relay->mobile-1], chance: 20%, at: 2s, for: 20s}"
SPLIT = "{action: partition, links: [desktop-1<->relay], at: 5s, for: 2s}"


def made_of(*faults: str, rest: str = "") -> plan.Plan:
    body = "".join(f"  - {fault}\n" for fault in faults)
    return plan.parse(f"version: 1\nduration: 30s\n{rest}faults:\n{body}" if faults else f"version: 1\n{rest}", "p")


def digest(schedule: Schedule) -> str:
    return hashlib.blake2b(encode_schedule(schedule), digest_size=8).hexdigest()


def of_action(schedule: Schedule, action: str) -> list[FaultAt]:
    return [at for at in schedule.faults if at.action == action]


def test_equal_seeds_give_equal_schedules_and_others_give_others() -> None:
    found = made_of(DELAY, CUTS, COPIES)
    digests = [digest(plan.expand(found, seed)) for seed in (1, 1, 2, 3)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_two_plans_never_play_the_same_round() -> None:
    """One seed, two plans that differ in one number far from calls and faults."""
    one, other = (made_of(DELAY, rest=f"settle: {{quiesce: {quiesce}}}\n") for quiesce in ("1s", "2s"))
    first, second = plan.expand(one, 4), plan.expand(other, 4)
    assert first.root != second.root
    assert first.steps != second.steps
    assert [at.at_ns for at in first.faults] != [at.at_ns for at in second.faults]


def test_a_plan_and_a_seed_give_the_run_whatever_its_file_is_called_and_its_notes_say(tmp_path: Path) -> None:
    found = made_of(DELAY, CUTS)
    notes = "title: other\nseed: 9\nexpect: {hardened: {verdict: VALID}}\nchecks: [convergence]\n"
    again = plan.parse(f"# a remark\n{notes}{found.source.text}".replace("30s", "30000ms"), "renamed")
    first, second = plan.expand(found, 4), plan.expand(again, 4)
    assert (first.root, first.steps, first.faults) == (second.root, second.steps, second.faults)
    copied = tmp_path / "copied.yaml"
    copied.write_text(plan.load("quickstart").source.text)
    assert plan.expand(plan.load(copied), 4).steps == plan.expand(plan.load("quickstart"), 4).steps


def test_a_plan_that_is_written_out_plays_the_same_round() -> None:
    for name in ("quickstart", "nightly/everything"):
        found = plan.load(name)
        assert plan.expand(plan.parse(plan.dump(found)), 4).root == plan.expand(found, 4).root


def test_a_profile_or_a_swap_moves_no_draw() -> None:
    found = made_of(DELAY, CUTS)
    roots = {plan.expand(found, 4, without=without).root for without in ((), ("length.bytes",))}
    assert roots == {plan.expand(found, 4, profile="documented").root}


_ELSEWHERE = """
import hashlib
from harness import plan
from harness.schedule import encode_schedule
for seed in (0, 7):
    data = encode_schedule(plan.expand(plan.load("quickstart"), seed))
    print(hashlib.blake2b(data, digest_size=8).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_another_process_with_another_hash_seed_expands_the_same(hash_seed: str) -> None:
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", _ELSEWHERE], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [digest(plan.expand(plan.load("quickstart"), seed)) for seed in (0, 7)]


def test_expanding_leaves_the_plan_as_it_was() -> None:
    found = made_of(DELAY, CUTS)
    before = plan.dump(found)
    first = plan.expand(found, 1)
    first.system.nodes[1].projects["app"].append("changed")
    first.steps[0].value["changed"] = True
    assert plan.dump(found) == before
    assert digest(plan.expand(found, 1)) == digest(plan.expand(made_of(DELAY, CUTS), 1))


@pytest.mark.parametrize("seed", range(6))
def test_taking_a_fault_away_moves_nothing_else(seed: int) -> None:
    rest = "draws: p\nworkload: {ends_in_fault: 0}\n"
    whole = plan.expand(made_of(DELAY, CUTS, COPIES, SPLIT, rest=rest), seed)
    for gone, action in ((0, "delay"), (1, "reconnect"), (2, "duplicate"), (3, "partition")):
        kept = [fault for at, fault in enumerate((DELAY, CUTS, COPIES, SPLIT)) if at != gone]
        less = plan.expand(made_of(*kept, rest=rest), seed)
        assert less.steps == whole.steps
        assert less.faults == [at for at in whole.faults if at.action != action]


def test_the_order_of_faults_in_a_plan_changes_nothing() -> None:
    one, two = (plan.expand(made_of(*faults), 3) for faults in ((DELAY, CUTS), (CUTS, DELAY)))
    assert encode_schedule(one) == encode_schedule(two)


def test_faults_of_one_action_keep_their_names_when_one_of_them_goes() -> None:
    other = DELAY.replace("mobile-1", "desktop-1")
    rest = "workload: {ends_in_fault: 0}\n"
    both = {at.fault for at in plan.expand(made_of(DELAY, other, rest=rest), 1).faults}
    assert both == {"delay mobile-1<->relay", "delay desktop-1<->relay"}
    assert {at.fault for at in plan.expand(made_of(other, rest=rest), 1).faults} == {"delay desktop-1<->relay"}


def test_the_name_of_a_fault_decides_its_draws() -> None:
    times = [
        [
            at.at_ns
            for at in plan.expand(made_of(DELAY.replace("{", f"{{name: {name}, ", 1), rest="draws: p\n"), 1).faults
        ]
        for name in ("a", "a", "b")
    ]
    assert times[0] == times[1] != times[2]


def test_a_schedule_survives_its_file() -> None:
    schedule = plan.expand(plan.load("quickstart"), 5)
    assert decode_schedule(encode_schedule(schedule)) == schedule


# ---- times ----------------------------------------------------------------------------------------------------------


def test_a_fault_without_times_lasts_as_long_as_the_plan() -> None:
    (at,) = plan.expand(made_of("{action: delay, links: [mobile-1->relay], latency: 1ms}"), 1).faults
    assert (at.at_ns, at.for_ns, at.fixed) == (0, 30 * S, True)


def test_a_constant_repetition_begins_after_its_first_pause_or_at_its_time() -> None:
    text = "{action: delay, links: [mobile-1->relay], latency: 1ms, every: 10s, for: 2s}"
    rest = "workload: {ends_in_fault: 0}\n"
    found = [at.at_ns // S for at in plan.expand(made_of(text, rest=rest), 1).faults]
    assert found == [10, 20]
    later = text.replace("every", "at: 3s, every")
    found = [at.at_ns // S for at in plan.expand(made_of(later, rest=rest), 1).faults]
    assert found == [3, 13, 23]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["exponential", "uniform", "constant"]), st.integers(1, 30))
def test_occurrences_never_overlap_and_all_heal_in_time(seed: int, dist: str, mean_ds: int) -> None:
    fault = f"{{action: reconnect, clients: [mobile-1], every: {{mean: {mean_ds}00ms, dist: {dist}}}, downtime: 50ms}}"
    found = plan.expand(made_of(fault, rest="workload: {jobs: 0}\n"), seed).faults
    assert all(later.at_ns >= at.at_ns + at.for_ns for at, later in itertools.pairwise(found))
    assert all(at.at_ns + at.for_ns <= 30 * S and not at.fixed for at in found)


def test_occurs_skips_its_share_and_leaves_the_others_where_they_are() -> None:
    fault = "{{name: x, action: reconnect, clients: [mobile-1], every: 100ms, occurs: {}, downtime: 10ms}}"
    every = plan.expand(made_of(fault.format("100%")), 1).faults
    half = plan.expand(made_of(fault.format("50%")), 1).faults
    assert len(every) == 299
    assert 110 < len(half) < 190
    assert all(every[at.index].at_ns == at.at_ns for at in half)


@pytest.mark.parametrize(
    "fault",
    [
        "{action: duplicate, links: [relay->mobile-1], chance: 0}",
        "{action: reconnect, clients: [mobile-1], occurs: 0%, at: 3s}",
    ],
)
def test_a_fault_that_can_do_nothing_is_not_counted(fault: str) -> None:
    assert plan.expand(made_of(fault), 1).faults == []


def test_exponential_draws_have_the_moments_of_an_exponential() -> None:
    random = stream(1, "moments")
    draws = [exponential(random) for _ in range(20_000)]
    assert sum(draws) / len(draws) == pytest.approx(1, abs=0.03)
    assert sum(d > 1 for d in draws) / len(draws) == pytest.approx(0.368, abs=0.02)
    assert sum(d > 3 for d in draws) / len(draws) == pytest.approx(0.0498, abs=0.01)


def test_exponential_draws_are_the_same_everywhere() -> None:
    """Recorded once. They are sums of a whole number and a uniform draw: no platform's logarithm has a part in them."""
    random = stream(3, "x")
    recorded = [0.6613561643484945, 1.7276863946645853, 0.4250262423323322, 1.7565871966883921]
    assert [exponential(random) for _ in recorded] == recorded


# ---- what a plan is expanded for ----------------------------------------------------------------------------------


def test_the_seed_of_the_plan_is_used_unless_another_is_given() -> None:
    found = made_of(DELAY, rest="seed: 12\n")
    assert plan.expand(found).seed == 12
    assert plan.expand(found, 5).seed == 5
    assert plan.expand(made_of(DELAY)).seed == 0


def test_the_profile_given_beats_that_of_single_nodes() -> None:
    system = plan.expand(made_of(DELAY), 1, profile="documented", with_=["length.bytes"]).system
    assert (system.profile, system.with_, system.without) == ("documented", ["length.bytes"], [])
    assert plan.expand(made_of(DELAY), 1).system.profile == "hardened"


def test_a_plan_chooses_policies_for_every_component() -> None:
    chosen = {"transport.absent-devices": "sixteen"}
    text = "version: 1\npolicies: {transport.absent-devices: sixteen}\n"
    for topology, relay in (("one-user", chosen), ("foreign-relay", {})):
        nodes = plan.expand(plan.parse(text, "p"), 1, topology=topology).system.nodes
        assert {node.name: node.policies for node in nodes if node.role != "relay"} == {
            "desktop-1": chosen,
            "mobile-1": chosen,
        }
        assert next(node for node in nodes if node.role == "relay").policies == relay


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(UnknownPolicy):
        plan.expand(made_of(DELAY), 1, without=["lenght.bytes"])


def test_a_shorter_duration_is_checked_against_the_faults() -> None:
    with pytest.raises(plan.PlanErrors, match="lasts until 7s, but the plan is over after 6s"):
        plan.expand(made_of(SPLIT), 1, duration_ns=6 * S)
    assert plan.expand(made_of(SPLIT), 1, duration_ns=8 * S).duration_ns == 8 * S


def test_another_topology_is_checked_against_the_faults() -> None:
    schedule = plan.expand(made_of(SPLIT), 1, topology="two-mobiles")
    assert len(schedule.system.nodes) == 4
    second = plan.parse(f"version: 1\ntopology: two-mobiles\nfaults: [{DELAY.replace('mobile-1', 'mobile-2')}]")
    assert plan.expand(second, 1).faults
    with pytest.raises(plan.PlanErrors, match="no link matches"):
        plan.expand(second, 1, topology="one-user")


def test_a_runtime_that_lacks_a_verb_is_told_which_before_anything_starts() -> None:
    with pytest.raises(plan.PlanErrors, match="this runtime cannot do delay: it has no 'delay'"):
        plan.expand(made_of(DELAY, SPLIT), 1, runtime_verbs={"hold", "refuse"})
    assert plan.expand(made_of(DELAY), 1, runtime_verbs={"delay"}).faults


def test_converge_is_what_the_timing_needs_unless_the_plan_says_more() -> None:
    assert plan.expand(made_of(DELAY), 1).converge_ns == 6 * S
    assert plan.expand(made_of(DELAY, rest="timing: real\n"), 1).converge_ns == 115 * S
    assert plan.expand(made_of(DELAY, rest="settle: {converge: 9s, quiesce: 2s}\n"), 1).converge_ns == 9 * S


def test_expectations_and_checks_reach_the_schedule() -> None:
    rest = "checks: [convergence, {check: monotonic}]\nexpect: {documented: {verdict: INVALID, check: monotonic}}\n"
    schedule = plan.expand(made_of(DELAY, rest=rest), 1)
    assert [c.check for c in schedule.checks] == ["convergence", "monotonic"]
    assert schedule.expect == {"documented": {"verdict": "INVALID", "check": "monotonic"}}


def test_an_expectation_may_name_several_swaps_whose_names_have_dashes() -> None:
    key = "hardened-lost-events.heads-finalized.next-or-fetch+length.bytes"
    swaps = ("hardened", ("length.bytes",), ("lost-events.heads", "finalized.next-or-fetch"))
    assert plan.split_profile(key) == swaps
    schedule = plan.expand(made_of(DELAY, rest=f"expect: {{{key}: {{verdict: VALID}}}}\n"), 1)
    for without in (swaps[2], swaps[2][::-1]):
        system = msgspec.structs.replace(schedule.system, with_=["length.bytes"], without=list(without))
        assert expectation(msgspec.structs.replace(schedule, system=system)) == {"verdict": "VALID"}
    other = msgspec.structs.replace(schedule.system, without=["lost-events.heads"])
    assert expectation(msgspec.structs.replace(schedule, system=other)) is None


def test_an_empty_script_is_a_run_in_which_nobody_does_anything():
    quiet = plan.parse("version: 1\nduration: 1s\nworkload: {script: []}\n")
    assert plan.expand(quiet).steps == []
    assert plan.expand(plan.parse("version: 1\nduration: 1s\n")).steps != []
