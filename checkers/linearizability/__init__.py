"""Linearizability of concurrent operations on one object: exact, first failure first.

A *trial* is a history of one object: `operations` and `events`, where event `i` is the call of operation `i` and `~i`
its return, in time order. An indeterminate operation (`info`) has a call and no return: it may take effect at any
time after it, or never. A *model* says what operations mean; it compiles a trial into effects (`Effect`), and the
`frontier` decides. Histories of many keys are split into one trial a key first (P-compositionality: Horn & Kroening,
"Faster linearizability checking via P-compositionality", 2015).

This package imports nothing of the rest of the house, trials in, answers out, so the engine may use it as a library.

`decide` (which method: the cheapest exact one) · `frontier` with `pending` and `foresight` (any model) · `registers`,
`stores`, `transactions` (models) · `zones`, `buckets`, `counter`, `single_writer` (linear time, where the data allow
it) · `unwritten` (what a search is too wide for) · `prefixes` (the shortest that fails) · `partial` (how far a
history can be explained) · `values` · `engine` (`native/`, the same in C).

May use: nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from checkers.linearizability.values import edn

State = Hashable


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is what was asked (a write's value, a compare-and-set's `(from, to)`), `result` what came back."""

    f: str
    value: Any = None
    result: Any = None
    outcome: Literal["ok", "fail", "info"] = "ok"
    key: Hashable = None
    process: str = ""
    line: int = 0  # of the file it was read from, where it was called
    answered: int = 0  # the line of its return; 0: it did not return, or nobody counted

    def __str__(self) -> str:
        return self.told(edn)

    def told(self, shown: Callable[[Any], str]) -> str:
        """In one line, values as `shown` has them."""
        asked = "" if self.value is None else f" {shown(self.value)}"
        told = f" → {shown(self.result)}" if self.f in ("read", "get") or self.result is not None else ""
        return f"{self.f}{asked}{told}{' (failed)' if self.outcome == 'fail' else ''}"


class Trial(msgspec.Struct):
    """See the package. Raises nothing; `Malformed` is for those who build one."""

    operations: list[Operation]
    events: list[int]


class Malformed(ValueError):
    """A history that is none: an operation that returns without a call, an unknown operation, …"""


# ---- what an operation does to a state ---------------------------------------------------------------------------


class Is(msgspec.Struct, frozen=True):
    """Legal in exactly this state, and changes nothing: a read."""

    state: State


class IsNot(msgspec.Struct, frozen=True):
    """Legal in every state but this one, and changes nothing: a compare-and-set that failed."""

    state: State


class To(msgspec.Struct, frozen=True):
    """Changes the state. `step` gives the new state, or None where it is illegal.

    `blind`: the new state does not depend on the old one. Operations of equal `alike` have equal steps.
    """

    step: Callable[[Any], State | None]
    blind: bool
    alike: Hashable


Effect = Is | IsNot | To


class Space(Protocol):
    """A trial as its model sees it. States are hashable and never None."""

    initial: State
    dead: State | None  # a state that nothing observed can come from but through a blind step; None: there is none
    trapped: bool  # no operation of the trial is a blind step

    def effect(self, operation: Operation) -> Effect: ...

    def show(self, state: Any) -> Any:
        """The state as a reader knows it."""
        ...


class Model(Protocol):
    NAME: str
    SUMMARY: str  # one line for people; {} is its value at first
    OPERATIONS: Mapping[str, str]  # f → what it does
    KEYED: bool | None  # operations name a key, and each key is an object of its own; None: if they name one

    def space(self, operations: Sequence[Operation]) -> Space:
        """Raises `Malformed` for an operation that the model does not know."""
        ...


# ---- answers -------------------------------------------------------------------------------------------------------


class Linearizable(msgspec.Struct, frozen=True):
    """Some order explains every answer. `peak` is the greatest number of configurations at once."""

    method: str
    peak: int = 1


class NotLinearizable(msgspec.Struct, frozen=True, kw_only=True):
    """No order explains the answers of the events up to `position`; without that last event one does.

    `blamed` returns there; `states` are those the object could have been in before it, `pending` the operations that
    were under way.
    """

    method: str
    blamed: int
    position: int
    states: list[Any] = msgspec.field(default_factory=list)
    pending: list[int] = msgspec.field(default_factory=list)


class OutOfBudget(msgspec.Struct, frozen=True):
    """Too many orders to try; everything up to event `position` can be explained."""

    method: str
    position: int


Answer = Linearizable | NotLinearizable | OutOfBudget
