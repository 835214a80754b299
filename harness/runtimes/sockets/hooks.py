"""A part of the system that runs elsewhere: what is done to it, its hooks do.

A hook is a command line that the harness runs here, in the environment of its user; it has done its work when it ends
with 0. `start` begins what `kill` or `stop` ended, and lets go on what `pause` stopped.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping

from harness.runtimes.sockets.grounds import GroundsError
from harness.schedule import System

_LIMIT_S = 60.0
_TOLD = 500  # characters of what a hook said
_WAYS = {"KILL": ("kill", "stop"), "TERM": ("stop", "kill")}  # signal → hooks, the best first


class Hooks:
    """`Reach` of external nodes."""

    def __init__(self, system: System) -> None:
        self._hooks = {node.name: node.hooks for node in system.nodes if node.kind == "external"}
        self._down: set[str] = set()
        self._paused: set[str] = set()

    async def start(self, name: str) -> None:
        await self._run(name, ("start",))
        self._down.discard(name)

    async def begin_anew(self, name: str) -> None:
        """Before the run: end it, empty its store and start it, as far as there are hooks to do it."""
        hooks = self._hooks[name]
        if "start" in hooks and (set(hooks) & {"kill", "stop"}):
            await self._run(name, _WAYS["KILL"])
            if "wipe" in hooks:
                await self._run(name, ("wipe",))
            await self._run(name, ("start",))

    async def signal(self, name: str, signal: str) -> None:
        await self._run(name, _WAYS.get(signal, _WAYS["KILL"]))
        self._down.add(name)

    async def pause(self, name: str) -> None:
        await self._run(name, ("pause",))
        self._paused.add(name)

    async def unpause(self, name: str) -> None:
        if name in self._paused:
            self._paused.discard(name)
            await self._run(name, ("start",))

    async def runs(self, name: str) -> bool:
        return name not in self._down

    async def wipe(self, name: str) -> bool:
        await self._run(name, ("wipe",))
        return True

    def expect_death(self, name: str) -> None:
        """Nobody here hears of it."""

    def forget_death(self, name: str) -> None:
        """Nobody here hears of it."""

    async def _run(self, name: str, ways: tuple[str, ...]) -> None:
        hooks: Mapping[str, list[str]] = self._hooks[name]
        way = next((way for way in ways if way in hooks), None)
        if way is None:
            raise GroundsError(f"{name} has no hook {ways[0]!r}")
        try:
            done = await asyncio.to_thread(_ran, hooks[way])
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise GroundsError(f"the hook {way!r} of {name}: {exc}") from exc
        if done.returncode != 0:
            said = done.stdout.decode("utf-8", "replace").strip()[-_TOLD:]
            raise GroundsError(f"the hook {way!r} of {name} ended with {done.returncode}: {said}")


def _ran(argv: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_LIMIT_S, check=False
    )
