"""Ctrl-C, a killed harness, a dead Toxiproxy, no engine: a clean stop, the right code, nothing left."""

from __future__ import annotations

import signal

import pytest
from docker_rig import Engine
from real_runs import BUSY, HELD

from harness.history import read_history

pytestmark = pytest.mark.docker


def test_ctrl_c_heals_removes_everything_and_keeps_a_history_that_can_be_checked(engine: Engine) -> None:
    with engine.started(HELD) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        run = started.finish(by=signal.SIGINT)
    assert run.code == 130, run.err
    assert run.is_clean()
    assert not engine.left_by(run.pid)
    path = run.directory / "history.jsonl.gz"
    faults = [op.f for op in read_history(path).ops if op.process == "nemesis"]
    assert sorted(faults) == ["fault-begin", "fault-heal"]
    checked = engine.harness("check", str(path))
    assert checked.code == 2, checked.err
    assert checked.is_clean()


def test_what_a_killed_harness_leaves_is_removed_by_a_sweep(engine: Engine) -> None:
    engine.harness("doctor", "--sweep")
    before = engine.harness("doctor").code  # 4: what this engine will not give up at all
    with engine.started(HELD) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        started.process.kill()
        started.process.wait()
        pid = started.process.pid
    assert engine.left_by(pid)
    swept = engine.harness("doctor", "--sweep")
    assert swept.code == before, swept.out + swept.err
    assert swept.is_clean()
    assert "removed" in swept.out
    assert not engine.left_by(pid)


def test_a_sweep_leaves_a_living_run_alone(engine: Engine) -> None:
    with engine.started(HELD) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        before = engine.left_by(started.process.pid)
        assert engine.harness("doctor", "--sweep").is_clean()
        assert before
        assert engine.left_by(started.process.pid) == before
        run = started.finish(by=signal.SIGTERM)
    assert run.code == 130
    assert not engine.left_by(run.pid)


def test_a_toxiproxy_killed_in_the_middle_makes_the_run_unknown(engine: Engine) -> None:
    with engine.started(BUSY) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        started.kill_container("toxiproxy")
        run = started.finish()
    assert (run.code, run.said["verdict"]) == (2, "UNKNOWN"), run.out + run.err
    assert any("Toxiproxy stopped answering" in line for line in run.record["ailments"])
    assert run.is_clean()
    assert not engine.left_by(run.pid)


def test_without_an_engine_a_run_says_what_to_do(engine: Engine) -> None:
    nobody = {"DOCKER_HOST": "unix:///nonexistent"}
    run = engine.harness("run", "quickstart", "--runtime", "docker", env=nobody)
    assert run.code == 255
    assert run.is_clean()
    assert "start dockerd" in " ".join(run.err.split())


def test_images_are_built_once_and_named(engine: Engine) -> None:
    first, again = (engine.harness("images", "build") for _ in range(2))
    assert first.code == again.code == 0, first.err
    assert first.out == again.out
    assert [tag.partition(":")[0] for tag in again.out.split()] == [
        "jobsync-harness-components",
        "jobsync-harness-toxiproxy",
    ]
    assert "building" not in again.err
    doctor = engine.harness("doctor")
    assert all(tag in " ".join(doctor.out.split()) for tag in again.out.split())
