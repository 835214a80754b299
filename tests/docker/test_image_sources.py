"""The image of the components holds of our own sources what they and the wire import, without an engine to try it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.runtimes.docker import images


@pytest.mark.parametrize("module", ["harness.wire.hop", "targets.desktop", "targets.relay", "targets.mobile"])
def test_what_goes_into_the_image_imports_nothing_that_stays_behind(module: str, tmp_path: Path) -> None:
    for name, content in images._own_sources().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    program = f"import {module} as found; print(found.__file__)"
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "app")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
