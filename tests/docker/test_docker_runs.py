"""One plan in containers: its verdict, its files, and nothing left on the engine."""

from __future__ import annotations

import pytest
from docker_rig import Engine
from real_runs import DOUBLING

pytestmark = pytest.mark.docker


def test_a_run_is_valid_on_hardened_and_leaves_nothing(engine: Engine) -> None:
    run = engine.run(DOUBLING)
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.err
    assert run.is_clean()
    assert not engine.left_by(run.pid)
    assert {"prepare", "start", "play", "stop", "check"} <= set(run.record["phases"])
    for node in ("desktop-1", "mobile-1", "relay", "toxiproxy", "wire"):
        assert (run.directory / "nodes" / node / "stderr.log").is_file()
