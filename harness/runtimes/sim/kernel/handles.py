"""asyncio's handles, made and cancelled with less ado: there is no debug mode in a simulation, and there are millions.

They are what the standard library's are in every other respect, attribute for attribute.
"""

from __future__ import annotations

from asyncio import events
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any


class SimHandle(events.Handle):
    __slots__ = ()

    def __init__(
        self, callback: Callable[..., Any] | None, args: Any, loop: Any, context: Context | None = None
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = None
        self._args = None  # type: ignore[assignment]


class SimTimer(events.TimerHandle):
    """One that stands in the loop's heap."""

    __slots__ = ()

    def __init__(
        self, when: float, callback: Callable[..., Any] | None, args: Any, loop: Any, context: Context | None = None
    ) -> None:
        self._when = when
        self._scheduled = True
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None

    def cancel(self) -> None:
        if not self._cancelled:
            self._loop._timer_handle_cancelled(self)
            self._cancelled = True
            self._callback = None
            self._args = None  # type: ignore[assignment]
