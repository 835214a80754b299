"""`harness run … --runtime process`, and the processes it has."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from real_runs import LIMIT_S, Commands, Started

from harness.runtimes.process.leftovers import MARK


class StartedProcesses(Started):
    """A run under way."""

    def pid_of(self, name: str) -> int:
        """Of this run's node, of `wire` or `toxiproxy`."""
        return next(pid for pid in processes_of(self.process.pid) if _folder(pid).name == name)

    def end(self, name: str, signal: int) -> None:
        os.kill(self.pid_of(name), signal)


class Machine(Commands[StartedProcesses]):
    RUNTIME = "process"

    def begun(self, process: subprocess.Popen[str], store: Path) -> StartedProcesses:
        return StartedProcesses(process, store)


def processes_of(harness: int) -> list[int]:
    """Those alive that a harness of that pid has started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        marks = [v.decode().split(" ")[1] for v in variables if v.startswith(f"{MARK}=".encode())]
        if marks == [str(harness)] and not dead:
            found.append(int(entry.name))
    return found


def all_end(harness: int) -> bool:
    """Within the limit."""
    deadline_s = time.monotonic() + LIMIT_S
    while processes_of(harness):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True


def _folder(pid: int) -> Path:
    return Path(f"/proc/{pid}/cwd").readlink()
