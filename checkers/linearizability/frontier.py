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

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from checkers.linearizability import (
    Answer,
    Effect,
    Is,
    Linearizable,
    NotLinearizable,
    OutOfBudget,
    Space,
    To,
    Trial,
)

METHOD = "just-in-time frontier"
BUDGET = 20_000_000  # steps tried; a step costs about half a microsecond

Config = tuple[Any, int, int]
_NOWHERE: Final = object()


class _Steps(dict[Any, Any]):
    """State → the state after one operation (None: illegal), worked out once."""

    __slots__ = ("blind", "step")

    def __init__(self, step: Callable[[Any], Any], blind: bool) -> None:
        super().__init__()
        self.step, self.blind = step, blind

    def __missing__(self, state: Any) -> Any:
        after = self[state] = self.step(state)
        return after


# What may happen next: steps, the bit of a determinate operation or 0; of an indeterminate one what it adds to the
# counters, where its counter stands, how many there are; and whether it is blind.
_Choice = tuple[_Steps, int, int, int, int, bool]


class _Kinds:
    """The indeterminate operations by equal effect. `available` counts those that were called.

    Counters of one configuration share an integer: kind `c` has its count at `shift`, `width` bits wide, whose topmost
    is a guard that is always 0. `most` is more than any kind can have.
    """

    def __init__(self, most: int) -> None:
        self.width = most.bit_length() + 1
        self.field = (1 << (self.width - 1)) - 1
        self.guards = 0
        self.available: list[int] = []
        self.active: list[tuple[int, int, _Steps]] = []  # kind, its shift, its steps
        self._numbers: dict[Any, int] = {}

    def called(self, effect: To) -> None:
        number = self._numbers.setdefault(effect.alike, len(self.active))
        if number == len(self.active):
            self.active.append((number, number * self.width, _Steps(effect.step, effect.blind)))
            self.available.append(0)
            self.guards |= 1 << (self.width * (number + 1) - 1)
        self.available[number] += 1


class _Pending:
    """The determinate operations under way, each with a bit of its own, by what they do."""

    __slots__ = ("at", "bits", "blind", "free", "movers", "nots", "refusals", "shared", "slots", "trap")

    def __init__(self, trap: Any) -> None:
        self.trap = trap  # the dead state, if no step leads out of it; else None
        self.bits: dict[int, int] = {}  # operation → its bit
        self.free: list[int] = []  # bits that nobody has any more
        self.slots = 0
        self.at: dict[Any, int] = {}  # state → bits of the reads of it
        self.nots: dict[Any, int] = {}  # state → bits of the refusals of it
        self.refusals = 0  # all of the latter
        self.movers: dict[int, _Choice] = {}  # by bit: those that change the state
        self.blind = 0  # bits of the blind ones among them
        self.shared: dict[Any, _Steps] = {}  # operations that are alike share their steps

    def begin(self, number: int, effect: Effect) -> None:
        free = self.free
        if free:
            bit = free.pop()
        else:
            bit = 1 << self.slots
            self.slots += 1
        self.bits[number] = bit
        kind = type(effect)
        if kind is Is:
            at, state = self.at, effect.state  # type: ignore[union-attr]
            at[state] = at.get(state, 0) | bit
        elif kind is To:
            self._move(effect, bit)  # type: ignore[arg-type]
        else:
            nots, state = self.nots, effect.state  # type: ignore[union-attr]
            nots[state] = nots.get(state, 0) | bit
            self.refusals |= bit

    def _move(self, effect: To, bit: int) -> None:
        steps = self.shared.get(effect.alike)
        if steps is None:
            steps = self.shared[effect.alike] = _Steps(effect.step, effect.blind)
        self.movers[bit] = (steps, bit, 0, 0, 0, steps.blind)
        if steps.blind:
            self.blind |= bit
        elif self.trap is not None:  # it leads from there to there
            self.at[self.trap] = self.at.get(self.trap, 0) | bit

    def end(self, bit: int, effect: Effect) -> None:
        """The bit is free again: no configuration has it any more."""
        self.free.append(bit)
        kind = type(effect)
        if kind is Is:
            self.at[effect.state] ^= bit  # type: ignore[union-attr]
        elif kind is To:
            if not self.movers.pop(bit)[-1] and self.trap is not None:
                self.at[self.trap] ^= bit
            self.blind &= ~bit
        else:
            self.nots[effect.state] ^= bit  # type: ignore[union-attr]
            self.refusals ^= bit


class _Search:
    """The frontier of a trial's first `length` events, one by one. What looking ahead, over the first `horizon` of
    them, shows to be hopeless is given up."""

    def __init__(self, trial: Trial, space: Space, budget: int, length: int, horizon: int) -> None:
        self.trial, self.space = trial, space
        self.pending = _Pending(space.dead if space.trapped else None)
        self.kinds = _Kinds(sum(o.outcome == "info" for o in trial.operations))
        self.left = budget
        self.length = length
        self.doomed = _Doomed(trial, space, horizon) if space.dead is not None else None

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
        while stack and tried <= self.left:
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
        self.left -= tried

    def _choices(self) -> list[_Choice]:
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


class _Doomed:
    """Whether the dead state is hopeless at a return: the earliest return of an observation that is called later comes
    before the next call of a blind step."""

    def __init__(self, trial: Trial, space: Space, horizon: int) -> None:
        self._trial, self._space, self._horizon = trial, space, horizon
        self._at: list[bool] | None = None

    def at(self, position: int) -> bool:
        if self._at is None:
            self._at = self._look_ahead()
        return self._at[position]

    def _look_ahead(self) -> list[bool]:
        operations, events = self._trial.operations, self._trial.events
        never = len(events) + 1
        returns, next_blind, first_seen = {}, never, never
        doomed = [False] * len(events)
        for position in range(len(events) - 1, -1, -1):
            doomed[position] = first_seen < next_blind
            event = events[position]
            if event < 0:
                if position < self._horizon:
                    returns[~event] = position
                continue
            effect = self._space.effect(operations[event])
            if type(effect) is To:
                if effect.blind:
                    next_blind = position
            elif type(effect) is Is and event in returns:
                first_seen = min(first_seen, returns[event])
        return doomed


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
    while first <= last:
        middle = first + min(width - 1, (last - first) // 2)
        found = _Search(trial, space, budget, middle + 1, middle).run()
        if isinstance(found, Linearizable):
            first, width = middle + 1, width * 4
        elif isinstance(found, NotLinearizable) and found.position < middle:
            first, last = max(first, found.position), middle - 1
        else:
            return answer if isinstance(found, OutOfBudget) else found
    return answer
