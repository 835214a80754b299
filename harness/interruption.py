"""Ctrl-C that is not lost.

Python raises KeyboardInterrupt wherever it happens to be. In a finalizer or in the callback of a weak reference, which
cannot raise, it prints a traceback and goes on as if nobody had pressed a key. There the interruption is repeated a
moment later instead, until it meets code that can be interrupted.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

_AGAIN_S = 0.005
_set_timer = signal.setitimer  # the real one, whatever a simulated run replaces


def keep_interruptions() -> None:
    """From now on, in this process. Only the main thread may call it; it takes SIGALRM."""
    former = sys.unraisablehook

    def told(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            _set_timer(signal.ITIMER_REAL, _AGAIN_S)
        else:
            former(unraisable)

    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = told


def _interrupt(signum: int, frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # else it is over by now
        raise KeyboardInterrupt
