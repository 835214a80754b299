"""What a component and whoever drives it say to each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

Value = Mapping[str, Any]


class Definite(Exception):
    """An operation that did **not** happen (`fail`). `code` is the RPC error code or a word of its own."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message or code


class Indeterminate(Exception):
    """An operation that may have happened or may yet (`info`): timeout, disconnected, internal."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message or code


class Journal(Protocol):
    def __call__(self, line: str, /, **fields: Any) -> None:
        """Write one journal line (`line` is its name, as in docs/journal.md), before anything that depends on it."""
        ...


@dataclass(frozen=True)
class Handlers:
    """A component's side of the probe.

    `op(f, value)` performs one operation of the closed table and returns its JSON-able result, or raises `Definite` or
    `Indeterminate`. `state()` is the canonical snapshot: `{"jobs": {id: row}, "gauges": {name: n}, …}`.
    """

    name: str
    role: str
    level: int
    op: Callable[[str, Value], Awaitable[Any]]
    state: Callable[[], Awaitable[dict[str, Any]]]


class ProbeHost(Protocol):
    """Somebody in this very process who drives components (the simulator)."""

    def attach(self, handlers: Handlers) -> Journal: ...


HOST: ContextVar[ProbeHost | None] = ContextVar("probe_host", default=None)


class ProbeRefused(Exception):
    """A probe that may not be opened; the message says what to set."""
