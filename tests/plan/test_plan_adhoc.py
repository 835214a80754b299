"""A fault on a command line is the same fault as in a file, and its mistakes are shown in its own text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import plan, registry


def one_fault(text: str) -> object:
    return plan.ad_hoc([text]).words.faults[0]


def in_a_file(text: str) -> object:
    return plan.parse(f"version: 1\nfaults: [{text}]\n").words.faults[0]


@pytest.mark.parametrize(
    ("line", "mapping"),
    [
        (
            "partition links=mobile-1<->relay at=5s for=10s",
            "{action: partition, links: [mobile-1<->relay], at: 5s, for: 10s}",
        ),
        (
            "  delay links=*->relay,relay->mobile-1   latency=30ms ",
            '{action: delay, links: ["*->relay", relay->mobile-1], latency: 30ms}',
        ),
        (
            "partition groups=[[desktop-1], [relay, mobile-1]] drop=reset",
            "{action: partition, groups: [[desktop-1], [relay, mobile-1]], drop: reset}",
        ),
        (
            'duplicate links=["relay->mobile-1"] chance=30% copies=2 match={type: "job:*"}',
            '{action: duplicate, links: [relay->mobile-1], chance: 0.3, copies: 2, match: {type: "job:*"}}',
        ),
        (
            "reconnect name='the second' clients=mobile-1 every={mean: 8s} downtime=1s",
            "{name: the second, action: reconnect, clients: [mobile-1], every: {mean: 8s}, downtime: 1s}",
        ),
    ],
)
def test_a_line_is_the_same_fault_as_its_mapping(line: str, mapping: str) -> None:
    assert one_fault(line) == in_a_file(mapping)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        ("delay links=mobile-1->relay latency=«30", "a duration needs a unit; did you mean 30s or 30ms?"),
        ("delay links=mobile-1->relay latency=30ms «jiter=3ms", "did you mean jitter?"),
        ("delay links=mobile-1->relay,«relay->mobil latency=30ms", "no link matches 'relay->mobil'"),
        ("«dely links=mobile-1->relay latency=30ms", "did you mean delay?"),
        ("«delay links=mobile-1->relay", "the key 'latency' is missing here"),
        ("partition groups=[[desktop-1], [«realy]]", "did you mean relay?"),
        ("partition groups=[[desktop-1], [relay«", "is a bracket or a comma missing?"),
        ("partition links=mobile-1<->relay at=55s for=«10s", "at most 5s"),
        ("reconnect clients=mobile-1 «clients=desktop-1", "the key 'clients' is given twice"),
        ("reconnect clients=mobile-1 «now", "expected KEY=VALUE"),
        ("«links=mobile-1->relay", "expected an action first"),
        ("«", "expected an action first"),
    ],
)
def test_a_mistake_is_shown_in_the_line_itself(marked: str, message: str) -> None:
    before, _, after = marked.partition("«")
    with pytest.raises(plan.PlanErrors) as caught:
        plan.ad_hoc([before + after])
    (shown,) = map(str, caught.value.errors)
    assert shown.startswith(f"--fault:1:{len(before) + 1}: error: ")
    assert message in shown
    assert f"1 | {before + after}" in shown


def test_mistakes_of_several_lines_say_which() -> None:
    with pytest.raises(plan.PlanErrors) as caught:
        plan.ad_hoc(["delay links=mobile-1->relay latency=3", "reconnect clients=mobile-2"])
    assert "--fault 1:1:37: error" in str(caught.value)
    with pytest.raises(plan.PlanErrors, match="--fault 2:1:19: error: no node 'mobile-2'"):
        plan.ad_hoc(["delay links=mobile-1->relay latency=3ms", "reconnect clients=mobile-2"])


@pytest.mark.parametrize("action", registry.names("fault"))
def test_what_results_can_be_stored_and_loaded_again(action: str) -> None:
    found = plan.parse(f"version: 1\nfaults: [{registry.find('fault', action).EXAMPLE}]")
    assert plan.parse(plan.dump(found)).words == found.words


def test_the_plan_that_results_is_a_plan_like_any_other() -> None:
    found = plan.ad_hoc(["partition links=mobile-1<->relay at=5s for=10s"], duration="30s", topology="two-mobiles")
    schedule = plan.expand(plan.parse(plan.dump(found)), 1)
    assert schedule.duration_ns == 30 * 10**9
    assert schedule.steps == plan.expand(found, 1).steps
    assert len(schedule.system.nodes) == 4


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text("delay links=[]{},'\"mobile-1->relay <=5s\t\n:*é", max_size=40), max_size=2))
def test_any_line_is_a_fault_or_a_list_of_errors(lines: list[str]) -> None:
    try:
        plan.ad_hoc(lines)
    except plan.PlanErrors as exc:
        assert str(exc)
