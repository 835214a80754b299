"""Processes whose harness is gone. They end with it by themselves (`spawned`); this is for those that could not.

Every process of a run has `JOBSYNC_HARNESS` in its environment: the run, and the pid of its harness with the time at
which that was started, so that a pid that is used again is not taken for it. Read from /proc; where there is none,
nothing is found.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MARK = "JOBSYNC_HARNESS"


class Left(NamedTuple):
    pid: int
    run_id: str


def mark(run_id: str) -> str:
    return f"{run_id} {os.getpid()} {_started(os.getpid())}"


def found() -> list[Left]:
    left = []
    for entry in Path("/proc").glob("[0-9]*"):
        said = _mark_of(entry)
        if said is not None and _started(int(said[1])) != said[2] and _started(int(entry.name)):
            left.append(Left(int(entry.name), said[0]))
    return sorted(left)


def sweep(note: Callable[[str], None]) -> list[str]:
    """End them; says what became of each."""
    lines = []
    for one in found():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, signal.SIGKILL)
        lines.append(f"process {one.pid} of run {one.run_id}: ended")
    for line in lines:
        note(f"left over by a killed harness: {line}")
    return lines


def _mark_of(entry: Path) -> tuple[str, str, str] | None:
    """(run, pid, start) that a process carries in its environment; None: it is none of ours."""
    with suppress(OSError, ValueError):
        for variable in (entry / "environ").read_bytes().split(b"\0"):
            if variable.startswith(MARK.encode() + b"="):
                run_id, pid, started = variable.decode().partition("=")[2].split(" ")
                return run_id, pid, started
    return None


def _started(pid: int) -> str:
    """When a process started, in ticks since boot; empty when there is none, or only its corpse."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""
