"""Which method decides: the cheapest exact one that the data allow; each key of a keyed model for itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from checkers.linearizability import (
    Answer,
    Linearizable,
    Model,
    NotLinearizable,
    OutOfBudget,
    Trial,
    buckets,
    engine,
    frontier,
    single_writer,
    unwritten,
    zones,
)
from checkers.linearizability.registers import CasRegister, Mutex, Register
from checkers.linearizability.stores import UNREAD, AppendList, KeyValue
from checkers.linearizability.transactions import MultiRegister

_TELLING = 20_000  # steps for a better explanation

_ALL: tuple[Model, ...] = (Register(), CasRegister(), Mutex(), MultiRegister(), KeyValue(), AppendList())
MODELS: dict[str, Model] = {model.NAME: model for model in _ALL}


class Judged:
    """One key's answer, and its part of the trial, taken apart only when somebody asks for it.

    `numbers`: its operations' numbers in the whole trial. What an answer counts, it counts in `trial`.
    """

    __slots__ = ("_parts", "answer", "key")

    def __init__(self, key: Hashable, answer: Answer, parts: _Parts) -> None:
        self.key, self.answer, self._parts = key, answer, parts

    @property
    def trial(self) -> Trial:
        return self._parts.of(self.key)[0]

    @property
    def numbers(self) -> list[int]:
        return self._parts.of(self.key)[1]


class _Parts:
    """A trial by key; None is the only one of a model without keys."""

    def __init__(self, trial: Trial, keyed: bool | None) -> None:
        self._trial, self._keyed = trial, keyed
        self._by_key: dict[Hashable, tuple[Trial, list[int]]] | None = None

    @property
    def keyed(self) -> bool:
        if self._keyed is None:
            self._keyed = any(operation.key is not None for operation in self._trial.operations)
        return self._keyed

    def of(self, key: Hashable) -> tuple[Trial, list[int]]:
        return self.all()[key]

    def all(self) -> dict[Hashable, tuple[Trial, list[int]]]:
        if self._by_key is None:
            whole = (None, self._trial, list(range(len(self._trial.operations))))
            self._by_key = {k: (t, n) for k, t, n in (split(self._trial) if self.keyed else [whole])}
        return self._by_key


def decide(
    trial: Trial, model: Model, budget: int = frontier.BUDGET, by: engine.Engine | None = engine.ENGINE
) -> Iterator[Judged]:
    """Every key in the order of first use, worked out when it is asked for; one answer only for a model without keys.

    Raises `Malformed` for an operation that the model does not know. `budget` is each key's. `by` None: pure Python.
    """
    parts = _Parts(trial, model.KEYED)
    told = by.decide(trial, model, model.KEYED, budget) if by is not None else None
    if told is not None:
        for key, answer in told:
            yield Judged(key, _finished(answer, parts, key, model, budget), parts)
        return
    for key, (part, _) in parts.all().items():
        yield Judged(key, _pure(part, model, budget, parts.keyed), parts)


def decide_all(trial: Trial, model: Model, budget: int, by: engine.Engine | None = engine.ENGINE) -> list[Judged]:
    """As `decide`, but `budget` is that of all keys together: each has its share of one half, and those to which that
    was not enough share the other half."""
    keys = len({operation.key for operation in trial.operations}) if model.KEYED is not False else 1
    first = budget if keys <= 1 else max(1, budget // (2 * keys))
    judged = list(decide(trial, model, first, by))
    again = [one for one in judged if isinstance(one.answer, OutOfBudget)] if keys > 1 else []
    for one in again:
        one.answer = decide_one(one.trial, model, budget // (2 * len(again)), by)
    return judged


def decide_one(
    trial: Trial, model: Model, budget: int = frontier.BUDGET, by: engine.Engine | None = engine.ENGINE
) -> Answer:
    """The answer for one object: keys are not looked at."""
    told = by.decide(trial, model, False, budget) if by is not None else None
    answer = None if told is None else next(told)[1]
    return _finished(answer, _Parts(trial, False), None, model, budget)


def _finished(answer: Answer | None, parts: _Parts, key: Hashable, model: Model, budget: int) -> Answer:
    """What the compiled engine left to Python, and what it gave up."""
    if answer is None:
        return _pure(parts.of(key)[0], model, budget, parts.keyed)
    return _last(parts.of(key)[0], model, answer) if isinstance(answer, OutOfBudget) else answer


def _pure(trial: Trial, model: Model, budget: int, keyed: bool) -> Answer:
    """What the linear methods refute, the frontier explains."""
    space = model.space(trial.operations)
    if isinstance(model, Register):
        if model.initial is None and not keyed and single_writer.counts(trial):
            return Linearizable(single_writer.METHOD)
        if zones.fits(trial, model.initial) and zones.explains(trial, model.initial):
            return Linearizable(zones.METHOD)
    if isinstance(model, AppendList) and isinstance(answer := buckets.decide(trial), Linearizable):
        return answer
    explained = frontier.decide(trial, space, budget)
    return _last(trial, model, explained) if isinstance(explained, OutOfBudget) else explained


def _last(trial: Trial, model: Model, given_up: OutOfBudget) -> Answer:
    """What is too wide for a frontier may be none for a method that has no part in it."""
    answer: Answer | None = None
    if isinstance(model, AppendList):
        answer = buckets.decide(trial)
    elif isinstance(model, Register) and not isinstance(model, Mutex):
        if zones.fits(trial, model.initial):
            return zones.decide(trial, model.initial)
        answer = unwritten.decide(trial, model.initial, given_up.position)
    return answer or given_up


def states_of(trial: Trial, model: Model, failure: NotLinearizable) -> list[Any]:
    """The states before a failure, for a reader: those that the search threw together, because no read continues them,
    are told apart where that is not too much work."""
    if not isinstance(model, (KeyValue, AppendList)) or UNREAD not in failure.states:
        return failure.states
    answer = frontier.search(trial, model.whole(), _TELLING, failure.position + 1)
    return answer.states if isinstance(answer, NotLinearizable) else failure.states


def split(trial: Trial) -> list[tuple[Hashable, Trial, list[int]]]:
    """One trial a key."""
    parts: dict[Hashable, tuple[Trial, list[int]]] = {}
    place: list[tuple[Trial, int]] = []
    for number, operation in enumerate(trial.operations):
        part, numbers = parts.setdefault(operation.key, (Trial([], []), []))
        place.append((part, len(numbers)))
        part.operations.append(operation)
        numbers.append(number)
    for event in trial.events:
        part, number = place[event if event >= 0 else ~event]
        part.events.append(number if event >= 0 else ~number)
    return [(key, part, numbers) for key, (part, numbers) in parts.items()]


def worst(answers: list[Answer]) -> Answer:
    """The first failure, else the first that ran out of budget, else the first."""
    for kind in (NotLinearizable, OutOfBudget):
        for answer in answers:
            if isinstance(answer, kind):
                return answer
    return answers[0] if answers else Linearizable(frontier.METHOD)
