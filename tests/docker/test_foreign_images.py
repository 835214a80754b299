"""Components in other languages as images: the relay in Go and the mobile in JavaScript, in containers of their own."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound
from docker_rig import Engine
from real_runs import DOUBLING, USERS

RELAY, MOBILE, NODE = (f"jobsync-harness-test-{what}:latest" for what in ("relay", "mobile", "node"))


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@contextmanager
def removed(client: docker.DockerClient, *tags: str) -> Iterator[None]:
    """In the end these images are gone; nobody else's are touched."""
    try:
        yield
    finally:
        for tag in tags:
            with suppress(ImageNotFound):
                client.images.remove(tag, force=True)


def local_node(client: docker.DockerClient) -> None:
    """An image of the Node.js of this machine: no registry is asked."""
    program = shutil.which("node") or ""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"(?:=> )?(/\S+) \(0x", listed)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as tar:
        for name, path in [("usr/bin/node", program), *((lib.lstrip("/"), lib) for lib in libraries)]:
            tar.add(path, name)
    paths = ":".join(dict.fromkeys(str(Path(library).parent) for library in libraries))
    settings = ["ENV PATH=/usr/bin", f"ENV LD_LIBRARY_PATH={paths}"]
    client.api.import_image_from_data(
        packed.getvalue(), repository=NODE.partition(":")[0], tag="latest", changes=settings
    )


def played(engine: Engine, node: str, *args: str) -> None:
    (engine.folder / "own.yaml").write_text(USERS + node)
    run = engine.run(DOUBLING, "--topology", str(engine.folder / "own.yaml"), *args)
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    assert run.is_clean() and not engine.left_by(run.pid)
    assert run.said["checks"]["convergence"]["verdict"] == "VALID"


@pytest.mark.go
def test_the_relay_in_go_runs_in_a_container(engine: Engine, client: docker.DockerClient, go_relay: Path) -> None:
    with removed(client, RELAY):
        client.images.build(path=str(go_relay.parent), tag=RELAY, rm=True)
        played(engine, f'  relay: {{kind: image, image: "{RELAY}"}}\n')


@pytest.mark.node
def test_the_mobile_in_javascript_runs_in_a_container(
    engine: Engine, client: docker.DockerClient, node_mobile: Path
) -> None:
    with removed(client, MOBILE, NODE):
        local_node(client)
        client.images.build(path=str(node_mobile.parent), tag=MOBILE, buildargs={"NODE": NODE}, rm=True)
        played(engine, f'  mobile-1: {{kind: image, image: "{MOBILE}"}}\n')


def test_clients_speak_tls_as_far_as_the_wire(engine: Engine) -> None:
    played(engine, "  relay: {tls: terminate}\n")
