"""A real Toxiproxy server as a process of a test."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.runtimes.toxiproxy.adapter import Toxiproxy, ToxiproxyWedged

_STARTS_WITHIN_S = 20.0


@dataclass
class RunningToxiproxy:
    """One server process of a test."""

    binary: Path
    process: subprocess.Popen[bytes]
    host: str
    port: int

    @property
    def api(self) -> Toxiproxy:
        return Toxiproxy(self.host, self.port)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """It takes connections and says nothing from here on, until `thaw`."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self.process.pid}/task")
        while any(_state(task) != "T" for task in tasks.iterdir()):
            time.sleep(0.001)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Killed, and begun anew on the same port, without proxies."""
        self.stop()
        self.process = _process(self.binary, self.port)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def start_toxiproxy(binary: Path) -> RunningToxiproxy:
    """A server that answers."""
    port = free_port()
    running = RunningToxiproxy(binary, _process(binary, port), "127.0.0.1", port)
    deadline_s = time.monotonic() + _STARTS_WITHIN_S
    while True:
        try:
            running.api.version()
        except ToxiproxyWedged:
            if time.monotonic() > deadline_s:
                running.stop()
                raise
            time.sleep(0.01)
        else:
            return running


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


def _process(binary: Path, port: int) -> subprocess.Popen[bytes]:
    command = [str(binary), "-host", "127.0.0.1", "-port", str(port)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
