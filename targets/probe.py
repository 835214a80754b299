"""How a component is driven and watched: the same handlers over a WebSocket, or in the process of a simulator.

A component builds a `Handlers`, calls `attach(handlers, env)` once, and writes journal lines with the `Journal` it gets
back. Where it is attached to is not its business: a host in the same process registers itself in `HOST`, and then
the handlers are called in the node's context; else the component listens on `HARNESS_PROBE_PORT` or dials
`HARNESS_PROBE_URL`; with neither, the journal goes nowhere and the component runs alone.
"""

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


def attach(handlers: Handlers, env: Mapping[str, str]) -> Journal:
    """Open the component's probe and return its journal. Call it once, inside the running loop, before anything else.

    Raises ProbeRefused for a probe without a token: whoever reaches it could drive the component.
    """
    host = HOST.get()
    if host is not None:
        return host.attach(handlers)
    from targets import probe_socket  # noqa: PLC0415  (a simulated component has no use for it)

    return probe_socket.open_probe(handlers, env)
