"""A relay in another language, that nobody of this project knows: it is sound, and each of its mistakes is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from process_rig import Machine, processes_of
from real_runs import LIMIT_S

pytestmark = [pytest.mark.toxiproxy, pytest.mark.go]
# A phone comes back before the relay knows that it was gone; before and after it a text streams.
BACK = """\
version: 1
duration: 4500ms
topology: one-user
timing: fast
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 200ms, node: desktop-1, do: create, job: draft}
    - {at: 250ms, node: desktop-1, do: status, job: draft, status: running}
    - {at: 300ms, node: desktop-1, do: chunk, job: draft, text: "on ", stream: {every: 10ms, for: 600ms}}
    - {at: 1s, node: desktop-1, do: chunk, job: draft, text: "and ", stream: {every: 50ms, for: 300ms}}
    - {at: 3500ms, node: desktop-1, do: chunk, job: draft, text: "late"}
faults:
  - {action: reconnect, clients: [mobile-1], how: half-open, downtime: 200ms, at: 1s}
"""


def test_the_relay_in_go_is_valid(machine: Machine, go_relay: Path) -> None:
    run = machine.run(BACK, "--topology", str(go_relay))
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    assert run.is_clean() and not processes_of(run.pid)
    assert (run.directory / "nodes" / "relay" / "stderr.log").read_text() == ""


@pytest.mark.parametrize(
    ("mistake", "check", "reason"),
    [("cleanup-by-device", "convergence", "wrong-text"), ("bursts", "wire", "reordered")],
)
def test_its_mistakes_are_found(
    machine: Machine, go_relay: Path, monkeypatch: pytest.MonkeyPatch, mistake: str, check: str, reason: str
) -> None:
    monkeypatch.setenv("GO_RELAY_DEFECT", mistake)
    run = machine.run(BACK, "--topology", str(go_relay))
    assert run.code == 1, run.out + run.err
    assert run.said["checks"][check]["reason"] == reason


def test_it_conforms(go_relay: Path) -> None:
    command = [sys.executable, "-m", "harness", "conform", "relay", "--topology", str(go_relay)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stdout
    assert "22 pass, 0 fail, 0 not judged" in done.stdout
