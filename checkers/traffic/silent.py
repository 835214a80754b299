"""Clients that journal nothing of their links: what they say in the end, and when the wire was last heard by them."""

from __future__ import annotations

from checkers.traffic.bounds import Bounds
from checkers.traffic.connections import Client
from harness.history import Op


def unregistered_ns(client: Client, final: Op | None, disturbed: Op | None, last: Op, bounds: Bounds) -> int | None:
    """How long a client that says it is not registered has had no excuse for it; None: it has one.

    `disturbed`: what touched its path last. No message reaches a client that is not registered.
    """
    state = final.value if final is not None and isinstance(final.value, dict) else {}
    if state.get("registered") is not False or state.get("foreground") is False or client.away or client.faults:
        return None
    heard_ns = client.arrivals.times[False][-1:]
    since_ns = max(disturbed.time_ns if disturbed is not None else 0, *heard_ns, 0)
    took_ns = last.time_ns - since_ns
    return took_ns if took_ns > bounds.registered_ns else None
