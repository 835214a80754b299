"""Orders that explain a beginning of a history as far as it goes: what a picture shows beside a verdict.

A *partial linearization* is an order of some operations that keeps real time and that the model allows; it holds all
that returned before its end, and ends at a return that nothing can explain any more. Porcupine (Athalye, "Porcupine: a
fast linearizability checker in Go", 2017) draws the longest one, and for each operation the longest that holds it.

The search is the just-in-time `frontier` again, with the way to every configuration kept. It keeps three of its
reductions (eager, consume, dominance; of equal indeterminate operations the one called first goes first), so it ends
where the frontier does. It tells real orders, and so it takes much more room: it has a small budget of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from checkers.linearizability import Effect, Is, Model, Space, To, Trial
from checkers.linearizability.stores import AppendList, KeyValue

BUDGET: Final = 200_000  # steps tried; a step costs some microseconds
_MOST_STATES = 8  # that are possible at the end: an order is told for each
_MOST_AT_ONCE = 50_000  # configurations

Node = tuple[Any, int, Any, int, int]  # the node before, operation, state after it, determinate and other ones so far
Config = tuple[Any, int]  # state, bits of the operations under way that have happened


class Order(msgspec.Struct, frozen=True):
    """`steps`: operations and the state after each. `stuck` returns at event `at` and cannot follow; None: all is
    explained."""

    steps: list[tuple[int, Any]]
    stuck: int | None
    at: int


class Orders(msgspec.Struct, frozen=True):
    """`orders`: the longest first, then the longest for every other state that is possible where it ends (`possible` in
    all, of which the first are told), then those that only hold some operation. `holding`: operation → the longest that
    holds it, among those that were under way at the end; what had returned stands in the first one, too.

    `settled`: the states that are possible before anything under way changes them. `initial`: the state at first."""

    initial: Any
    settled: list[Any]
    orders: list[Order]
    possible: int
    holding: dict[int, int]

    @property
    def longest(self) -> Order:
        return self.orders[0]


def orders(trial: Trial, model: Model, budget: int = BUDGET) -> Orders | None:
    """None: too many to try. Raises `Malformed` for an operation that the model does not know."""
    if isinstance(model, (KeyValue, AppendList)):
        found = search(trial, model.whole(), budget)  # every value a state of its own, where that is not too much
        if found is not None:
            return found
    return search(trial, model.space(trial.operations), budget)


def search(trial: Trial, space: Space, budget: int = BUDGET) -> Orders | None:
    return _Search(trial, space, budget).run()


class _Search:
    def __init__(self, trial: Trial, space: Space, budget: int) -> None:
        self.trial, self.space, self.left = trial, space, budget
        self.bits: dict[int, int] = {}  # operations under way → their bits; indeterminate ones keep theirs
        self.free: list[int] = []
        self.slots = 0
        self.infos = 0  # bits of the indeterminate ones
        self.kinds: dict[Any, tuple[To, list[tuple[int, int]]]] = {}  # of equal effect: (operation, bit) as called
        self.effects: dict[int, Effect] = {}  # of the determinate ones under way
        self.held: dict[int, tuple[Node, int, int]] = {}  # operation → the last that held it: end, at, stuck

    def run(self) -> Orders | None:
        frontier: dict[Config, Node] = {(self.space.initial, 0): (None, -1, self.space.initial, 0, 0)}
        for position, event in enumerate(self.trial.events):
            if event >= 0:
                self._called(event)
                continue
            found = self._returned(frontier, ~event, position)
            if found is None:
                return None
            after, explored = found
            if not after:
                return self._stuck(frontier, explored, ~event, position)
            self._end(~event)
            frontier = self._undominated(after) if self.infos else after
        node = min(frontier.values(), key=_longest_first)
        return self._told(frontier, [self._order(node, None, len(self.trial.events))], 1, {})

    # ---- events -----------------------------------------------------------------------------------------------------

    def _called(self, number: int) -> None:
        operation = self.trial.operations[number]
        effect = self.space.effect(operation)
        if operation.outcome == "info":
            if type(effect) is To:  # what changes nothing and may never have happened says nothing
                self.infos |= (bit := self._bit(number))
                self.kinds.setdefault(effect.alike, (effect, []))[1].append((number, bit))
            return
        self._bit(number)
        self.effects[number] = effect

    def _bit(self, number: int) -> int:
        if self.free:
            bit = self.free.pop()
        else:
            bit = 1 << self.slots
            self.slots += 1
        self.bits[number] = bit
        return bit

    def _end(self, number: int) -> None:
        self.free.append(self.bits.pop(number))
        del self.effects[number]

    def _returned(
        self, frontier: dict[Config, Node], number: int, position: int
    ) -> tuple[dict[Config, Node], dict[Config, Node]] | None:
        """The configurations in which `number` has happened, and all that were met. None: too many."""
        bit = self.bits[number]
        after: dict[Config, Node] = {}
        explored: dict[Config, Node] = {}
        queue: list[tuple[Config, bool]] = []
        for (state, mask), before in frontier.items():
            then, node = self._eager(state, mask, before)
            if then & bit:
                after.setdefault((state, then ^ bit), node)
            elif (state, then) not in explored:
                explored[state, then] = node
                queue.append(((state, then), True))
        if queue and not self._expand(queue, explored, bit, after):
            return None
        self._remember(after, explored, number, position)
        return after, explored

    def _expand(
        self, queue: list[tuple[Config, bool]], explored: dict[Config, Node], bit: int, after: dict[Config, Node]
    ) -> bool:
        """All chains of operations under way, the shortest first. False: too many."""
        seen = set(queue)
        for config, any_next in queue:
            state, mask = config
            for number, other, step in self._choices(mask, any_next):
                target = step.step(state)
                info = bool(other & self.infos)
                if target is None or (info and target == state):
                    continue
                self.left -= 1
                if self.left < 0 or len(seen) > _MOST_AT_ONCE:
                    return False
                before = explored[config]
                node = (before, number, target, before[3] + (not info), before[4] + info)
                then, node = self._eager(target, mask | other, node)
                if then & bit:
                    after.setdefault((target, then ^ bit), node)
                    continue
                found = ((target, then), not info or then != mask | other)
                if found not in seen:
                    seen.add(found)
                    explored.setdefault((target, then), node)
                    queue.append(found)
        return True

    def _eager(self, state: Any, mask: int, node: Node) -> tuple[int, Node]:
        """What changes nothing happens as soon as it may."""
        for number, effect in self.effects.items():
            bit = self.bits[number]
            if mask & bit or type(effect) is To:
                continue
            if (effect.state == state) is (type(effect) is Is):  # type: ignore[union-attr]
                node = (node, number, state, node[3] + 1, node[4])
                mask |= bit
        return mask, node

    def _choices(self, mask: int, any_next: bool) -> Iterator[tuple[int, int, To]]:
        """What may change the state now."""
        for number, effect in self.effects.items():
            if type(effect) is To and not mask & self.bits[number] and (any_next or not effect.blind):
                yield number, self.bits[number], effect
        for step, alike in self.kinds.values():
            if any_next or not step.blind:
                first = next(((number, bit) for number, bit in alike if not mask & bit), None)
                if first is not None:
                    yield *first, step

    def _undominated(self, configs: dict[Config, Node]) -> dict[Config, Node]:
        """Of equal state: whoever has used fewer indeterminate operations can do all that the other can."""
        groups: dict[tuple[Any, int], list[int]] = {}
        for state, mask in configs:
            groups.setdefault((state, mask & ~self.infos), []).append(mask & self.infos)
        kept: dict[Config, Node] = {}
        for (state, mask), used in groups.items():
            minimal: list[int] = []
            for one in sorted(used, key=int.bit_count):
                if not any(less & one == less for less in minimal):
                    minimal.append(one)
                    kept[state, mask | one] = configs[state, mask | one]
        return kept

    # ---- what is told -----------------------------------------------------------------------------------------------

    def _remember(self, after: dict[Config, Node], explored: dict[Config, Node], stuck: int, position: int) -> None:
        """Who has happened in some configuration that was met, and in none that goes on: here the last one ends."""
        lost = _any(mask for _, mask in explored) & ~_any(mask for _, mask in after)
        if not lost:
            return
        for number, bit in self.bits.items():
            if lost & bit:
                node = min((n for (_, mask), n in explored.items() if mask & bit), key=_longest_first)
                self.held[number] = (node, position, stuck)

    def _stuck(self, frontier: dict[Config, Node], explored: dict[Config, Node], stuck: int, position: int) -> Orders:
        by_state: dict[Any, Node] = {}
        for node in sorted(explored.values(), key=_longest_first):
            by_state.setdefault(node[2], node)
        told = [self._order(node, stuck, position) for node in list(by_state.values())[:_MOST_STATES]]
        holding: dict[int, int] = {}
        for number in self.bits:
            place = next((i for i, order in enumerate(told) if any(step == number for step, _ in order.steps)), None)
            if place is None and number in self.held:
                node, at, by = self.held[number]
                place = len(told)
                told.append(self._order(node, by, at))
            if place is not None:
                holding[number] = place
        return self._told(frontier, told, len(by_state), holding)

    def _told(self, frontier: dict[Config, Node], found: list[Order], possible: int, holding: dict[int, int]) -> Orders:
        settled = sorted((self.space.show(state) for state in {state for state, _ in frontier}), key=repr)
        return Orders(self.space.show(self.space.initial), settled, found, possible, holding)

    def _order(self, node: Node, stuck: int | None, position: int) -> Order:
        steps = []
        while node[0] is not None:
            steps.append((node[1], self.space.show(node[2])))
            node = node[0]
        return Order(steps[::-1], stuck, position)


def _longest_first(node: Node) -> tuple[int, int]:
    """Most that did happen, and for that fewest of what only may have."""
    return -node[3], node[4]


def _any(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
