from __future__ import annotations

from pathlib import Path

import pytest
from cli_rig import Harness


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Harness:
    """The command line, in an empty folder."""
    return Harness(tmp_path, monkeypatch, capfd)
