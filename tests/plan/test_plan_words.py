"""The words that place a fault after another, choose among its targets, and multiply a plan."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import plan
from harness.schedule import FaultAt, Schedule

S = 10**9
REST = "workload: {jobs: 3, ends_in_fault: 0}\n"
TRIO = "version: 1\ndraws: trio\ntopology: two-mobiles\nduration: 30s\n" + REST


def expanded(*faults: str, seed: int = 1, head: str = TRIO) -> Schedule:
    body = "".join(f"  - {{{fault}}}\n" for fault in faults)
    return plan.expand(plan.parse(f"{head}faults:\n{body}" if faults else head, "p"), seed)


def of(schedule: Schedule, name: str) -> list[FaultAt]:
    return [at for at in schedule.faults if at.fault == name]


def spans(schedule: Schedule, name: str) -> list[tuple[float, float]]:
    return [(at.at_ns / S, (at.at_ns + at.for_ns) / S) for at in of(schedule, name)]


SPLIT = "name: split, action: partition, links: [desktop-1<->relay], at: 5s, for: 2s"
CLIENTS = ("mobile-1", "desktop-1")
FLAP = "name: flap, action: reconnect, clients: [mobile-1], every: {mean: 4s, dist: uniform}, downtime: 500ms"
SLOW = "name: slow, action: delay, links: [mobile-1->relay], latency: 9ms"

# ---- after ----------------------------------------------------------------------------------------------------------


def test_after_begins_when_the_other_has_healed_and_at_counts_from_there() -> None:
    assert spans(expanded(SPLIT, f"{SLOW}, after: split, for: 3s"), "slow") == [(7, 10)]
    assert spans(expanded(SPLIT, f"{SLOW}, after: split, at: 4s, for: 3s"), "slow") == [(11, 14)]
    assert spans(expanded(SPLIT, f"{SLOW}, after: split"), "slow") == [(7, 30)]


def test_after_may_name_a_fault_that_stands_below_and_be_chained() -> None:
    last = "name: last, action: delay, links: [relay->mobile-1], latency: 9ms, after: slow, at: 1s, for: 1s"
    schedule = expanded(last, f"{SLOW}, after: split, for: 3s", SPLIT)
    assert spans(schedule, "last") == [(11, 12)]
    assert all(at.fixed for at in schedule.faults)


def test_after_may_name_a_fault_by_what_it_does() -> None:
    schedule = expanded(SPLIT.replace("name: split, ", ""), f"{SLOW}, after: partition desktop-1<->relay, for: 1s")
    assert spans(schedule, "slow") == [(7, 8)]


def test_after_a_repeated_fault_there_is_one_each_time_with_its_index() -> None:
    schedule = expanded(FLAP, f"{SLOW}, after: flap, for: 500ms")
    flaps, slows = of(schedule, "flap"), of(schedule, "slow")
    healed = {at.index: at.at_ns + at.for_ns for at in flaps}
    assert len(slows) >= 4
    assert all(healed[at.index] == at.at_ns and not at.fixed for at in slows)


def test_one_that_would_begin_before_it_has_healed_is_left_out() -> None:
    schedule = expanded(FLAP, f"{SLOW}, after: flap, for: 5s")
    assert len(of(schedule, "slow")) < len(of(schedule, "flap"))
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans(schedule, "slow")))


def test_a_repetition_may_begin_after_a_single_fault() -> None:
    assert spans(expanded(SPLIT, f"{SLOW}, after: split, every: 10s, for: 1s"), "slow") == [(17, 18), (27, 28)]
    assert spans(expanded(SPLIT, f"{SLOW}, after: split, at: 0s, every: 10s, for: 1s"), "slow")[0] == (7, 8)


def test_where_the_leader_did_not_occur_nothing_follows() -> None:
    seeds = range(40)
    found = [expanded(f"{SPLIT}, occurs: 50%", f"{SLOW}, after: split, for: 1s", seed=seed) for seed in seeds]
    assert {(len(of(s, "split")), len(of(s, "slow"))) for s in found} == {(0, 0), (1, 1)}


def test_an_idle_leader_still_has_its_times() -> None:
    idle = "name: idle, action: duplicate, links: [relay->mobile-1], chance: 0, at: 5s, for: 2s"
    schedule = expanded(idle, f"{SLOW}, after: idle, for: 1s")
    assert [at.fault for at in schedule.faults] == ["slow"]
    assert spans(schedule, "slow") == [(7, 8)]


# ---- pick -----------------------------------------------------------------------------------------------------------

SEVERAL = {
    name: f"name: {name}, action: delay, links: [mobile-1->relay], latency: 9ms, at: 1s, for: 1s" for name in "abcd"
}


def names(schedule: Schedule) -> set[str]:
    return {at.fault for at in schedule.faults}


def test_each_seed_picks_so_many_faults_and_in_time_every_pair() -> None:
    found = {frozenset(names(expanded(*SEVERAL.values(), seed=seed, head=f"{TRIO}pick: 2\n"))) for seed in range(60)}
    assert found == {frozenset(pair) for pair in itertools.combinations(SEVERAL, 2)}


def test_a_fault_comes_and_goes_with_the_one_that_it_follows() -> None:
    last = "name: last, action: delay, links: [relay->mobile-1], latency: 9ms, after: next, for: 1s"
    following = "name: next, action: delay, links: [relay->mobile-1], latency: 9ms, after: a, for: 1s"
    chosen = [
        names(expanded(last, following, *SEVERAL.values(), seed=seed, head=f"{TRIO}pick: 1\n")) for seed in range(30)
    ]
    assert {frozenset(found) for found in chosen} == {frozenset({"a", "next", "last"}), *map(frozenset, "bcd")}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_seeds_take_turns_so_that_each_fault_comes_equally_often(count: int) -> None:
    for first in (0, 12, 300):
        seeds = range(first, first + 12)
        found = Counter(
            name
            for seed in seeds
            for name in names(expanded(*SEVERAL.values(), seed=seed, head=f"{TRIO}pick: {count}\n"))
        )
        assert set(found.values()) == {12 * count // len(SEVERAL)}


# ---- the last messages ----------------------------------------------------------------------------------------------


def test_where_a_fault_meets_the_last_messages_nobody_acts_and_nothing_else_begins_afterwards() -> None:
    faults = [f"name: {name}, action: reconnect, clients: [{name}], every: 2s, downtime: 900ms" for name in CLIENTS]
    for seed in range(12):
        schedule = expanded(*faults, seed=seed, head="version: 1\nduration: 30s\nworkload: {ends_in_fault: 1}\n")
        last_ns = max(step.at_ns for step in schedule.steps)
        assert any(at.at_ns < last_ns < at.at_ns + at.for_ns for at in schedule.faults), seed
        assert max(at.at_ns for at in schedule.faults) < last_ns + S // 2, seed
        assert last_ns < 29 * S, seed


# ---- mode and value -------------------------------------------------------------------------------------------------

ALL = 'name: x, action: delay, links: ["*<->relay"], latency: 1ms, every: 2s, for: 1s'
LINKS = {"desktop-1<->relay", "mobile-1<->relay", "mobile-2<->relay"}


def links_of(at: FaultAt) -> set[str]:
    ends = [d.split("->") for d in at.directions]
    return {"<->".join(pair if pair[1] == "relay" else pair[::-1]) for pair in ends}


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("mode: all", 3),
        ("mode: one", 1),
        ("mode: fixed, value: 2", 2),
        ("mode: percent, value: 34%", 2),
        ("mode: percent, value: 0.33", 1),
        ("mode: percent, value: 100%", 3),
    ],
)
def test_mode_says_how_many_links_each_occurrence_takes_both_directions_together(words: str, count: int) -> None:
    found = of(expanded(f"{ALL}, {words}"), "x")
    assert len(found) == 14
    assert all(len(links_of(at)) == count and len(at.directions) == 2 * count for at in found)
    assert set().union(*map(links_of, found)) == LINKS


def test_mode_counts_nodes_of_a_fault_of_nodes() -> None:
    fault = "name: x, action: reconnect, clients: [mobile-1, mobile-2], mode: one, every: 1s, downtime: 100ms"
    found = of(expanded(fault), "x")
    assert {tuple(at.nodes) for at in found} == {("mobile-1",), ("mobile-2",)}


def test_mode_draws_among_the_links_that_groups_cut() -> None:
    fault = "name: x, action: partition, groups: [[relay]], drop: reset, mode: one, every: 2s, for: 1s"
    found = of(expanded(fault), "x")
    assert all(len(at.directions) == 2 and len(links_of(at)) == 1 for at in found)


def test_choosing_targets_moves_no_time_and_choices_are_the_faults_own() -> None:
    plain, chosen = (of(expanded(f"{ALL.replace('2s', '{mean: 3s}')}, {m}"), "x") for m in ("mode: all", "mode: one"))
    assert [at.at_ns for at in plain] == [at.at_ns for at in chosen]
    assert [at.params for at in plain] == [at.params for at in chosen]
    alone, beside = expanded(f"{ALL}, mode: one"), expanded(SPLIT, f"{ALL}, mode: one")
    assert of(alone, "x") == of(beside, "x")


# ---- what is drawn is drawn by name ---------------------------------------------------------------------------------

_TARGETS = ['links: ["*<->relay"]', "links: [mobile-1->relay]", "links: [mobile-2<->relay, desktop-1<->relay]"]
_TIMES = ["at: 1s, for: 2s", "every: {mean: 3s}, for: 1s", "every: {mean: 2s, dist: uniform}, occurs: 40%, for: 500ms"]
_MODES = ["mode: all", "mode: one", "mode: percent, value: 50%"]
_FAULTS = st.lists(
    st.tuples(st.sampled_from(_TARGETS), st.sampled_from(_TIMES), st.sampled_from(_MODES), st.booleans()),
    min_size=2,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(_FAULTS, st.data(), st.integers(0, 10**6))
def test_taking_any_fault_away_or_reordering_moves_nothing_else(
    drawn: list[tuple[str, str, str, bool]], data: st.DataObject, seed: int
) -> None:
    faults = {}
    for n, (target, times, mode, follows) in enumerate(drawn):
        after = f", after: f{n - 1}" if follows and n and "every" not in times else ""
        faults[f"f{n}"] = f"name: f{n}, action: delay, latency: 5ms, {target}, {times}, {mode}{after}"
    gone = data.draw(st.sampled_from(sorted(faults)))
    lost = {gone}
    for name, words in faults.items():  # those that wait for it go with it
        lost |= {name} if any(f"after: {other}" in words for other in lost) else set()
    whole = expanded(*faults.values(), seed=seed)
    less = expanded(*reversed([words for name, words in faults.items() if name not in lost]), seed=seed)
    assert less.steps == whole.steps
    assert less.faults == [at for at in whole.faults if at.fault not in lost]


# ---- matrix ---------------------------------------------------------------------------------------------------------

MATRIX = f"""\
version: 1
title: Many
duration: 30s
faults:
  - {{{SPLIT}}}
  - {{{SLOW}, at: 1s, for: 1s}}
