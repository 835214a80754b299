"""Histories wider than a machine word, and those that only a reduction makes cheap."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import fuzz

from checkers.linearizability import Linearizable, NotLinearizable, Operation, OutOfBudget, Trial, engine, frontier
from checkers.linearizability.decide import MODELS, decide, decide_one, worst


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


@pytest.mark.parametrize("by", [None, engine.ENGINE])
@pytest.mark.parametrize(("model", "values"), [("register", 26), ("register", 13), ("cas-register", 13)])
def test_a_value_that_nobody_wrote_is_refuted_beside_any_number_of_writes(model, values, by):
    """Orders of so many writes at once are too many to try, whether their values differ or not."""
    operations = [write(n % values) for n in range(26)] + [read(99)]
    calls = list(range(27))
    trial = Trial(operations, [*calls, ~26, *(~n for n in range(26))])
    answer = decide_one(trial, MODELS[model], 10_000, by)
    assert isinstance(answer, NotLinearizable)
    assert (answer.blamed, answer.position, answer.pending) == (26, 27, calls)
    operations[26] = read(12)
    assert not isinstance(decide_one(trial, MODELS[model], 1000, by), NotLinearizable)


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


def wide(draws: random.Random, model: str) -> tuple[Trial, list[int]]:
    """Up to 150 operations at once, and up to 200 equal ones that never return, all true; and which ones are reads.

    Each of the former takes effect at a moment between its call and its return; of the latter each does or does not.
    """
    lost, count = draws.randrange(100, 200), draws.randrange(66, 150)
    f = "append" if model == "append" else "write"
    operations = [Operation(f=f, value=1, outcome="info") for _ in range(lost)]
    events = list(range(lost))
    state, spare, waiting, done, reads = (), lost, [], [], []
    for step in range(6 * count):
        if spare and draws.random() < 0.05:  # one of those that never return takes effect
            state, spare = ((*state, 1) if model == "append" else 1), spare - 1
        if len(waiting) + len(done) < count and step < 3 * count:
            number = len(operations)
            changing = sum(operations[n].f == f for n in (*waiting, *done))  # more at once have too many orders
            changes = changing < 2 and draws.random() < 0.1
            operations.append(Operation(f=f, value=draws.randrange(2, 5)) if changes else Operation(f="read"))
            events.append(number)
            waiting.append(number)
        elif waiting and draws.random() < 0.7:
            number = waiting.pop(draws.randrange(len(waiting)))
            if operations[number].f == "read":
                operations[number] = Operation(
                    f="read", result=(state or None) if model == "append" else (None if state == () else state)
                )
                reads.append(number)
            else:
                value = operations[number].value
                state = (*state, value) if model == "append" else value
            done.append(number)
        elif done:
            events.append(~done.pop(draws.randrange(len(done))))
    unreturned = [n for n in reads if ~n not in set(events)]
    for number in (*waiting, *done):
        operations[number] = Operation(f=operations[number].f, value=operations[number].value, outcome="info")
    return Trial(operations, events), [n for n in reads if n not in unreturned]


@pytest.mark.parametrize("model", ["register", "append"])
def test_wide_histories_are_told_right_and_a_read_from_nowhere_is_blamed(model):
    @fuzz(15)
    @given(st.integers(0, 2**32))
    def told(seed):
        trial, reads = wide(random.Random(seed), model)
        for by in {None, engine.ENGINE}:
            assert isinstance(decide_one(trial, MODELS[model], by=by), Linearizable)
        blamed = reads[seed % len(reads)]
        trial.operations[blamed] = Operation(f="read", result=(7,) if model == "append" else 7)
        for by in {None, engine.ENGINE}:
            assert decide_one(trial, MODELS[model], by=by).blamed == blamed

    told()
