"""The lowest floor: a loop with virtual time, clocks and entropy as a node sees them, fences around the rest.

What it asks of the others stands here: `Host`, a computer whose program's callbacks run in a context that names it;
`Wires`, where a connection is dialled and listened for; and `Tenancy`.

`loop` with `handles` · `clockwork` (clocks and entropy) · `fences` and `guard` (what cannot be simulated, and where
it was done) · `stacks` (what tasks await) · `logs` · `exits` (how a process ends).

May use: `harness/runtimes`, `harness`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final, Protocol

EPOCH_S: Final = 1_767_225_600  # the wall clock at the beginning of every run: 2026-01-01 00:00 UTC


class Host(Protocol):
    """Whose code it is that runs now. Two of them may be one machine, before and after a restart."""

    @property
    def name(self) -> str: ...

    @property
    def draws(self) -> random.Random: ...

    def monotonic_ns(self) -> int: ...

    def wall_ns(self) -> int: ...

    def wall_s(self) -> float: ...

    def due_ns(self, when_s: float) -> int:
        """The true time at which its monotonic clock reaches `when_s`."""
        ...


class Tenancy(Protocol):
    """What of the interpreter is another one for every node's code."""

    def enter(self, node: Host | None) -> None:
        """Called before code of `node` runs."""
        ...


class Wires(Protocol):
    """What `create_connection`, `create_server` and `getaddrinfo` reach."""

    async def connect(self, factory: Callable[[], Any], host: str, port: int) -> tuple[Any, Any]: ...

    def listen(self, factory: Callable[[], Any], port: int, start: bool) -> Any: ...

    def addresses(self, host: str, port: int) -> list[tuple[Any, ...]]: ...
