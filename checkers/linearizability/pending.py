"""What may still happen at a moment of a search: the operations under way, and those that never returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checkers.linearizability import Effect, Is, To


class Steps(dict[Any, Any]):
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
Choice = tuple[Steps, int, int, int, int, bool]


class Kinds:
    """The indeterminate operations by equal effect. `available` counts those that were called.

    Counters of one configuration share an integer: kind `c` has its count at `shift`, `width` bits wide, whose topmost
    is a guard that is always 0. `most` is more than any kind can have.
    """

    def __init__(self, most: int) -> None:
        self.width = most.bit_length() + 1
        self.field = (1 << (self.width - 1)) - 1
        self.guards = 0
        self.available: list[int] = []
        self.active: list[tuple[int, int, Steps]] = []  # kind, its shift, its steps
        self._numbers: dict[Any, int] = {}

    def called(self, effect: To) -> None:
        number = self._numbers.setdefault(effect.alike, len(self.active))
        if number == len(self.active):
            self.active.append((number, number * self.width, Steps(effect.step, effect.blind)))
            self.available.append(0)
            self.guards |= 1 << (self.width * (number + 1) - 1)
        self.available[number] += 1


class Pending:
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
        self.movers: dict[int, Choice] = {}  # by bit: those that change the state
        self.blind = 0  # bits of the blind ones among them
        self.shared: dict[Any, Steps] = {}  # operations that are alike share their steps

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
            steps = self.shared[effect.alike] = Steps(effect.step, effect.blind)
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
