"""A process stops for a while, as SIGSTOP stops it."""

from __future__ import annotations

from typing import Any, ClassVar

from faults import Effect, Fault, Ground, Occurrence, OnNodes, Timed
from faults._scopes import OverNodes, Scope


class PauseWords(OnNodes):
    """The processes of `nodes` do not run for `for`; then they go on where they were.

    Their kernels still take bytes and connections, so peers notice nothing until their own time-outs.
    """


class Pause(OverNodes):
    ACTION: ClassVar[str] = "pause"
    VERBS: ClassVar[frozenset[str]] = frozenset({"pause"})
    EXAMPLE: ClassVar[str] = "{action: pause, nodes: [desktop-1], at: 2s, for: 1s}"
    Params: ClassVar[type[Timed]] = PauseWords

    def over(self, ground: Ground, target: str, words: Any, occurrence: Occurrence, effect: Effect) -> Scope:
        return ground.pause(target, effect)


FAULT: Fault = Pause()
