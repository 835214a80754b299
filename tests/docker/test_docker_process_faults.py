"""A program of somebody else in a container, and a desktop whose store is another one after a while."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_runs import USERS

from harness import plan, registry
from harness.runs.run import execute
from harness.verdict import Verdict

# A relay of somebody else, and a desktop whose disk is another after a while.
FOREIGN = """\
version: 1
duration: 5s
topology: own.yaml
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 300ms, node: desktop-1, do: create, job: lost}
    - {at: 3200ms, node: desktop-1, do: create, job: kept}
    - {at: 3300ms, node: desktop-1, do: status, job: kept, status: running}
    - {at: 3500ms, node: desktop-1, do: chunk, job: kept, text: "one "}
    - {at: 4500ms, node: desktop-1, do: chunk, job: kept, text: "two"}
faults:
  - {name: new disk, action: kill, nodes: [desktop-1], restart: 500ms, wipe: true, at: 800ms}
  - {action: kill, nodes: [relay], restart: 500ms, at: 2500ms}
"""
TOPOLOGY = USERS + "  relay: {kind: module, module: my_relay, path: .}\n"


@pytest.mark.docker
@pytest.mark.usefixtures("docker_engine")
def test_a_module_runs_in_a_container_and_a_wiped_store_is_a_new_one(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "targets" / "foreign" / "small_relay.py"
    (tmp_path / "my_relay.py").write_text(source.read_text())
    (tmp_path / "own.yaml").write_text(TOPOLOGY)
    docker = registry.find("runtime", "docker")
    found = plan.parse(FOREIGN, "p", beside=tmp_path)
    result = execute(plan.expand_on(docker, found, 3), docker)
    assert result.verdict is Verdict.VALID, [(r.check, r.message) for r in result.results if r.verdict]
    assert result.history is not None
    heals = {op.value["fault"]: op.value["effect"] for op in result.history.ops if op.f == "fault-heal"}
    assert heals["kill relay"] == {"processes_killed": 1, "processes_restarted": 1}
    assert heals["new disk"] == {"processes_killed": 1, "processes_restarted": 1, "stores_wiped": 1}
    stores = [op.value["store"] for op in result.history.ops if op.f == "recovered" and isinstance(op.value, dict)]
    assert len(set(stores)) == 2
