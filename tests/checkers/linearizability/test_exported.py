"""What Knossos and Elle are given is what was judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from oracle import fuzz, trials

from checkers.linearizability import NotLinearizable, Operation, Trial
from checkers.linearizability.decide import MODELS, decide, decide_one, states_of
from checkers.linearizability.stores import UNREAD
from harness.interchange.edn import FORMAT
from harness.interchange.export_edn import model_lines


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_trial_exported_for_a_model_has_the_same_answer_when_read_back(model):
    @fuzz(60)
    @given(trials(model, most=9))
    def same(trial):
        operations = [with_process(o, f"p{number % 3}") for number, o in enumerate(trial.operations)]
        trial = one_at_a_time(without_refusals(Trial(operations, trial.events)))
        again = FORMAT.record("\n".join(model_lines(trial, model))).trial(whole=model == "multi-register")
        assert [str(o) for o in told(again)] == [str(o) for o in told(trial)]
        answers = [[type(j.answer) for j in decide(one, MODELS[model])] for one in (trial, again)]
        assert answers[0] == answers[1]

    same()


def with_process(operation: Operation, process: str) -> Operation:
    key = 7 if operation.f in ("append", "put", "get") else None
    return Operation(
        f=operation.f,
        value=operation.value,
        result=operation.result,
        outcome=operation.outcome,
        process=process,
        key=key,
    )


def one_at_a_time(trial: Trial) -> Trial:
    """A process that is under way is another one's name."""
    busy: set[str] = set()
    operations = list(trial.operations)
    for event in trial.events:
        operation = operations[event if event >= 0 else ~event]
        if event < 0:
            busy.discard(operation.process)
        elif operation.process in busy and operation.outcome != "info":
            operations[event] = with_process(operation, f"other{event}")
        elif operation.outcome != "info":
            busy.add(operation.process)
    return Trial(operations, trial.events)


def without_refusals(trial: Trial) -> Trial:
    """To Jepsen, what failed did not happen."""
    events = [e for e in trial.events if trial.operations[e if e >= 0 else ~e].outcome != "fail"]
    kept = [n for n, o in enumerate(trial.operations) if o.outcome != "fail"]
    new = {old: number for number, old in enumerate(kept)}
    return Trial([trial.operations[n] for n in kept], [new[e] if e >= 0 else ~new[~e] for e in events])


def told(trial: Trial) -> list[Operation]:
    """What returned."""
    return [trial.operations[~event] for event in trial.events if event < 0]


def test_values_that_nobody_read_are_told_apart_to_a_reader():
    operations = [
        Operation(f="append", value=1),
        Operation(f="append", value=2),
        Operation(f="read", result=(2,)),
    ]
    trial = Trial(operations, [0, 1, ~0, 2, ~2])
    failure = decide_one(trial, MODELS["append"])
    assert isinstance(failure, NotLinearizable)
    assert failure.states == [UNREAD]
    assert states_of(trial, MODELS["append"], failure) == [[1], [2, 1]]
