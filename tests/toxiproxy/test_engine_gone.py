"""An engine that dies while a run goes on: a reason for UNKNOWN, not a crash."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import requests

from harness.runtimes.docker.lifecycle import ContainerRun
from harness.runtimes.toxiproxy.adapter import ToxiproxyError


def test_toxiproxy_that_no_engine_restarts_is_lost() -> None:
    def gone(name: str) -> NoReturn:
        raise requests.ConnectionError("Connection aborted.")

    run: Any = ContainerRun.__new__(ContainerRun)
    run._spec = SimpleNamespace(note=lambda line: None)
    run._containers, run._submitted = SimpleNamespace(restart=gone), []
    with ThreadPoolExecutor(1) as run._pool, pytest.raises(ToxiproxyError, match="does not restart"):
        asyncio.run(run._restart_toxiproxy())
