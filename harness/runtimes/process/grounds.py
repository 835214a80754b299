"""Processes as the programs of a run, each with a folder of its own in a temporary one, which goes with the run."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal as signals
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import harness
from harness.runtimes import RunSpec, RuntimeUnavailable
from harness.runtimes.process import leftovers, loopback
from harness.runtimes.process.spawned import Spawned
from harness.runtimes.sockets import certificates
from harness.runtimes.sockets.grounds import Died, GroundsError, Note, Program
from harness.runtimes.sockets.layout import WIRE, Layout
from harness.runtimes.toxiproxy import server as tools

_KILLED = {137: "SIGKILL", 143: "SIGTERM"}  # exit codes that a signal from outside leaves
_HANDED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE")  # of the harness's environment
_CERTIFICATES = ".certificates"  # no node is called so
_CODE = Path(harness.__file__).parents[1]


class ProcessGrounds:
    """See `Grounds`."""

    def __init__(self, spec: RunSpec, told: Died) -> None:
        self._armed = False
        self._spec, self._told = spec, told
        self._folder = Path(tempfile.mkdtemp(prefix="jobsync-harness-"))
        self._spawned: dict[str, Spawned] = {}
        self._ours: Counter[str] = Counter()  # node → deaths that the plan is about to cause
        self._toxiproxy = Path()

    async def open(self, note: Note) -> Layout:
        leftovers.sweep(note)
        try:
            found = tools.find_toxiproxy()
            self._toxiproxy = found if found is not None else await asyncio.to_thread(tools.build_toxiproxy, note)
        except tools.ToolMissing as exc:
            raise RuntimeUnavailable(str(exc)) from exc
        return self.placed()

    def placed(self) -> Layout:
        """Where everything will be; programs can be launched there, but for Toxiproxy. Raises `RuntimeUnavailable`."""
        system, folder = self._spec.system, self._folder
        subnets, certificates_in = loopback.subnets(self._spec.run_id), folder / _CERTIFICATES
        layout = Layout(system, subnets, str(folder / "{name}"), certificates_in=certificates_in)
        if any(node.tls for node in system.nodes):
            certificates.issue(certificates_in, layout.data(WIRE))
        return layout

    async def is_well(self, name: str) -> bool:
        return True  # no process has a health check

    async def launch(self, program: Program, layout: Layout) -> None:
        argv = {"toxiproxy": [str(self._toxiproxy)], "python": [sys.executable, "-m"]}.get(program.kind, [])
        ended, folder = partial(self._ended, program.name), self._folder / program.name
        cwd = Path(program.folder) if program.folder is not None else folder
        spawned = Spawned([*argv, *program.argv], self._environment(program), folder, cwd, ended)
        self._spawned[program.name] = spawned
        await self._started(spawned)

    def _environment(self, program: Program) -> dict[str, str]:
        """Ours get nothing of the harness's own environment but what a program cannot do without."""
        handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
        own = {leftovers.MARK: leftovers.mark(self._spec.run_id), **program.env}
        if program.kind == "command":
            return {**os.environ, **own}
        paths = [
            program.folder,
            str(_CODE),
            *([] if program.is_own else [os.environ.get("PYTHONPATH"), str(Path.cwd())]),
        ]
        python = {"PYTHONPATH": os.pathsep.join(path for path in paths if path), "PYTHONUNBUFFERED": "1"}
        return {**handed_on, **python, **own}

    async def _started(self, spawned: Spawned) -> None:
        try:
            await spawned.start()
        except OSError as exc:
            raise GroundsError(str(exc)) from exc

    def _ended(self, name: str, code: int) -> None:
        if self._ours[name] > 0:
            self._ours[name] -= 1
        elif self._armed:
            self._told(name, _how(name, code), time.monotonic_ns())

    async def start(self, name: str) -> None:
        await self._started(self._spawned[name])

    async def restart(self, name: str) -> None:
        await self._spawned[name].end()
        await self._started(self._spawned[name])

    async def signal(self, name: str, signal: str) -> None:
        try:
            self._spawned[name].signal(signals.Signals[f"SIG{signal}"])
        except (ProcessLookupError, PermissionError) as exc:
            raise GroundsError(f"{name}: {exc}") from exc

    async def pause(self, name: str) -> None:
        try:
            self._spawned[name].pause()
        except ProcessLookupError as exc:
            raise GroundsError(f"{name}: {exc}") from exc

    async def unpause(self, name: str) -> None:
        self._spawned[name].unpause()

    async def runs(self, name: str) -> bool:
        return self._spawned[name].runs

    async def exited(self) -> Mapping[str, int]:
        return {name: spawned.code for name, spawned in self._spawned.items() if spawned.code is not None}

    async def tail(self, name: str) -> str:
        return self._spawned[name].tail()

    async def save_logs(self, directory: Path) -> None:
        try:
            for name, spawned in self._spawned.items():
                into = directory / "nodes" / name
                into.mkdir(parents=True, exist_ok=True)
                for stream in ("stdout", "stderr"):
                    (into / f"{stream}.log").write_bytes(spawned.log(stream))
        except OSError as exc:
            raise GroundsError(str(exc)) from exc

    async def wipe(self, name: str) -> bool:
        stores = list((self._folder / name).glob("store.db*"))
        if self._spawned[name].runs:
            return False
        for store in stores:
            store.unlink(missing_ok=True)
        return bool(stores)

    def expect_death(self, name: str) -> None:
        self._ours[name] += 1

    def forget_death(self, name: str) -> None:
        self._ours[name] -= 1

    def arm(self) -> None:
        self._armed = True

    def disarm(self) -> None:
        self._armed = False

    async def close(self) -> list[str]:
        await asyncio.gather(*(spawned.end() for spawned in self._spawned.values()))
        shutil.rmtree(self._folder, ignore_errors=True)
        return []


def _how(name: str, code: int) -> dict[str, Any]:
    if code in _KILLED:
        return {"code": code, "by": "outside", "said": f"something outside sent it {_KILLED[code]}"}
    return {"code": code, "by": "itself", "said": f"see nodes/{name}/stderr.log"}
