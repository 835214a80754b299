"""A process stops for a while, as SIGSTOP stops it."""

from __future__ import annotations

from typing import ClassVar

from faults import Fault, OnNodes, Timed
from faults._scopes import OneVerb


class PauseWords(OnNodes):
    """The processes of `nodes` do not run for `for`; then they go on where they were.

    Their kernels still take bytes and connections, so peers notice nothing until their own time-outs.
    """


class Pause(OneVerb):
    ACTION: ClassVar[str] = "pause"
    VERBS: ClassVar[frozenset[str]] = frozenset({"pause"})
    EXAMPLE: ClassVar[str] = "{action: pause, nodes: [desktop-1], at: 2s, for: 1s}"
    Params: ClassVar[type[Timed]] = PauseWords


FAULT: Fault = Pause()
