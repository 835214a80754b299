"""Orders that explain a beginning of a history: each is one, none is longer, and what is blamed cannot follow.

Judged by the oracle's `step`, which knows no effects, and by trying every legal order of small histories.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from oracle import fuzz, initial, step, trials

from checkers.linearizability import NotLinearizable, Operation, Trial
from checkers.linearizability.decide import MODELS, decide_one, states_of
from checkers.linearizability.partial import Order, orders

NEVER = 1 << 30


def spans(trial: Trial) -> tuple[dict[int, int], dict[int, int]]:
    calls = {event: position for position, event in enumerate(trial.events) if event >= 0}
    returns = {~event: position for position, event in enumerate(trial.events) if event < 0}
    return calls, returns


def told(trial: Trial, model: str, order: Order) -> list[Any]:
    """The states that the oracle comes to. Fails where an order is illegal."""
    states, state = [], initial(model)
    for number, _ in order.steps:
        legal, state = step(model, state, trial.operations[number])
        assert legal, (order, number)
        states.append(state)
    return states


def shown(model: str, state: Any) -> Any:
    if model == "mutex":
        return "held" if state else "free"
    return list(state) if model == "append" else state


def every_legal_order(trial: Trial, model: str) -> Iterator[tuple[frozenset[int], Any]]:
    """The operations of each, and the state to which they lead."""
    calls, returns = spans(trial)
    stack, seen = [(frozenset[int](), initial(model))], set()
    while stack:
        done, state = stack.pop()
        if (done, state) in seen:
            continue
        seen.add((done, state))
        yield done, state
        soonest = min((returns.get(n, NEVER) for n in calls if n not in done), default=NEVER)
        for n in calls:
            if n not in done and calls[n] < soonest:
                legal, after = step(model, state, trial.operations[n])
                if legal:
                    stack.append((done | {n}, after))


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_order_is_legal_keeps_real_time_and_holds_all_that_had_returned(model: str) -> None:
    @fuzz(25)
    @given(trials(model, most=9))
    def holds(trial: Trial) -> None:
        found = orders(trial, MODELS[model])
        assert found is not None
        calls, returns = spans(trial)
        for order in found.orders:
            steps = [number for number, _ in order.steps]
            assert len(set(steps)) == len(steps)
            for place, earlier in enumerate(steps):
                assert all(returns.get(later, NEVER) > calls[earlier] for later in steps[place + 1 :])
            assert all(calls[number] < order.at for number in steps)
            assert {number for number, position in returns.items() if position < order.at} <= set(steps)
            states = told(trial, model, order)
            if model != "multi-register":  # there a state is shown as a map
                assert [state for _, state in order.steps] == [shown(model, state) for state in states]
            if order.stuck is not None:
                assert returns[order.stuck] == order.at and order.stuck not in steps

    holds()


@pytest.mark.parametrize("model", sorted(MODELS))
def test_it_ends_where_the_verdict_says_and_in_no_possible_state_can_the_blamed_operation_follow(model: str) -> None:
    @fuzz(25)
    @given(trials(model, most=8))
    def ends(trial: Trial) -> None:
        found, answer = orders(trial, MODELS[model]), decide_one(trial, MODELS[model])
        assert found is not None
        if not isinstance(answer, NotLinearizable):
            assert found.longest.stuck is None
            return
        assert (found.longest.at, found.longest.stuck) == (answer.position, answer.blamed)
        assert found.settled == states_of(trial, MODELS[model], answer)
        for order in found.orders:
            if order.at == answer.position:
                state = told(trial, model, order)[-1] if order.steps else initial(model)
                assert not step(model, state, trial.operations[answer.blamed])[0]

    ends()


@pytest.mark.parametrize("model", sorted(MODELS))
def test_no_legal_order_holds_more_and_every_state_to_which_one_leads_has_an_order(model: str) -> None:
    @fuzz(25)
    @given(trials(model, most=7))
    def none_longer(trial: Trial) -> None:
        found = orders(trial, MODELS[model])
        assert found is not None
        at = found.longest.at
        prefix = Trial(trial.operations, trial.events[: at + 1])
        returned = {n for n, position in spans(trial)[1].items() if position < at}
        whole = [(done, state) for done, state in every_legal_order(prefix, model) if returned <= done]
        surely = [n for n, operation in enumerate(trial.operations) if operation.outcome != "info"]
        most = max(sum(n in done for n in surely) for done, _ in whole)
        assert sum(number in surely for number, _ in found.longest.steps) == most
        if found.longest.stuck is not None:
            assert found.possible == len({state for _, state in whole})

    none_longer()


@pytest.mark.parametrize("model", sorted(MODELS))
def test_what_no_order_holds_is_legal_in_none(model: str) -> None:
    """Of those under way at the end; what may never have happened is left out where it changes nothing."""

    @fuzz(25)
    @given(trials(model, most=7))
    def held(trial: Trial) -> None:
        found = orders(trial, MODELS[model])
        assert found is not None
        if found.longest.stuck is None:
            return
        prefix = Trial(trial.operations, trial.events[: found.longest.at + 1])
        calls, returns = spans(prefix)
        under_way = {n for n in calls if returns.get(n, NEVER) >= found.longest.at}
        surely = {n for n in under_way if trial.operations[n].outcome != "info"}
        legal = {n for done, _ in every_legal_order(prefix, model) for n in done}
        assert found.holding.keys() & surely == legal & surely
        assert found.holding.keys() <= under_way
        for number, place in found.holding.items():
            assert number in [step for step, _ in found.orders[place].steps]

    held()


def test_too_many_orders_are_not_told() -> None:
    writes = [Operation(f="write", value=n) for n in range(9)]
    trial = Trial([*writes, Operation(f="read", result=77)], [*range(10), ~9, *(~n for n in range(9))])
    assert orders(trial, MODELS["register"], budget=50) is None
    assert orders(trial, MODELS["register"]) is not None


@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_ways_to_a_state_by_different_indeterminate_operations_both_are_kept(swapped: bool) -> None:
    """The first read is explained by either; the second only if the first took the compare-and-set."""
    both = [Operation(f="cas", value=(None, 1), outcome="info"), Operation(f="write", value=1, outcome="info")]
    read = Operation(f="read", result=1)
    operations = [*(both[::-1] if swapped else both), read, Operation(f="write", value=0), read]
    found = orders(Trial(operations, [0, 1, 2, ~2, 3, ~3, 4, ~4]), MODELS["cas-register"])
    assert found is not None and found.longest.stuck is None
    assert [operations[number].f for number, _ in found.longest.steps] == ["cas", "read", "write", "write", "read"]
