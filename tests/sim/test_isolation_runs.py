"""Two desktops of one user: each hears the other's events, and must not send them on."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import plan, registry
from harness.runs.run import execute
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")
TOPOLOGY = """
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [s]}}, {id: desktop-2, projects: {app: [s]}}]
    mobiles: [{id: mobile-1, desktop: desktop-1, scope: {session: s}}]
timing: fast
nodes:
  desktop-1: {policies: {transport.relay-origin: CHOICE}}
  desktop-2: {policies: {transport.relay-origin: CHOICE}}
"""
PLAN = """
version: 1
duration: 500ms
topology: own.yaml
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 200ms, node: desktop-1, do: create, job: round}
faults:
  - {action: delay, links: ["*->relay", "relay->*"], latency: 40ms, at: 0s, for: 500ms}
settle: {quiesce: 100ms}
"""


@pytest.mark.parametrize(
    ("choice", "verdict", "found"),
    [("hardened", Verdict.VALID, set()), ("nobody", Verdict.INVALID, {("isolation", "echo")})],
)
def test_an_event_that_nobody_stamps_goes_round_between_two_desktops(
    tmp_path: Path, choice: str, verdict: Verdict, found: set[tuple[str, str]]
) -> None:
    (tmp_path / "own.yaml").write_text(TOPOLOGY.replace("CHOICE", choice))
    result = execute(plan.expand(plan.parse(PLAN, "own", beside=tmp_path), 0, runtime_verbs=SIM.VERBS), SIM)
    assert (result.verdict, set(result.signatures) & {("isolation", "echo")}) == (verdict, found), result.signatures
