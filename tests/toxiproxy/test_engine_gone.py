"""An engine that dies while a run goes on: a reason for UNKNOWN, not a crash."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import requests

from harness.runtimes.docker.grounds import DockerGrounds
from harness.runtimes.sockets.lifecycle import SocketRun
from harness.runtimes.toxiproxy.adapter import ToxiproxyError


def test_toxiproxy_that_no_engine_restarts_is_lost() -> None:
    def gone(name: str) -> NoReturn:
        raise requests.ConnectionError("Connection aborted.")

    grounds: Any = DockerGrounds.__new__(DockerGrounds)
    grounds._containers, grounds._submitted = SimpleNamespace(restart=gone), []
    run: Any = SocketRun.__new__(SocketRun)
    run._spec, run._grounds = SimpleNamespace(note=lambda line: None), grounds
    with ThreadPoolExecutor(1) as grounds._pool, pytest.raises(ToxiproxyError, match="does not restart"):
        asyncio.run(run._restart_toxiproxy())
