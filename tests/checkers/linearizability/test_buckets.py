"""Version buckets of lists, against the oracle, and where they alone can decide."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle import fuzz, trials, wgl

from checkers.linearizability import Linearizable, Malformed, NotLinearizable, Operation, Trial, buckets, frontier
from checkers.linearizability.decide import MODELS, decide_one


@st.composite
def once(draw) -> Trial:
    """Lists to which every element is appended once; reads see something near to what is true."""
    trial = draw(trials("append", most=9))
    count = 0
    for number, operation in enumerate(trial.operations):
        if operation.f == "append":
            trial.operations[number] = Operation(f="append", value=count, outcome=operation.outcome)
            count += 1
    told = list(trial.operations)
    state: tuple[int, ...] = ()
    for event in trial.events:  # what was appended takes effect at its return; what is lost at its call, or never
        operation = trial.operations[event if event >= 0 else ~event]
        if (event >= 0) != (operation.outcome == "info") or (operation.outcome == "info" and draw(st.booleans())):
            continue
        if operation.f == "append":
            state = (*state, operation.value)
        else:
            seen = draw(st.sampled_from([state, state, state, state[:-1], (*state[1:], *state[:1]), (*state, count)]))
            told[~event] = Operation(f="read", result=seen)
    return Trial(told, trial.events)


@fuzz()
@given(once())
def test_they_say_what_the_oracle_and_the_frontier_say(trial):
    answer = buckets.decide(trial)
    assume(answer is not None)
    assert isinstance(answer, Linearizable) == wgl(trial, "append")
    if isinstance(answer, NotLinearizable):
        explained = frontier.decide(trial, MODELS["append"].space(trial.operations))
        assert (answer.position, answer.blamed, answer.pending) == (
            explained.position,
            explained.blamed,
            explained.pending,
        )


@pytest.mark.parametrize(
    ("read", "fine"), [((1, 2), True), ((2, 1), True), ((1,), True), ((), False), ((3,), False), ((1, 1), False)]
)
def test_a_read_after_the_first_of_two_appends_at_once(read, fine):
    operations = [Operation(f="append", value=1), Operation(f="append", value=2), Operation(f="read", result=read)]
    answer = buckets.decide(Trial(operations, [0, 1, ~0, 2, ~2, ~1]))
    assert isinstance(answer, Linearizable) == fine
    if not fine:
        assert (answer.blamed, answer.position, answer.pending) == (2, 4, [1, 2])


def test_an_append_that_no_read_saw_comes_after_what_they_saw():
    operations = [Operation(f="append", value=1), Operation(f="append", value=2), Operation(f="read", result=(2,))]
    assert isinstance(buckets.decide(Trial(operations, [0, 1, ~1, 2, ~2, ~0])), Linearizable)
    answer = buckets.decide(Trial(operations, [0, ~0, 1, ~1, 2, ~2]))
    assert (answer.blamed, answer.position) == (2, 5)


def test_an_element_that_is_appended_twice_is_left_to_others():
    assert (
        buckets.decide(Trial([Operation(f="append", value=1), Operation(f="append", value=1)], [0, ~0, 1, ~1])) is None
    )


def test_a_thousand_appends_at_once_are_no_trouble():
    count = 1000
    operations = [Operation(f="append", value=n) for n in range(count)]
    operations.append(Operation(f="read", result=tuple(range(count - 1, -1, -1))))
    calls = list(range(count + 1))
    assert isinstance(buckets.decide(Trial(operations, [*calls, *(~n for n in calls)])), Linearizable)


@pytest.mark.parametrize("seen", [(None,), (1, "a"), ("a",), (1.5,), 3])
def test_lists_of_what_cannot_be_compared_are_refused(seen):
    operations = [Operation(f="append", value=1), Operation(f="append", value=2), Operation(f="read", result=seen)]
    with pytest.raises(Malformed, match="of texts"):
        decide_one(Trial(operations, [0, ~0, 1, ~1, 2, ~2]), MODELS["append"])
