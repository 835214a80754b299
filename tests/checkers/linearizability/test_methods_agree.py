"""Every method against the oracle, on histories that Hypothesis makes. HARNESS_FUZZ multiplies their number."""

from __future__ import annotations

import pytest
from hypothesis import given
from oracle import brute, fuzz, trials, wgl, written_once

from checkers.linearizability import Linearizable, NotLinearizable, Operation, Trial, frontier, unwritten, zones
from checkers.linearizability.decide import MODELS, decide_one


def by_frontier(trial: Trial, model: str):
    return frontier.decide(trial, MODELS[model].space(trial.operations))


@pytest.mark.parametrize("model", sorted(MODELS))
def test_the_frontier_says_what_the_oracle_says(model):
    @fuzz()
    @given(trials(model, most=9))
    def agree(trial):
        assert isinstance(by_frontier(trial, model), Linearizable) == wgl(trial, model)

    agree()


@pytest.mark.parametrize("model", sorted(MODELS))
def test_the_oracle_says_what_every_order_says(model):
    @fuzz(60)
    @given(trials(model, most=5))
    def agree(trial):
        assert wgl(trial, model) == brute(trial, model)

    agree()


@fuzz()
@given(written_once())
def test_zones_say_what_the_oracle_says(trial):
    assert zones.fits(trial)
    assert zones.explains(trial) == wgl(trial, "register")


@fuzz()
@given(written_once())
def test_zones_find_the_failure_that_the_frontier_finds(trial):
    answer, explained = zones.decide(trial), by_frontier(trial, "register")
    assert isinstance(answer, NotLinearizable) == isinstance(explained, NotLinearizable)
    if isinstance(answer, NotLinearizable):
        assert where(answer) == where(explained)


@pytest.mark.parametrize("model", ["register", "cas-register"])
def test_what_nobody_wrote_is_refuted_only_where_the_frontier_refutes_it(model):
    seen = set()

    @fuzz()
    @given(trials(model, most=8))
    def agree(trial):
        explained = by_frontier(trial, model)
        if not isinstance(explained, NotLinearizable):
            assert all(unwritten.decide(trial, None, position) is None for position in range(len(trial.events) + 1))
            return
        answer = unwritten.decide(trial, None, explained.position)
        seen.add(answer is None)
        assert answer is None or where(answer) == where(explained)

    agree()
    assert seen == {True, False}


def where(answer: NotLinearizable) -> tuple[int, int, list[int]]:
    return answer.position, answer.blamed, answer.pending


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_failure_is_the_shortest_prefix_that_nothing_explains(model):
    @fuzz()
    @given(trials(model, most=8))
    def shortest(trial):
        answer = decide_one(trial, MODELS[model])
        if not isinstance(answer, NotLinearizable):
            return
        assert trial.events[answer.position] == ~answer.blamed
        assert not wgl(prefix(trial, answer.position + 1), model)
        assert wgl(prefix(trial, answer.position), model)
        assert answer.states
        assert answer.blamed in answer.pending

    shortest()


def prefix(trial: Trial, length: int) -> Trial:
    """The first events. What has not returned by then may have happened, as it was going to answer."""
    events = trial.events[:length]
    returned = {~e for e in events if e < 0}
    count = sum(e >= 0 for e in events)
    return Trial([o if n in returned else pending(o) for n, o in enumerate(trial.operations[:count])], events)


def pending(operation: Operation) -> Operation:
    if operation.outcome == "fail":  # it was going to change nothing
        return Operation(f="read", outcome="info")
    result = operation.result if operation.f == "txn" else None  # it reads what it is going to answer
    return Operation(f=operation.f, value=operation.value, result=result, outcome="info")
