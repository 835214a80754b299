"""One plan in containers: its verdict, its files, and nothing left on the engine, run after run."""

from __future__ import annotations

import pytest
from docker_rig import Engine
from real_runs import DOUBLING

pytestmark = pytest.mark.docker


def test_two_runs_in_a_row_are_valid_on_hardened_and_leave_nothing(engine: Engine) -> None:
    for _ in range(2):
        run = engine.run(DOUBLING)
        assert (run.code, run.said["verdict"]) == (0, "VALID"), run.err
        assert run.is_clean()
        assert not engine.left_by(run.pid)
        assert {"prepare", "start", "play", "stop", "check"} <= set(run.record["phases"])
        for node in ("desktop-1", "mobile-1", "relay", "toxiproxy", "wire"):
            assert (run.directory / "nodes" / node / "stderr.log").is_file()


def test_the_same_plan_doubles_a_text_on_documented_and_not_with_lengths_counted_alike(engine: Engine) -> None:
    run = engine.run(DOUBLING, "--profile", "documented")
    assert run.code == 1, run.err
    assert run.said["checks"]["stream-integrity"] == {
        "verdict": "INVALID",
        "reason": "double-append",
        "evidence": run.said["checks"]["stream-integrity"]["evidence"],
    }
    assert not engine.left_by(run.pid)
    mended = engine.run(DOUBLING, "--profile", "documented", "--with", "length.bytes")
    assert mended.said["checks"]["stream-integrity"]["verdict"] == "VALID"
