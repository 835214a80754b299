"""Engines and tools that some tests need: absent, those tests are skipped with the reason, unless
`HARNESS_REQUIRE` names them (`docker,toxiproxy`): then they fail. CI sets it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from harness import registry, tools
from harness.toxiproxy import Toxiproxy, ToxiproxyWedged

_STARTS_WITHIN_S = 20.0


def _absent(what: str, reason: str) -> NoReturn:
    if what in os.environ.get("HARNESS_REQUIRE", "").replace(" ", "").split(","):
        pytest.fail(f"HARNESS_REQUIRE names {what}, but: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """A Docker engine that the docker runtime can use, with all it needs."""
    missing = registry.find("runtime", "docker").missing()
    if missing:
        _absent("docker", "; ".join(missing))


@pytest.fixture(scope="session")
def toxiproxy_binary() -> Path:
    """A toxiproxy-server program."""
    try:
        found = tools.find_toxiproxy()
    except tools.ToolMissing as exc:
        _absent("toxiproxy", str(exc))
    if found is None:
        _absent("toxiproxy", "no toxiproxy-server: run `make tools`, or name one in TOXIPROXY_SERVER")
    return found


@dataclass
class RunningToxiproxy:
    """One server process of a test."""

    process: subprocess.Popen[bytes]
    host: str
    port: int

    @property
    def api(self) -> Toxiproxy:
        return Toxiproxy(self.host, self.port)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def start_toxiproxy(binary: Path) -> RunningToxiproxy:
    port = free_port()
    command = [str(binary), "-host", "127.0.0.1", "-port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running = RunningToxiproxy(process, "127.0.0.1", port)
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while True:
        try:
            running.api.version()
        except ToxiproxyWedged:
            if time.monotonic() > deadline:
                running.stop()
                raise
            time.sleep(0.01)
        else:
            return running


@pytest.fixture
def toxiproxy_server(toxiproxy_binary: Path) -> Iterator[RunningToxiproxy]:
    """A fresh server without proxies."""
    running = start_toxiproxy(toxiproxy_binary)
    yield running
    running.stop()
