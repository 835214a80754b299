"""The network: who may dial whom, what a connection carries, and what faults and toxics do to it on the way.

What it asks of what stands above is here: `Peer`, a computer with sockets, and `Ground`, the world that a network is
laid in.

Upwards: `links` (a direction and its faults) · `segment` · `taps` · `pipe` (what flies) · `hop` (whole messages) ·
`transport` (one end) · `connection` · `network`.

May use: `harness/runtimes/sim/kernel`, `harness/wire`, `harness`, `faults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from typing import Any, Protocol

from faults import Effect
from harness.runtimes.sim.kernel import Host


class Power(Protocol):
    """What of a machine its sockets feel."""

    @property
    def dark(self) -> int:
        """More than 0: without power."""
        ...

    @property
    def deaf(self) -> list[Effect]:
        """Whose doing it is that its process reads no socket; empty: it reads."""
        ...


class Peer(Host, Protocol):
    """A computer with an address and sockets."""

    @property
    def address(self) -> str: ...

    @property
    def context(self) -> Context: ...

    @property
    def machine(self) -> Power: ...

    @property
    def ended(self) -> bool: ...

    @property
    def endpoints(self) -> dict[Any, None]: ...

    @property
    def listeners(self) -> list[Any]: ...


class Ground(Protocol):
    """What a network is laid in. `trace` tells everything that happens on it."""

    @property
    def seed(self) -> int: ...

    @property
    def nodes(self) -> Mapping[str, Peer]: ...

    def trace(self, kind: str, name: str, data: bytes) -> None: ...
