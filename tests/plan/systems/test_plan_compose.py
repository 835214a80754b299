"""A compose file as a topology: what becomes a node, what is only started, and what is refused where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.plan import PlanErrors, load_topology, system, used_topology
from harness.plan.loading import load
from harness.plan.systems.topology import Topology, system_of
from harness.schedule import System

OWN = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1]}}]
    mobiles: [{id: mobile-1}]
compose: {file: compose.yaml, nodes: {relay: hub}}
nodes:
  relay: {port: 8080, env: {LISTEN: "${RELAY_HOST}"}}
"""
COMPOSE = """\
services:
  hub:
    build: ./hub
    image: hub:${HUB_TAG:-dev}
    entrypoint: [/bin/hub]
    command: serve --port 8080 --name "a b"
    environment: {SECRET: $HUB_SECRET, WORKERS: 4, DEBUG: true, PRICE: 1$$}
    volumes: ["./conf:/etc/hub:ro", "data:/var/lib/hub"]
    ports: ["8080:8080"]
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate:
    image: hub:dev
    environment: [FROM=1, HUB_SECRET]
    depends_on: [db]
  db:
    image: postgres:16
    healthcheck: {test: pg_isready, interval: 1m500ms, retries: 5}
    volumes: [{type: bind, source: ./init, target: /init, read_only: true}]
    restart: always
networks: {back: {}}
volumes: {data: {}}
x-more: {of: this}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUB_SECRET", "nobody-may-read-this")
    (tmp_path / "own.yaml").write_text(OWN)
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


def read(folder: Path) -> System:
    return system_of(load_topology("own.yaml", folder))


def test_a_service_that_is_a_node_is_an_image(folder: Path) -> None:
    relay = read(folder).node("relay")
    assert (relay.kind, relay.image, relay.port) == ("image", "hub:dev", 8080)
    assert relay.container is not None
    assert relay.container.entrypoint == ["/bin/hub"]
    assert relay.container.command == ["serve", "--port", "8080", "--name", "a b"]
    assert relay.container.binds == [f"{folder.resolve()}/conf:/etc/hub:ro"]
    assert relay.container.env == {"SECRET": "${HUB_SECRET}", "WORKERS": "4", "DEBUG": "true", "PRICE": "1$"}
    assert relay.env == {"LISTEN": "${RELAY_HOST}"}


def test_others_are_started_in_the_order_of_their_needs(folder: Path) -> None:
    services = read(folder).services
    assert {name: service.completes for name, service in services.items()} == {"db": False, "migrate": True}
    assert list(services) == ["db", "migrate"]
    assert services["migrate"].env == {"FROM": "1", "HUB_SECRET": "${HUB_SECRET}"}
    assert services["db"].binds == [f"{folder.resolve()}/init:/init:ro"]
    check = services["db"].healthcheck
    assert check is not None
    assert (check["test"], check["interval"], check["retries"]) == (["CMD-SHELL", "pg_isready"], 60_500_000_000, 5)


def test_what_is_kept_of_it_is_whole_and_has_no_secret(folder: Path) -> None:
    (folder / "plan.yaml").write_text("version: 1\ntopology: own.yaml\nduration: 1s\nworkload: {jobs: 1, rate: 5/s}\n")
    plan = load(folder / "plan.yaml")
    kept = used_topology(plan)
    assert kept is not None and "nobody-may-read-this" not in kept
    (folder / "kept.yaml").write_text(kept)
    (folder / "compose.yaml").unlink()
    again = system_of(load_topology("kept.yaml", folder))
    assert again.services == system(plan).services
    assert again.nodes == system(plan).nodes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    restart: always", "    network_mode: host", "compose.yaml:19:5: error: unknown key 'network_mode'"),
        ("    image: hub:${HUB_TAG:-dev}\n", "", "build it, and say `image:`"),
        ("$HUB_SECRET", "$HUB_SECRETE", "compose.yaml:7:27: error: $HUB_SECRETE is not set"),
        ("depends_on: [db]", "depends_on: [dbb]", "'migrate' depends on 'dbb', which is not there"),
        ("    restart: always", "    depends_on: [hub]", "services depend on each other"),
        ("  db:\n", "  mobile-1:\n    image: x\n  db:\n", "the service 'mobile-1' is no node, and has the name of one"),
        ("  hub:\n", "  hubb:\n", "relay is said to be the service 'hub' (did you mean hubb?"),
        ("service_completed_successfully", "service_done", "expected 'service_started'"),
        ("test: pg_isready", "test: [pg_isready]", "expected [CMD, program"),
        ("interval: 1m500ms", "interval: soon", "expected a time such as"),
        ("services:", "services: &all", "docker compose config"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(folder: Path, old: str, new: str, said: str) -> None:
    assert old in COMPOSE
    (folder / "compose.yaml").write_text(COMPOSE.replace(old, new, 1))
    with pytest.raises(PlanErrors) as caught:
        read(folder)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{relay: hub}", "{rely: hub}", "no node 'rely' in this topology"),
        ("compose.yaml", "other.yaml", "other.yaml: error: cannot be read"),
        ("{port: 8080", "{kind: command, command: [x], port: 8080", "'relay' has a kind of its own"),
        ("  relay: {port", "  mobile-1: {port", "'port' is for a relay"),
        ("compose: {file: compose.yaml, nodes: {relay: hub}}\n", "", "'port' is for a relay that is an image"),
        ("nodes:\n", "services: {wire: {image: x}}\nnodes:\n", "'wire' is a node, or a program of the harness"),
    ],
)
def test_what_the_topology_says_wrong_of_it(folder: Path, old: str, new: str, said: str) -> None:
    assert old in OWN
    (folder / "own.yaml").write_text(OWN.replace(old, new, 1))
    with pytest.raises(PlanErrors) as caught:
        read(folder)
    assert said in str(caught.value)


def test_without_a_compose_file_nothing_of_it_is_written(tmp_path: Path) -> None:
    topology = Topology.model_validate({"users": [{"id": "alice", "desktops": [{"id": "desktop-1"}]}]})
    assert system_of(topology.beside(tmp_path)).services == {}
