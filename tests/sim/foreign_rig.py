"""Runs a system in which one program is somebody else's, written into a test's own folder."""

from __future__ import annotations

import textwrap
from pathlib import Path

from harness import plan, registry
from harness.runs.run import RunResult, execute
from harness.schedule import Schedule

SIM = registry.find("runtime", "sim")
USERS = "users: [{id: alice, desktops: [{id: desktop-1}], mobiles: [{id: mobile-1}]}]\ntiming: fast\n"
PLAN = """
version: 1
duration: 8s
topology: own.yaml
workload: {jobs: 6, rate: 15/s, content: {unicode: 100%, clusters: 30%}, ends_in_fault: 0%}
faults:
  - {action: delay, links: [mobile-1<->relay], latency: 15ms, jitter: 10ms, at: 500ms, for: 5s}
  - {action: duplicate, links: [relay->mobile-1], chance: 40%, delay: 100ms, match: {type: "job:*"}}
  - {name: split, action: partition, groups: [[desktop-1], [relay, mobile-1]], at: 2s, for: 1s}
  - {action: reconnect, clients: [desktop-1], how: half-open, at: 5s, downtime: 300ms}
"""
QUIET = "version: 1\nduration: 2s\ntopology: own.yaml\nworkload: {jobs: 1, rate: 5/s}\nsettle: {converge: 6s}\n"


def schedule(folder: Path, nodes: str, seed: int = 0, text: str = QUIET) -> Schedule:
    """`nodes` is the YAML of the topology's `nodes`."""
    (folder / "own.yaml").write_text(f"{USERS}nodes: {nodes}\n")
    return plan.expand(plan.parse(text, "own", beside=folder), seed, runtime_verbs=SIM.VERBS)


def run(folder: Path, nodes: str, seed: int = 0, text: str = QUIET) -> RunResult:
    return execute(schedule(folder, nodes, seed, text), SIM)


RELAY = "{relay: {kind: module, module: mine, path: .}}"


def run_relay(folder: Path, source: str, *, nodes: str = RELAY, seed: int = 0, text: str = QUIET) -> RunResult:
    """A relay `mine.py` of this source beside the topology."""
    (folder / "mine.py").write_text(textwrap.dedent(source))
    return run(folder, nodes, seed, text)
