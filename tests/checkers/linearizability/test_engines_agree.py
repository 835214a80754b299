"""The compiled engine gives the answers of the Python one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from oracle import fuzz, trials

from checkers.linearizability import Linearizable, NotLinearizable, Operation, Trial, engine
from checkers.linearizability.decide import MODELS, decide, decide_one

ROOT = Path(__file__).parents[3]


def told(answer):
    """All that an answer says but how it was found."""
    if isinstance(answer, Linearizable):
        return "linearizable"
    if isinstance(answer, NotLinearizable):
        return answer.position, answer.blamed, answer.states, answer.pending
    return "out of budget"


def left_to_python(compiled, trial, model, budget):
    told = compiled.decide(trial, MODELS[model], False, budget)
    return told is None or [answer for _, answer in told] == [None]


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("budget", [3, 20_000_000])
def test_both_engines_say_the_same(model, budget, compiled):
    @fuzz()
    @given(trials(model, most=10))
    def agree(trial):
        assert left_to_python(compiled, trial, model, budget) == (model == "multi-register")
        pure, fast = (decide_one(trial, MODELS[model], budget, by) for by in (None, compiled))
        if budget > 3 or "out of budget" not in (told(pure), told(fast)):  # what both count as a step differs a little
            assert told(pure) == told(fast)

    agree()


@pytest.mark.parametrize("count", [64, 65, 128, 200])
def test_what_is_wider_than_a_machine_word_is_told_the_same(count, compiled):
    """Reads at once, and equal writes that may happen at any time, more than a word has bits."""
    for odd in (None, count // 2):
        operations = [Operation(f="write", value=1, outcome="info") for _ in range(count)]
        operations += [Operation(f="read", result=2 if n == odd else 1) for n in range(count)]
        operations += [Operation(f="write", value=n, outcome="info") for n in range(3, count)]
        calls = list(range(len(operations)))
        trial = Trial(operations, [*calls, *(~n for n in range(count, 2 * count))])
        pure, fast = (decide_one(trial, MODELS["register"], by=by) for by in (None, compiled))
        assert told(pure) == told(fast)
        assert isinstance(pure, Linearizable) == (odd is None)


def lost(value):
    return Operation(f="write", value=value, outcome="info")


REFUSED = Operation(f="cas", value=(0, 5), outcome="fail")
EITHER = [
    lost(1),
    lost(2),
    Operation(f="write", value=0),
    REFUSED,
    Operation(f="write", value=3),
]  # 1 or 2 came between
LATE_PUT = [
    Operation(f="append", value="z"),
    Operation(f="put", value="a", outcome="info"),
    Operation(f="get", result="a"),
]
KEPT = [  # the append waits in a text that nobody read until the put has come
    Operation(f="append", value="x"),
    Operation(f="append", value="z"),
    Operation(f="put", value="y"),
    Operation(f="get", result="yx"),
]


@pytest.mark.parametrize(
    ("model", "operations", "events", "position"),
    [
        ("cas-register", [*EITHER, Operation(f="read", result=1)], [0, 1, 2, ~2, 3, ~3, 4, ~4, 5, ~5], None),
        ("cas-register", [*EITHER, Operation(f="read", result=2)], [0, 1, 2, ~2, 3, ~3, 4, ~4, 5, ~5], None),
        (
            "cas-register",
            [*EITHER, Operation(f="read", result=1), Operation(f="read", result=2)],
            [0, 1, 2, ~2, 3, ~3, 4, ~4, 5, ~5, 6, ~6],
            11,
        ),
        ("kv", LATE_PUT, [0, 1, ~0, 2, ~2], None),
        ("kv", LATE_PUT, [0, ~0, 2, ~2, 1], 3),
        ("kv", KEPT, [0, 1, ~1, 2, ~2, 3, ~3, ~0], None),
        ("kv", KEPT, [0, ~0, 1, ~1, 2, ~2, 3, ~3], 7),
    ],
)
def test_what_only_one_reduction_decides_is_told_right(model, operations, events, position, compiled):
    trial = Trial(operations, events)
    pure, fast = (decide_one(trial, MODELS[model], by=by) for by in (None, compiled))
    assert told(pure) == told(fast)
    assert (pure.position if isinstance(pure, NotLinearizable) else None) == position


def test_keys_come_in_the_same_order_with_the_same_answers(compiled):
    operations = [
        Operation(f="put", key="b", value="x"),
        Operation(f="append", key=1, value="é"),
        Operation(f="get", key="b", result="y"),
        Operation(f="get", key=1, result="é"),
    ]
    trial = Trial(operations, [0, 1, ~1, ~0, 2, 3, ~2, ~3])
    pure, fast = (list(decide(trial, MODELS["kv"], by=by)) for by in (None, compiled))
    assert [(j.key, told(j.answer), j.numbers) for j in pure] == [(j.key, told(j.answer), j.numbers) for j in fast]
    assert [isinstance(j.answer, Linearizable) for j in pure] == [False, True]


def test_a_key_is_judged_when_it_is_asked_for_by_what_was_given(compiled):
    operations = [Operation(f="put", key=n, value=f"text {n} ".join("xy")) for n in range(300)]
    operations += [Operation(f="get", key=n, result=f"text {n} ".join("xz" if n == 299 else "xy")) for n in range(300)]
    trial = Trial(operations, [e for n in range(600) for e in (n, ~n)])
    pure = [told(one.answer) for one in decide(trial, MODELS["kv"], by=None)]
    assert pure.count("linearizable") == 299
    judged = decide(trial, MODELS["kv"], by=compiled)
    assert told(next(judged).answer) == pure[0]
    trial.operations.clear()
    del operations
    elsewhere = [f"other {n % 300} ".join("zz") for n in range(20_000)]  # where the texts were, had they gone
    assert [told(one.answer) for one in judged] == pure[1:]
    assert elsewhere


def test_an_odd_key_alone_is_left_to_python(compiled):
    operations = [
        Operation(f="append", key="a", value="x"),
        Operation(f="append", key="b", value=1),
        Operation(f="append", key="b", value="y"),
        Operation(f="read", key="a", result=("x",)),
    ]
    trial = Trial(operations, [0, ~0, 1, ~1, 2, ~2, 3, ~3])
    found = compiled.decide(trial, MODELS["append"], True, 1000)
    assert [(key, answer is None) for key, answer in found] == [("a", False), ("b", True)]
    answers = [[type(one.answer) for one in decide(trial, MODELS["append"], by=by)] for by in (None, compiled)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("model", "operations", "events"),
    [
        ("register", [Operation(f="odd")], [0, ~0]),
        ("register", [Operation(f="read")], [0, ~0, ~0]),
        ("register", [Operation(f="read")], [0, ~1]),
        ("register", [Operation(f="read", outcome="info")], [0, ~0]),
        ("cas-register", [Operation(f="cas", value=3)], [0, ~0]),
        ("kv", [Operation(f="put", value=3)], [0, ~0]),
        ("append", [Operation(f="append", value=1), Operation(f="append", value="a")], [0, 1, ~0, ~1]),
        ("append", [Operation(f="read", result="abc")], [0, ~0]),
    ],
)
def test_what_is_odd_is_left_to_python(model, operations, events, compiled):
    assert left_to_python(compiled, Trial(operations, events), model, 1000)


def test_values_that_are_no_plain_numbers_are_told_apart_as_in_python(compiled):
    for value in (True, 1.0, (1, (2,)), [1, 2], "1", None, 2**70, -(2**63), {"a": 1}):
        for seen in (1, True, 1.0, (1, (2,)), (1, 2), "1", None, 2**70, -(2**63), {"a": 1}):
            trial = Trial([Operation(f="write", value=value), Operation(f="read", result=seen)], [0, ~0, 1, ~1])
            pure, fast = (decide_one(trial, MODELS["register"], by=by) for by in (None, compiled))
            assert told(pure) == told(fast)


def test_a_variable_of_the_environment_asks_for_pure_python():
    code = "from checkers.linearizability import engine; print(engine.ENGINE, engine.TOLD)"
    environment = {**os.environ, "HARNESS_PURE": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "None pure Python, as HARNESS_PURE asks\n"


def test_a_built_module_of_other_sources_is_not_used(compiled):
    class Other:
        SOURCE = "0" * 16

    assert engine.bind(Other) is None


def test_without_a_compiler_there_is_a_reason(hook, tmp_path, monkeypatch):
    monkeypatch.delenv("HARNESS_PURE", raising=False)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(hook.Unbuildable, match="no compiler 'no-such-compiler'"):
        hook.build(engine.SOURCES, tmp_path)
    assert not list(tmp_path.iterdir())
