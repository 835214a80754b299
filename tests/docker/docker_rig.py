"""`harness run … --runtime docker`, and what it leaves on the engine."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import docker
from real_runs import Commands, Started

from harness.runtimes.docker import engine


class StartedContainers(Started):
    """A run under way."""

    def __init__(self, process: subprocess.Popen[str], store: Path, client: docker.DockerClient) -> None:
        super().__init__(process, store)
        self._client = client

    def container(self, name: str) -> str:
        """The id of this run's container of that node."""
        return next(
            str(c["Id"])
            for c in self._client.api.containers(all=True, filters={"label": f"{engine.LABEL}.node={name}"})
            if c["Labels"].get(f"{engine.LABEL}.pid") == str(self.process.pid)
        )

    def kill_container(self, name: str) -> None:
        self._client.api.kill(self.container(name))

    def inspected(self, name: str) -> dict[str, Any]:
        """What the engine knows of this run's container of that node."""
        return dict(self._client.api.inspect_container(self.container(name)))

    def end_container(self, name: str, how: str) -> None:
        """As a person may: kill, stop or remove."""
        api, container = self._client.api, self.container(name)
        if how == "remove":
            api.remove_container(container, force=True)
        else:
            getattr(api, how)(container)


class Engine(Commands[StartedContainers]):
    """Commands in a folder of their own, and the engine they act on."""

    RUNTIME = "docker"

    def __init__(self, folder: Path, client: docker.DockerClient) -> None:
        super().__init__(folder)
        self._client = client

    def begun(self, process: subprocess.Popen[str], store: Path) -> StartedContainers:
        return StartedContainers(process, store, self._client)

    def left_by(self, pid: int) -> list[str]:
        """Containers, networks and volumes that a process made and that still stand. Others' are not looked at, nor is
        a network that the engine will not give up because it keeps the endpoint of a container that is gone."""
        mine = {"label": [f"{engine.LABEL}.pid={pid}"]}
        api = self._client.api
        found = [
            *(f"container {c['Names']}" for c in api.containers(all=True, filters=mine)),
            *(f"network {n['Name']}" for n in api.networks(filters=mine) if not self._is_of_ghosts(n["Id"])),
            *(f"volume {v['Name']}" for v in api.volumes(filters=mine)["Volumes"] or []),
        ]
        return sorted(found)  # the engine lists them in any order

    def _is_of_ghosts(self, network: str) -> bool:
        """Nobody is in it, and yet it cannot be removed."""
        if self._client.api.inspect_network(network).get("Containers"):
            return False
        try:
            self._client.api.remove_network(network)
        except docker.errors.APIError as exc:
            return "active endpoints" in str(exc)
        return False
