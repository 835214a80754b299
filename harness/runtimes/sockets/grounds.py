"""What a runtime with real sockets has to bring: programs that it starts, signals and removes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from harness.runtimes import RunSpec
from harness.runtimes.sockets.layout import Layout
from harness.schedule import Container, Node

Note = Callable[[str], None]
Died = Callable[[str, dict[str, Any], int], None]  # who, how (`code`, `by`, `said`), when by the monotonic clock


class GroundsError(Exception):
    """Something could not be done to a program; the message is for people."""


@dataclass(frozen=True)
class Program:
    """`argv` is by kind: a Python module and what it is told; what Toxiproxy's server is told; a whole command line;
    nothing for an image, whose `container` says how it is started.

    `folder`: where a module is looked for first, or where a command is started. `is_own`: the product's own code.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    kind: Literal["python", "toxiproxy", "command", "image"] = "python"
    folder: str | None = None
    container: Container = field(default_factory=Container)
    is_own: bool = True


def program_of(node: Node, env: Mapping[str, str]) -> Program:
    """What is started for a node; not for an external one."""
    match node.kind:
        case "module":
            return Program(node.name, ["targets.program", node.module or ""], env, folder=node.path, is_own=False)
        case "command":
            return Program(node.name, node.command, env, kind="command", folder=node.path, is_own=False)
        case "image":
            container = msgspec.structs.replace(node.container or Container(), image=node.image or "")
            return Program(node.name, [], env, kind="image", container=container, is_own=False)
    return Program(node.name, [f"targets.{node.role}"], env)


def programs_of(services: Mapping[str, Container]) -> list[Program]:
    """What is only started."""
    return [
        Program(name, [], container.env, kind="image", container=container, is_own=False)
        for name, container in services.items()
    ]


class Reach(Protocol):
    """What can be done to programs that run. Whatever fails raises `GroundsError`.

    `expect_death` says that the next end of one is asked for, and `forget_death` that it was not after all.
    """

    async def start(self, name: str) -> None:
        """Start anew what has ended, with the program and the environment that it had."""
        ...

    async def signal(self, name: str, signal: str) -> None:
        """`signal` as `KILL`, `TERM`, …; the program must be running."""
        ...

    async def pause(self, name: str) -> None: ...

    async def unpause(self, name: str) -> None:
        """Nothing, when it is not paused."""
        ...

    async def runs(self, name: str) -> bool: ...

    async def wipe(self, name: str) -> bool:
        """Remove the files of a program that has ended; was there anything?"""
        ...

    def expect_death(self, name: str) -> None: ...

    def forget_death(self, name: str) -> None: ...


class Grounds(Reach, Protocol):
    """The programs of one run. Whatever fails raises `GroundsError`, but for `open` and `close`.

    `told` hears of every program that ended without having been asked to, once it is armed.
    """

    async def open(self, note: Note) -> Layout:
        """Make ready what all programs need. Raises `RuntimeUnavailable`."""
        ...

    async def launch(self, program: Program, layout: Layout) -> None: ...

    async def is_well(self, name: str) -> bool:
        """Does it say so by its health check, or has none?"""
        ...

    async def restart(self, name: str) -> None:
        """End it however it is, and start it anew."""
        ...

    async def exited(self) -> Mapping[str, int]:
        """Those that have ended, each with its exit code."""
        ...

    async def tail(self, name: str) -> str:
        """The end of what it has written."""
        ...

    async def save_logs(self, directory: Path) -> None:
        """`nodes/NAME/{stdout,stderr}.log` of all programs."""
        ...

    def arm(self) -> None:
        """From now on deaths are told."""
        ...

    def disarm(self) -> None:
        """Nothing is told from now on."""
        ...

    async def close(self) -> list[str]:
        """Remove everything, also what is being made at this moment; returns what could not be removed."""
        ...


@runtime_checkable
class PlacesPrograms(Protocol):
    """A runtime that launches single programs, without links between them."""

    def place(self, spec: RunSpec) -> tuple[Grounds, Layout]:
        """Whoever asks closes the grounds. Raises `RuntimeUnavailable`."""
        ...
