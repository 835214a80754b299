"""Which method decides: the cheapest exact one that the data allow; each key of a keyed model for itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from checkers.linearizability import Answer, Linearizable, Model, NotLinearizable, OutOfBudget, Trial, frontier, zones
from checkers.linearizability.registers import CasRegister, Register
from checkers.linearizability.stores import AppendList, KeyValue

MODELS: dict[str, Model] = {m.NAME: m for m in (Register(), CasRegister(), KeyValue(), AppendList())}


@dataclass(frozen=True)
class Judged:
    """One key's trial and answer. `numbers`: its operations' numbers in the whole trial."""

    key: Hashable
    trial: Trial
    numbers: list[int]
    answer: Answer


def decide(trial: Trial, model: Model, budget: int = frontier.BUDGET) -> Iterator[Judged]:
    """Every key in the order of first use; one answer only for a model without keys.

    Raises `Malformed` for an operation that the model does not know. `budget` is for all keys together.
    """
    for key, part, numbers in split(trial) if model.KEYED else [(None, trial, list(range(len(trial.operations))))]:
        yield Judged(key, part, numbers, decide_one(part, model, budget))


def decide_one(trial: Trial, model: Model, budget: int = frontier.BUDGET) -> Answer:
    """The answer for one object."""
    space = model.space(trial.operations)
    if isinstance(model, Register) and zones.fits(trial) and zones.explains(trial):
        return Linearizable(zones.METHOD)
    return frontier.decide(trial, space, budget)  # what zones refute, the frontier explains


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
