"""What a runtime with real sockets has to bring: programs that it starts, signals and removes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.runtimes.sockets.layout import Layout

Note = Callable[[str], None]
Died = Callable[[str, dict[str, Any], int], None]  # who, how (`code`, `by`, `said`), when by the monotonic clock


class GroundsError(Exception):
    """Something could not be done to a program; the message is for people."""


@dataclass(frozen=True)
class Program:
    """`argv` begins with the name of a Python module, or is what Toxiproxy's server is told."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    is_toxiproxy: bool = False


class Grounds(Protocol):
    """The programs of one run. Whatever fails raises `GroundsError`, but for `open` and `close`.

    `told` hears of every program that ended without having been asked to, once `armed`; `expect_death` says that the
    next end of one is asked for, and `forget_death` that it was not after all.
    """

    armed: bool

    async def open(self, note: Note) -> Layout:
        """Make ready what all programs need. Raises `RuntimeUnavailable`."""
        ...

    async def launch(self, program: Program, layout: Layout) -> None: ...

    async def start(self, name: str) -> None:
        """Start anew what has ended, with the program and the environment that it had."""
        ...

    async def restart(self, name: str) -> None:
        """End it however it is, and start it anew."""
        ...

    async def signal(self, name: str, signal: str) -> None:
        """`signal` as `KILL`, `TERM`, …; the program must be running."""
        ...

    async def pause(self, name: str) -> None: ...

    async def unpause(self, name: str) -> None:
        """Nothing, when it is not paused."""
        ...

    async def runs(self, name: str) -> bool: ...

    async def exited(self) -> Mapping[str, int]:
        """Those that have ended, each with its exit code."""
        ...

    async def tail(self, name: str) -> str:
        """The end of what it has written."""
        ...

    async def save_logs(self, directory: Path) -> None:
        """`nodes/NAME/{stdout,stderr}.log` of all programs."""
        ...

    async def wipe(self, name: str) -> bool:
        """Remove the files of a program that has ended; was there anything?"""
        ...

    def expect_death(self, name: str) -> None: ...

    def forget_death(self, name: str) -> None: ...

    def disarm(self) -> None:
        """Nothing is told from now on."""
        ...

    async def close(self) -> list[str]:
        """Remove everything, also what is being made at this moment; returns what could not be removed."""
        ...
