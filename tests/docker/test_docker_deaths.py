"""A container that ends although no plan asked for it: told first, convicting nobody but one that ended itself."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from docker_rig import Engine, StartedContainers
from real_runs import BUSY, Run

pytestmark = pytest.mark.docker
LONG = BUSY.replace("duration: 6s", "duration: 60s").replace("for: 5s", "for: 59s")


def ended(engine: Engine, node: str, end: str) -> Run:
    """A run in the midst of which a node's container ends."""
    with engine.started(LONG) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        if end == "crashes":
            os.kill(_program(started, node), signal.SIGSEGV)
        else:
            started.end_container(node, end)
        return started.finish()


def _program(started: StartedContainers, node: str) -> int:
    """The process that the container's init has started."""
    init = started.inspected(node)["State"]["Pid"]
    found = subprocess.run(["pgrep", "-P", str(init)], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])


@pytest.mark.parametrize(("node", "end"), [("relay", "kill"), ("desktop-1", "remove")])
def test_one_that_somebody_ends_makes_the_run_unknown_with_that_sentence_first(
    engine: Engine, node: str, end: str
) -> None:
    run = ended(engine, node, end)
    assert (run.code, run.said["verdict"]) == (2, "UNKNOWN"), run.out + run.err
    assert next(iter(run.said["checks"])) == "runtime"
    summary = (run.directory / "summary.md").read_text().splitlines()[0].replace("\\", "")
    assert summary.startswith(f"# UNKNOWN: Not decided: {node} exited with code ")
    assert "; no fault of the plan did that" in summary
    assert "somebody asked the Docker engine to end it" in (run.directory / "report.html").read_text()
    assert run.is_clean() and not engine.left_by(run.pid)


def test_one_that_ends_by_itself_is_a_finding_of_its_own(engine: Engine) -> None:
    run = ended(engine, "relay", "crashes")
    found = {name: said["reason"] for name, said in run.said["checks"].items() if said["verdict"] == "INVALID"}
    assert found == {"liveness": "exited"}, run.out + run.err
    assert "relay exited by itself with code 139 at " in (run.directory / "summary.md").read_text().replace("\\", "")
    assert not engine.left_by(run.pid)
