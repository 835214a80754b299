"""How a component is driven and watched: the same handlers over a WebSocket, or in the process of a simulator.

A component builds a `Handlers`, calls `attach(handlers, env)` once, and writes journal lines with the `Journal` it gets
back. Where it is attached to is not its business: a host in the same process registers itself in `HOST`, and then
the handlers are called in the node's context; else the component listens on `HARNESS_PROBE_PORT` or dials
`HARNESS_PROBE_URL`; with neither, the journal goes nowhere and the component runs alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from targets.probe.contract import (
    HOST,
    Definite,
    Handlers,
    Indeterminate,
    Journal,
    ProbeHost,
    ProbeRefused,
    Value,
)

__all__ = ["HOST", "Definite", "Handlers", "Indeterminate", "Journal", "ProbeHost", "ProbeRefused", "Value", "attach"]


def attach(handlers: Handlers, env: Mapping[str, str]) -> Journal:
    """Open the component's probe and return its journal. Call it once, inside the running loop, before anything else.

    Raises ProbeRefused for a probe without a token: whoever reaches it could drive the component.
    """
    host = HOST.get()
    if host is not None:
        return host.attach(handlers)
    from targets.probe import websocket  # noqa: PLC0415  (a simulated component has no use for it)

    return websocket.open_probe(handlers, env)
