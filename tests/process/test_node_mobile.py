"""A component in another language: the mobile in JavaScript is sound, and its mistake is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_rig import Machine, processes_of
from real_runs import DOUBLING

pytestmark = [pytest.mark.toxiproxy, pytest.mark.node]


def test_the_mobile_in_javascript_is_valid_as_far_as_it_shows_itself(machine: Machine, node_mobile: Path) -> None:
    run = machine.run(DOUBLING, "--topology", str(node_mobile))
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    assert run.is_clean() and not processes_of(run.pid)
    judged = {name for name, said in run.said["checks"].items() if said["verdict"] == "VALID"}
    assert {"convergence", "agreement", "stream-integrity", "monotonic", "liveness"} <= judged
    assert (run.directory / "nodes" / "mobile-1" / "stderr.log").read_text() == ""


def test_its_mistake_is_found(machine: Machine, node_mobile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_MOBILE_DEFECT", "append-twice")
    repaired = DOUBLING.replace("body: false", "body: true")  # in the end: nobody has to wait for what never converges
    run = machine.run(repaired, "--topology", str(node_mobile))
    assert run.code == 1, run.out + run.err
    assert run.said["checks"]["stream-integrity"]["reason"] == "double-append"
