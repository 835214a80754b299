"""The verbs of `Ground` that are about machines and the processes on them, not about links."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from faults._effect import Effect

Signal = Literal["TERM", "KILL"]


class MachineGround(Protocol):
    """Each is a scope over one node, by its name; of overlapping ones on one node, the last one left heals.

    `kill` ends the process; leaving it starts the same program anew with the same store. `cut_power` does the same to
    the whole machine: its peers hear nothing, and what its disk had not synced is lost. `wipe_store` empties the store
    of a node that was killed. `pause` stops the process as SIGSTOP does. `skew` sets its clocks off by `skew_ms` and
    lets them run at `rate`. `stall` keeps it from reading its sockets. `slow_disk` makes every access to its store take
    `latency_ms` longer; `fill_disk` lets writes fail. `disturb` keeps tasks that are ready waiting, each with `chance`
    and for up to `delay_ms`.
    """

    def kill(self, node: str, signal: Signal, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def cut_power(self, node: str, stream: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def wipe_store(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def pause(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def skew(self, node: str, skew_ms: float, rate: float, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def stall(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def slow_disk(self, node: str, latency_ms: float, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def fill_disk(self, node: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def disturb(
        self, node: str, chance: float, delay_ms: float, stream: str, effect: Effect
    ) -> AbstractAsyncContextManager[None]: ...
