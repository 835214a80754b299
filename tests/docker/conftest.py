from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_rig import Engine

from harness.runtimes.docker import engine as docker_engines


@pytest.fixture
def engine(docker_engine: None, tmp_path: Path) -> Iterator[Engine]:
    """The engine, for commands in an empty folder."""
    client = docker_engines.connect()
    yield Engine(tmp_path, client)
    client.close()
