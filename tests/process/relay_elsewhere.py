"""A relay that nobody of the harness has started, and a topology with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from real_runs import LIMIT_S

ROOT = Path(__file__).parents[2]
SECRET = "a secret that only this test and its relay know"


def external(url: str, more: str = "") -> str:
    """A relay elsewhere; clients sign their tokens with its secret."""
    clients = "".join(f'  {name}: {{env: {{JWT_SECRET: "{SECRET}"}}}}\n' for name in ("desktop-1", "mobile-1"))
    return f'  relay: {{kind: external, url: "{url}"{more}}}\n{clients}'


@contextmanager
def elsewhere(folder: Path) -> Iterator[str]:
    """A relay that nobody of the harness started, and scripts to kill, pause and start it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"NODE_NAME": "relay", "RELAY_HOST": "127.0.0.1", "RELAY_PORT": str(port), "TIMING_SCALE": "20"}
    exports = "\n".join(f"export {name}='{value}'" for name, value in (told | {"JWT_SECRET": SECRET}).items())
    pid = folder / "relay.pid"
    begin = f"cd {ROOT}\n{exports}\nsetsid {sys.executable} -m targets.relay >/dev/null 2>&1 &\necho $! > {pid}\n"
    log = folder / "hooks.log"
    (folder / "start.sh").write_text(
        f"echo start >> {log}\nif [ -f {pid} ]; then kill -CONT $(cat {pid}); exit; fi\n{begin}"
    )
    (folder / "kill.sh").write_text(f"echo kill >> {log}\nkill -KILL $(cat {pid})\nrm {pid}\n")
    (folder / "pause.sh").write_text(f"echo pause >> {log}\nkill -STOP $(cat {pid})\n")
    subprocess.run(["sh", "-c", begin], check=True, start_new_session=True)
    _until_it_listens(port)
    try:
        yield f"ws://127.0.0.1:{port}/ws/device-link"
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), 9)


def _until_it_listens(port: int) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