matrix:
  workload.rate: [10/s, 40/s]
  faults.split.for: [1s, 2s, 3s]
  faults.slow.latency: [9ms]
"""


def test_a_matrix_makes_a_plan_of_every_combination_with_a_name_that_says_which() -> None:
    found = plan.variants(plan.parse(MATRIX, "many"))
    assert [one.name for one in found][:2] == [
        "many[rate=10/s,for=1s,latency=9ms]",
        "many[rate=10/s,for=2s,latency=9ms]",
    ]
    assert [(one.words.workload.rate, one.words.faults[0].for_) for one in found] == [
        (rate, for_s * S) for rate in (10, 40) for for_s in (1, 2, 3)
    ]
    assert all(not one.words.matrix and one.title == "Many" for one in found)


def test_a_variant_is_a_plan_of_its_own_that_can_be_written_and_read() -> None:
    for one in plan.variants(plan.parse(MATRIX, "many")):
        again = plan.parse(one.source.text, one.name)
        assert plan.expand(again, 3) == plan.expand(one, 3)


def test_names_in_a_matrix_are_as_long_as_they_must_be_to_differ() -> None:
    text = MATRIX.replace("faults.slow.latency: [9ms]", "faults.slow.for: [4s]")
    assert plan.variants(plan.parse(text, "p"))[0].name == "p[rate=10/s,split.for=1s,slow.for=4s]"


def test_a_matrix_reaches_what_the_plan_leaves_out_and_whole_values() -> None:
    text = "version: 1\nmatrix:\n  settle.quiesce: [1s, 2s]\n  topology: [one-user, two-mobiles]\n"
    text += "  faults: [[], [{action: delay, links: [mobile-1->relay], latency: 1ms}]]\n"
    found = plan.variants(plan.parse(text, "p"))
    assert len(found) == 8
    assert {(v.words.settle.quiesce, v.words.topology, len(v.words.faults)) for v in found} == {
        (q * S, t, n) for q in (1, 2) for t in ("one-user", "two-mobiles") for n in (0, 1)
    }


def test_checks_go_by_their_names_in_a_matrix() -> None:
    text = "version: 1\nchecks: [{check: convergence}]\nmatrix: {checks.convergence.check: [monotonic, agreement]}\n"
    assert [v.words.checks[0].check for v in plan.variants(plan.parse(text))] == ["monotonic", "agreement"]


def test_a_plan_without_a_matrix_is_its_own_only_variant() -> None:
    one = plan.parse("version: 1\n")
    assert plan.variants(one) == [one]


def test_all_wrong_values_of_a_matrix_are_shown_at_once_each_once() -> None:
    with pytest.raises(plan.PlanErrors) as caught:
        plan.parse("version: 1\nmatrix:\n  duration: [1, 2s, 3]\n  workload.jobs: [1, 2, x]\n")
    assert len(caught.value.errors) == 3
