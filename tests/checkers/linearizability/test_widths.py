"""Histories wider than a machine word, and those that only a reduction makes cheap."""

from __future__ import annotations

import pytest

from checkers.linearizability import Linearizable, NotLinearizable, Operation, OutOfBudget, Trial, frontier
from checkers.linearizability.decide import MODELS, decide, worst


def write(value, outcome="ok"):
    return Operation(f="write", value=value, outcome=outcome)


def read(result):
    return Operation(f="read", result=result)


def decided(model: str, operations: list[Operation], events: list[int]):
    trial = Trial(operations, events)
    return frontier.decide(trial, MODELS[model].space(operations))


def test_a_hundred_reads_at_once_are_told_apart():
    operations = [write(1), *(read(1) for _ in range(100))]
    calls, returns = list(range(101)), [~n for n in range(1, 101)]
    assert isinstance(decided("register", operations, [*calls, *returns, ~0]), Linearizable)
    operations[77] = read(2)
    assert decided("register", operations, [*calls, *returns, ~0]).blamed == 77


@pytest.mark.parametrize("crashed", [3, 127, 128, 200])
def test_equal_crashed_writes_are_counted_and_no_more_than_there_were(crashed):
    """Between `crashed` writes of 1 that may happen at any time, 2 is written and read again and again."""
    operations = [write(1, "info") for _ in range(crashed)]
    events = list(range(crashed))
    for _ in range(crashed):
        for operation in (write(2), read(1)):
            operations.append(operation)
            events += [len(operations) - 1, ~(len(operations) - 1)]
    assert isinstance(decided("register", operations, events), Linearizable)
    for operation in (write(2), read(1)):
        operations.append(operation)
        events += [len(operations) - 1, ~(len(operations) - 1)]
    answer = decided("register", operations, events)
    assert isinstance(answer, NotLinearizable)
    assert answer.blamed == len(operations) - 1
    assert answer.states == [2]


def test_what_is_too_wide_for_the_budget_is_not_judged_valid():
    operations = [Operation(f="append", value=n) for n in range(14)]
    operations.append(Operation(f="read", result=tuple(range(13, -1, -1))))
    calls = list(range(15))
    trial = Trial(operations, [*calls, *(~n for n in calls)])
    assert isinstance(frontier.decide(trial, MODELS["append"].space(operations), budget=5), OutOfBudget)
    assert isinstance(frontier.decide(trial, MODELS["append"].space(operations)), Linearizable)


def test_keys_are_judged_apart_and_the_failing_one_is_named():
    operations = [
        Operation(f="put", key="a", value="x"),
        Operation(f="put", key="b", value="y"),
        Operation(f="get", key="b", result="y"),
        Operation(f="get", key="a", result="y"),
    ]
    judged = list(decide(Trial(operations, [0, ~0, 1, ~1, 2, ~2, 3, ~3]), MODELS["kv"]))
    assert [(j.key, type(j.answer)) for j in judged] == [("a", NotLinearizable), ("b", Linearizable)]
    assert judged[0].numbers[judged[0].answer.blamed] == 3
    assert isinstance(worst([j.answer for j in judged]), NotLinearizable)


def test_a_put_after_a_lost_text_is_not_given_up():
    """The dead state is left by a blind step, also by one that crashed."""
    operations = [
        Operation(f="append", value="z"),
        Operation(f="put", value="a", outcome="info"),
        Operation(f="get", result="a"),
    ]
    assert isinstance(decided("kv", operations, [0, 1, ~0, 2, ~2]), Linearizable)


def test_values_that_python_takes_for_equal_are_not():
    for written, seen in ((1, True), (1, 1.0), ((1,), (1.0,)), (0, None), ("1", 1)):
        assert isinstance(decided("register", [write(written), read(written)], [0, ~0, 1, ~1]), Linearizable)
        assert isinstance(decided("register", [write(written), read(seen)], [0, ~0, 1, ~1]), NotLinearizable)
