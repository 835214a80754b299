"""One program of a run as a process, with its logs in files; it ends with its harness, however that ends."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_TAIL_BYTES = 4000
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)


class Spawned:
    """`ended(code)` is called when it ends; a death by signal has the code that shells give it, 128 and the signal."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], folder: Path, cwd: Path, ended: Callable[[int], None]
    ) -> None:
        """`folder` is its own, for its logs and what it keeps; `cwd` is where it is started."""
        self._argv, self._env, self._folder, self._cwd = list(argv), dict(env), folder, cwd
        self._ended = ended
        self._process: asyncio.subprocess.Process | None = None
        self._waiter: asyncio.Task[None] | None = None
        self._stopped = False
        self.code: int | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self.code is None

    async def start(self) -> None:
        """Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.code, self._stopped = None, False
        with (self._folder / "stdout.log").open("ab") as out, (self._folder / "stderr.log").open("ab") as err:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                env=self._env,
                cwd=self._cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # Ctrl-C is for the harness
                preexec_fn=_end_with_parent,
            )
        self._waiter = asyncio.create_task(self._wait(self._process))

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self.code = 128 - code if code < 0 else code
        self._ended(self.code)

    def signal(self, number: int) -> None:
        """To the process and whatever it has started. Raises ProcessLookupError when it has ended."""
        if self._process is None or self.code is not None:
            raise ProcessLookupError("it has ended")
        os.killpg(self._process.pid, number)

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)
        self._stopped = True

    def unpause(self) -> None:
        if self._stopped and self.runs:
            self.signal(signal.SIGCONT)
        self._stopped = False

    async def end(self) -> None:
        """It is gone when this returns."""
        with suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        if self._waiter is not None:
            await self._waiter

    def tail(self) -> str:
        text = "".join(self.log(stream)[-_TAIL_BYTES:].decode("utf-8", "replace") for stream in ("stdout", "stderr"))
        return text.strip()

    def log(self, stream: str) -> bytes:
        with suppress(OSError):
            return (self._folder / f"{stream}.log").read_bytes()
        return b""
