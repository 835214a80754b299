"""Ctrl-C that is not lost, and that breaks no tidying up.

Python raises KeyboardInterrupt wherever it happens to be. In a finalizer or in the callback of a weak reference, which
cannot raise, it prints a traceback and goes on as if nobody had pressed a key. There the interruption is repeated a
moment later instead, until it meets code that can be interrupted. And an impatient hand presses more than once: the
second interruption would break what the first one left to be tidied up, so it waits while code is `uninterrupted`.

A simulated program may raise KeyboardInterrupt itself. What a person asked for is an `Interrupted`.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_AGAIN_S = 0.005
_set_timer = signal.setitimer  # the real one, whatever a simulated run replaces


class Interrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C, or sent SIGTERM to a command."""


class _State:
    held = False  # interruptions wait
    waiting = False  # one does


def keep_interruptions() -> None:
    """From now on, in this process. Only the main thread may call it; it takes SIGALRM, and SIGINT if nobody has it."""
    former = sys.unraisablehook

    def told(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            _set_timer(signal.ITIMER_REAL, _AGAIN_S)
        else:
            former(unraisable)

    signal.signal(signal.SIGALRM, _again)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = told


@contextmanager
def recognized() -> Iterator[None]:
    """Within, Ctrl-C is an `Interrupted`, also in a process that did not call `keep_interruptions`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    plain = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if plain:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        if plain:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C comes when this is over (or within `interruptible`), if `keep_interruptions` was called."""
    former, _State.held = _State.held, True
    try:
        yield
    finally:
        _release(former)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within `uninterrupted`: Ctrl-C may come here, and one that waits does."""
    former = _State.held
    try:
        _release(False)
        yield
    finally:
        _State.held = former


def _release(held: bool) -> None:
    _State.held = held
    if _State.waiting and not held:
        _State.waiting = False
        raise Interrupted


def _again(signum: int, frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # else it is over by now
        _interrupt(signum, frame)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    if _State.held:
        _State.waiting = True
    else:
        raise Interrupted
