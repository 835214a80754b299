"""A system that a compose file describes: the relay is an image, and needs something that is no node."""

from __future__ import annotations

import pytest
from docker_rig import Engine
from real_runs import DOUBLING

from harness.runtimes.docker import engine as engines
from harness.runtimes.docker import images

pytestmark = pytest.mark.docker
SECRET = "only-the-ledger-knows-this"
TOPOLOGY = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1]}}]
    mobiles: [{id: mobile-1}]
compose: {file: compose.yaml, nodes: {relay: hub}}
nodes:
  relay: {port: 8765}
"""
COMPOSE = """\
services:
  hub:
    image: ${COMPONENTS}
    command: [python3, hub.py]
    environment: {LEDGER_SECRET: $LEDGER_SECRET, RELAY_PORT: 1}
    working_dir: /programs
    volumes: ["./programs:/programs:ro", "./done:/done:ro"]
    ports: ["8765:8765"]
    depends_on: {ledger: {condition: service_healthy}, migration: {condition: service_completed_successfully}}
  migration:
    image: ${COMPONENTS}
    command: [python3, -c, "import pathlib, time; time.sleep(2); pathlib.Path('/done/migrated').touch()"]
    volumes: ["./done:/done"]
    depends_on: [ledger]
  ledger:
    image: ${COMPONENTS}
    command: python3 -m http.server 7000
    healthcheck:
      test: [CMD, python3, -c, "import socket; socket.create_connection(('127.0.0.1', 7000))"]
      interval: 200ms
"""
HUB = """\
import os, runpy, sys, urllib.request
assert os.environ["LEDGER_SECRET"] == "only-the-ledger-knows-this"
assert os.path.exists("/done/migrated")
urllib.request.urlopen("http://ledger:7000/", timeout=5).read()
sys.argv = ["program", "targets.foreign.small_relay"]
runpy.run_module("targets.program", run_name="__main__")
"""


def test_a_relay_of_a_compose_file_and_what_it_needs(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    client = engines.connect()
    monkeypatch.setenv("COMPONENTS", images.ensure(client, lambda line: None).components)
    client.close()
    monkeypatch.setenv("LEDGER_SECRET", SECRET)
    (engine.folder / "own.yaml").write_text(TOPOLOGY)
    (engine.folder / "compose.yaml").write_text(COMPOSE)
    (engine.folder / "programs").mkdir()
    (engine.folder / "done").mkdir()
    (engine.folder / "programs" / "hub.py").write_text(HUB)
    run = engine.run(DOUBLING, "--topology", str(engine.folder / "own.yaml"))
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    assert not engine.left_by(run.pid)
    kept = [file for file in run.directory.rglob("*") if file.is_file()]
    assert {"ledger", "migration"} <= {file.parent.name for file in kept}
    assert not [file for file in kept if SECRET.encode() in file.read_bytes()]


def test_what_the_image_does_not_find_is_said(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPONENTS", "no-such-image:anywhere")
    monkeypatch.setenv("LEDGER_SECRET", SECRET)
    (engine.folder / "own.yaml").write_text(TOPOLOGY)
    (engine.folder / "compose.yaml").write_text(COMPOSE)
    run = engine.run(DOUBLING, "--topology", str(engine.folder / "own.yaml"))
    assert run.code == 255, run.out + run.err
    assert "no-such-image" in run.err and "Traceback" not in run.err
