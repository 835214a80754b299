"""The just-in-time frontier: every configuration that explains the history so far, carried over its events.

A configuration is (state, mask, used): the object's state, which of the pending determinate operations were already
linearized, and how many indeterminate operations of each kind were. Only returns do work: an operation that returns
without having been linearized must be, now, after any chain of other pending operations. An empty frontier is the
shortest prefix that nothing explains, and the operation that returned there is to blame.

After Wing & Gong, "Testing and verifying concurrent objects" (1993), and Lowe, "Testing for linearizability" (2017),
but breadth-first over time instead of depth-first over orders. Every reduction is exact:

- *just in time*: a state changes only when a return asks for it; an earlier change could as well happen then.
- *eager*: an operation that changes nothing is linearized in the first state in which it is legal, at once.
- *consume*: an indeterminate operation is linearized only if somebody needs its state at once: an eager operation took
  it, or the next step depends on it. A blind step right after it would erase it unseen.
- *symmetry*: indeterminate operations with equal steps are told apart by nothing but their number, so they are counted.
- *dominance*: with equal state and mask, who has used fewer indeterminate operations can do all that the other can.
- *the dead state*: one from which, without a blind step, no observed state can be reached. In it all other steps change
  nothing and are eager. It is given up when an observation must return before a blind step can begin: this alone looks
  ahead.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from checkers.linearizability import (
    Answer,
    Linearizable,
    NotLinearizable,
    OutOfBudget,
    Space,
    To,
    Trial,
)
from checkers.linearizability.foresight import Foresight
from checkers.linearizability.pending import Choice, Kinds, Pending

METHOD = "just-in-time frontier"
BUDGET = 20_000_000  # steps tried; a step costs about half a microsecond
SHORTENING = 1_000_000  # steps more, for the shortest of the prefixes that fail
MOST_CONFIGS = 1_000_000  # at once: each takes some hundred bytes

Config = tuple[Any, int, int]
_NOWHERE: Final = object()


class _Search:
    """The frontier of a trial's first `length` events, one by one. What looking ahead, over the first `horizon` of
    them, shows to be hopeless is given up."""

    def __init__(self, trial: Trial, space: Space, budget: int, length: int, horizon: int) -> None:
        self.trial, self.space = trial, space
        self.pending = Pending(space.dead if space.trapped else None)
        self.kinds = Kinds(sum(o.outcome == "info" for o in trial.operations))
        self.left = budget
        self.length = length
        self.doomed = Foresight(trial, space, horizon) if space.dead is not None else None

    def run(self) -> Answer:
        operations, effect_of = self.trial.operations, self.space.effect
        pending, kinds = self.pending, self.kinds
        effects: list[Any] = [None] * len(operations)
        frontier: set[Config] = {(self.space.initial, 0, 0)}
        peak = 1
        for position, event in enumerate(islice(self.trial.events, self.length)):
            if event >= 0:
                operation = operations[event]
                effect = effects[event] = effect_of(operation)
                if operation.outcome != "info":
                    pending.begin(event, effect)
                elif type(effect) is To:  # what changes nothing and may never have happened says nothing
                    kinds.called(effect)
                continue
            bit = pending.bits.pop(~event)
            after = self._linearized(frontier, bit, position)
            if self.left < 0:  # first: what was not tried is not known to fail
                return OutOfBudget(METHOD, position)
            if not after:
                return self._failure(~event, position, frontier)
            pending.end(bit, effects[~event])
            frontier = after
            if len(after) > 1:
                if kinds.active:
                    frontier = self._undominated(after)
                peak = max(peak, len(frontier))
        return Linearizable(METHOD, peak)

    def _linearized(self, frontier: set[Config], bit: int, position: int) -> set[Config]:
        """The configurations in which the operation of `bit`, which returns now, has happened."""
        pending = self.pending
        at, nots, refusals = pending.at.get, pending.nots.get, pending.refusals
        after: set[Config] = set()
        late: list[tuple[Any, int, int, bool]] = []
        for state, mask, used in frontier:
            then = mask | at(state, 0)  # eager
            if refusals:
                then |= refusals & ~nots(state, 0)
            if then & bit:
                after.add((state, then ^ bit, used))
            else:
                late.append((state, then, used, True))
        if late:
            self._expand(late, bit, position, after)
        return after

    def _expand(self, stack: list[tuple[Any, int, int, bool]], bit: int, position: int, after: set[Config]) -> None:
        """All chains of pending operations that end with the one that returns."""
        pending, field = self.pending, self.kinds.field
        at, nots, refusals, blinds = pending.at.get, pending.nots.get, pending.refusals, pending.blind
        choices, dead = self._choices(), self._hopeless(position)
        seen: set[Any] | None = None  # one step leads to no other, unless it is counted
        if len(choices) > 1 or self.kinds.active:
            seen = set(stack)
            stack = list(seen)
        tried = 0
        while stack and tried <= self.left and len(after) + len(seen or ()) <= MOST_CONFIGS:
            state, mask, used, any_next = stack.pop()
            for steps, other, one, shift, limit, blind in choices:
                if mask & other or (blind and not any_next):
                    continue
                target = steps[state]
                if target is None or (one and (target == state or (used >> shift) & field >= limit)):
                    continue
                tried += 1
                then = mask | other | at(target, 0)
                if refusals:
                    then |= refusals & ~nots(target, 0)
                if target == dead and not blinds & ~then:
                    continue
                if then & bit:
                    after.add((target, then ^ bit, used + one))
                elif seen is not None:
                    config = (target, then, used + one, then != mask)
                    if config not in seen:
                        seen.add(config)
                        stack.append(config)
        self.left = -1 if stack else self.left - tried

    def _choices(self) -> list[Choice]:
        choices = list(self.pending.movers.values())
        for kind, shift, steps in self.kinds.active:
            choices.append((steps, 0, 1 << shift, shift, self.kinds.available[kind], steps.blind))
        return choices

    def _hopeless(self, position: int) -> Any:
        """The dead state, when whoever gets there now can only fail; else something that no state is equal to."""
        if self.doomed is None or any(steps.blind for _, _, steps in self.kinds.active):
            return _NOWHERE
        return self.space.dead if self.doomed.at(position) else _NOWHERE

    def _undominated(self, configs: set[Config]) -> set[Config]:
        """Of equal state and mask: those than whom nobody has used less. Packed counters are compared at once: with
        its guards set, `mine - theirs` leaves a guard standing exactly where mine is not less."""
        groups: dict[tuple[Any, int], list[int]] = {}
        for state, mask, used in configs:
            groups.setdefault((state, mask), []).append(used)
        if len(groups) == len(configs):
            return configs
        guards = self.kinds.guards
        kept: set[Config] = set()
        for (state, mask), counts in groups.items():
            counts.sort()  # who uses less is a smaller number, too
            minimal: list[int] = []
            for used in counts:
                if not any((((used | guards) - less) & guards) == guards for less in minimal):
                    minimal.append(used)
                    kept.add((state, mask, used))
        return kept

    def _failure(self, operation: int, position: int, before: set[Config]) -> NotLinearizable:
        states = sorted((self.space.show(state) for state in {state for state, _, _ in before}), key=repr)
        pending = sorted((*self.pending.bits, operation))
        return NotLinearizable(method=METHOD, blamed=operation, position=position, states=states, pending=pending)


def search(trial: Trial, space: Space, budget: int, length: int) -> Answer:
    """The first `length` events without looking ahead."""
    return _Search(trial, space, budget, length, 0).run()


def decide(trial: Trial, space: Space, budget: int = BUDGET) -> Answer:
    """Is `trial` linearizable? Exact, within `budget` steps.

    A prefix is judged with what the operations under way will answer. Looking ahead finds a failure before its time, so
    the shortest prefix is searched for, each with foresight of all but its last event; past the budget the earlier
    answer stands.
    """
    length = len(trial.events)
    answer = _Search(trial, space, budget, length, length).run()
    if not isinstance(answer, NotLinearizable) or space.dead is None:
        return answer
    first, last, width = answer.position, length - 1, 1  # the return that fails is among these
    left = budget + SHORTENING
    while first <= last:
        middle = first + min(width - 1, (last - first) // 2)
        shorter = _Search(trial, space, min(budget, left), middle + 1, middle)
        found = shorter.run()
        left -= min(budget, left) - shorter.left
        if isinstance(found, Linearizable):
            first, width = middle + 1, width * 4
        elif isinstance(found, NotLinearizable) and found.position < middle:
            first, last = max(first, found.position), middle - 1
        else:
            return answer if isinstance(found, OutOfBudget) else found
    return answer
