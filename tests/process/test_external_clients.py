"""A desktop and a mobile that nobody of the harness starts: they dial it, and it takes them for its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from process_rig import Machine
from real_runs import LIMIT_S
from relay_elsewhere import ROOT, SECRET

from harness.plan import load_topology
from harness.plan.systems.topology import system_of
from harness.schedule import Node

pytestmark = pytest.mark.toxiproxy
TOKEN = "the token of their probes"
NODES = """\
users:
  - id: alice
    desktops: [{{id: desktop-1, projects: {{app: [session-1, session-2]}}}}]
    mobiles: [{{id: mobile-1, desktop: desktop-1, scope: {{session: session-1}}}}]
timing: fast
nodes:
  relay: {{env: {{JWT_SECRET: "{secret}"}}}}
  desktop-1: {{kind: external, listen: "127.0.0.1:{0}", probe: "127.0.0.1:{1}", probe_token_env: ELSEWHERE}}
  mobile-1: {{kind: external, listen: "127.0.0.1:{2}", probe: "127.0.0.1:{1}", probe_token_env: ELSEWHERE_2, {hooks}}}
"""
NOTHING = "hooks: {start: ['true'], kill: ['true']}"
WORK = """\
version: 1
duration: 3s
workload: {jobs: 4, rate: 12/s, mobile_rate: 2/s, spread: 2800ms}
faults:
  - {action: partition, links: [mobile-1<->relay], at: 600ms, for: 500ms}
  - {action: kill, nodes: [mobile-1], restart: 300ms, at: 1600ms}
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def environment(node: Node, desktop: Node, token: str) -> dict[str, str]:
    told = {
        "NODE_NAME": node.name,
        "DEVICE_ID": node.device_id or "",
        "DEVICE_NAME": node.name,
        "USER_ID": node.user_id or "",
        "JWT_SECRET": SECRET,
        "TIMING_SCALE": "20",
        "RELAY_URL": f"ws://{node.listen}/ws/device-link",
        "HARNESS_PROBE_URL": f"ws://{node.probe}/",
        "HARNESS_PROBE_TOKEN": token,
    }
    more = {"STORE": ":memory:"} if node.role == "desktop" else {"DESKTOP_DEVICE_ID": desktop.device_id or ""}
    return {**os.environ, "PYTHONPATH": str(ROOT), **told, **more}


@contextmanager
def they_run(folder: Path) -> Iterator[Path]:
    """Both, and the topology that tells of them. They were there before the harness, and dial until it comes."""
    path, pids = folder / "own.yaml", folder / "pids"
    pids.mkdir()
    hooks = "hooks: {start: [" + f"sh, {folder}/start.sh], kill: [sh, {folder}/kill.sh]" + "}"
    path.write_text(NODES.format(*free_ports(3), secret=SECRET, hooks=hooks))
    system = system_of(load_topology(str(path)))
    desktop, mobile = system.node("desktop-1"), system.node("mobile-1")
    for node, token in ((desktop, TOKEN), (mobile, TOKEN + "2")):
        env = environment(node, desktop, token)
        exports = "".join(f"export {name}='{value}'\n" for name, value in env.items())
        start = (
            f"{exports}setsid {sys.executable} -m targets.{node.role} >/dev/null 2>&1 &\necho $! > {pids}/{node.name}\n"
        )
        (folder / "start.sh").write_text(f"cd {ROOT}\n{start}")  # in the end that of the mobile
        subprocess.run(["sh", str(folder / "start.sh")], check=True, timeout=LIMIT_S)
    (folder / "kill.sh").write_text(f"kill -KILL $(cat {pids}/mobile-1)\n")
    try:
        yield path
        for pid in pids.iterdir():
            os.kill(int(pid.read_text()), 0)  # the harness ends nobody whom it did not start
    finally:
        for pid in pids.iterdir():
            with suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), 9)


def test_two_that_run_elsewhere_are_driven_and_judged(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELSEWHERE", TOKEN)
    monkeypatch.setenv("ELSEWHERE_2", TOKEN + "2")
    with they_run(machine.folder) as path:
        run = machine.run(WORK, "--topology", str(path))
        assert run.code == 0, run.out + run.err
        judged = {name for name, check in run.said["checks"].items() if check["verdict"] == "VALID"}
        assert {"convergence", "desktop", "replica", "wire"} <= judged
        phone = (machine.folder / "pids" / "mobile-1").read_text()
        again = machine.run(WORK, "--topology", str(path))  # the mobile has hooks, and begins anew; the desktop has not
        assert again.code == 255, again.out + again.err
        assert (machine.folder / "pids" / "mobile-1").read_text() != phone
        assert "desktop-1 runs elsewhere, and has jobs from before this run; start it anew" in " ".join(
            again.err.split()
        )


def test_a_token_that_nobody_has_set_is_asked_for(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELSEWHERE", TOKEN)
    path = machine.folder / "own.yaml"
    path.write_text(NODES.format(*free_ports(3), secret=SECRET, hooks=NOTHING))
    run = machine.run(WORK, "--topology", str(path))
    assert run.code == 255 and "mobile-1 runs elsewhere: set ELSEWHERE_2 to the token" in " ".join(run.err.split())


def test_who_does_not_come_is_named_with_where_it_is_awaited(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ELSEWHERE", "ELSEWHERE_2"):
        monkeypatch.setenv(name, TOKEN + name)
    monkeypatch.setenv("HARNESS_START_LIMIT_S", "3")
    ports = free_ports(3)
    path = machine.folder / "own.yaml"
    path.write_text(NODES.format(*ports, secret=SECRET, hooks=NOTHING))
    run = machine.run(WORK, "--topology", str(path))
    assert run.code == 255, run.out + run.err
    assert f"no probe was opened by desktop-1 (at ws://127.0.0.1:{ports[1]}/)" in " ".join(run.err.split())


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ("mobile-1: {kind: external, url: 'ws://127.0.0.1:1/'}", "needs the key 'listen' beside it"),
        ("mobile-1: {kind: external, listen: '127.0.0.1:1'}", "needs the key 'probe' beside it"),
        ("relay: {kind: external, listen: '127.0.0.1:1'}", "needs the key 'url' beside it"),
        ("mobile-1: {listen: '127.0.0.1:1'}", "'listen' is for a desktop or mobile of kind external"),
        ("mobile-1: {kind: external, listen: '127.0.0.1', probe: '127.0.0.1:1'}", "listen"),
    ],
)
def test_what_is_missing_or_out_of_place_is_said(machine: Machine, node: str, said: str) -> None:
    path = machine.folder / "own.yaml"
    path.write_text(NODES.partition("nodes:")[0].replace("{{", "{").replace("}}", "}") + f"nodes:\n  {node}\n")
    run = machine.run(WORK, "--topology", str(path))
    assert run.code == 254 and said in " ".join(run.err.split()), run.err
