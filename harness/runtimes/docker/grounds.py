"""Containers as the programs of a run. The engine is asked in threads; whatever it refuses is a `GroundsError`."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from docker.errors import DockerException

from harness.runtimes import RunSpec, RuntimeUnavailable
from harness.runtimes.docker import engine, images
from harness.runtimes.docker.containers import Containers
from harness.runtimes.docker.deaths import Deaths
from harness.runtimes.node_env import filled
from harness.runtimes.sockets import certificates
from harness.runtimes.sockets.grounds import Died, GroundsError, Note, Program
from harness.runtimes.sockets.layout import WIRE, Layout
from harness.schedule import Container

_WORKERS = 8
P = ParamSpec("P")
T = TypeVar("T")


class DockerGrounds:
    """See `Grounds`. Raises `RuntimeUnavailable` when there is no engine."""

    def __init__(self, spec: RunSpec, told: Died) -> None:
        self._spec = spec
        self._client = engine.connect()
        self._pool = concurrent.futures.ThreadPoolExecutor(_WORKERS, thread_name_prefix="docker")
        self._submitted: list[concurrent.futures.Future[Any]] = []
        self._containers = Containers(self._client, spec.run_id)
        self._deaths = Deaths(self._client, spec.run_id, told)
        self._images: images.Images
        self._certificates: images.Files = {}  # of the run, at their places in a container

    async def open(self, note: Note) -> Layout:
        try:
            await self._do(engine.sweep, self._client, note)
            self._images = await self._do(images.ensure, self._client, note)
            layout = Layout(self._spec.system, await self._do(self._containers.make_networks))
            self._certificates = await self._do(_certificates, layout)
            return layout
        except GroundsError as exc:
            raise RuntimeUnavailable(f"the containers did not come up: {exc}") from exc

    async def launch(self, program: Program, layout: Layout) -> None:
        env, how, files = dict(program.env), program.container, self._certificates_of(program.name)
        if program.kind == "image":
            env |= {key: filled(said, os.environ) for key, said in how.env.items() if env[key] == said}
        elif program.kind == "toxiproxy":
            how = Container(image=self._images.toxiproxy, command=list(program.argv))
        else:
            how = Container(image=self._images.components, command=["python3", "-m", *program.argv])
            if program.folder is not None:
                files |= await self._do(images.own_sources, Path(program.folder))
                env["PYTHONPATH"] = images.PYTHONPATH_WITH_OWN
        init = program.kind != "toxiproxy" and program.name not in self._spec.system.services
        sources = images.packed(files) if files else None
        await self._do(self._containers.run, program.name, how, env, layout, init=init, sources=sources)

    def _certificates_of(self, name: str) -> images.Files:
        """Keys are for the end that shows them alone."""
        node = next((node for node in self._spec.system.nodes if node.name == name), None)
        if node is None or node.tls is None:
            return dict(self._certificates) if name == WIRE else {}
        shows = node.role == "relay" and node.tls == "passthrough"
        return {path: pem for path, pem in self._certificates.items() if shows or not certificates.is_secret(path)}

    async def is_well(self, name: str) -> bool:
        return await self._do(self._containers.health, name) in ("none", "healthy")

    async def start(self, name: str) -> None:
        await self._do(self._containers.start, name)

    async def restart(self, name: str) -> None:
        await self._do(self._containers.restart, name)

    async def signal(self, name: str, signal: str) -> None:
        await self._do(self._containers.signal, name, f"SIG{signal}")

    async def pause(self, name: str) -> None:
        await self._do(self._containers.pause, name)

    async def unpause(self, name: str) -> None:
        await self._do(self._containers.unpause, name)

    async def runs(self, name: str) -> bool:
        return await self._do(self._containers.runs, name)

    async def exited(self) -> Mapping[str, int]:
        return await self._do(self._containers.exited)

    async def tail(self, name: str) -> str:
        return await self._do(self._containers.tail, name)

    async def save_logs(self, directory: Path) -> None:
        save = self._containers.save_log
        await asyncio.gather(*(self._do(save, name, directory) for name in self._containers.made))

    async def wipe(self, name: str) -> bool:
        """Nobody reaches the files of a container that has ended, so another one takes its place."""
        if await self.runs(name):
            return False
        await self._do(self._containers.make_anew, name)
        return True

    def expect_death(self, name: str) -> None:
        self._deaths.ours[name] += 1

    def forget_death(self, name: str) -> None:
        self._deaths.ours[name] -= 1

    def arm(self) -> None:
        self._deaths.armed = True

    def disarm(self) -> None:
        self._deaths.close()

    async def close(self) -> list[str]:
        under_way = [future for future in self._submitted if not future.done()]
        await asyncio.to_thread(concurrent.futures.wait, under_way)
        problems = await asyncio.to_thread(self._remove)
        self._pool.shutdown(wait=False)
        self._client.close()
        return problems

    def _remove(self) -> list[str]:
        try:
            return engine.remove_run(self._client, self._spec.run_id)
        except (DockerException, OSError) as exc:
            return [f"run {self._spec.run_id}: {exc}"]

    async def _do(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the engine in a thread. A cancellation does not stop it: `close` waits; so nothing is made later."""
        future = self._pool.submit(call, *args, **kwargs)
        self._submitted = [f for f in self._submitted if not f.done()] + [future]
        try:
            return await asyncio.wrap_future(future)
        except (DockerException, OSError) as exc:  # the engine says no, or is gone
            raise GroundsError(str(exc)) from exc


def _certificates(layout: Layout) -> images.Files:
    """Made for this run, where a node speaks TLS."""
    if not any(node.tls for node in layout.system.nodes):
        return {}
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above, "certificates")
        certificates.issue(folder, layout.data(WIRE))
        inside = layout.certificates_in.relative_to("/")
        return {f"{inside}/{path.name}": path.read_bytes() for path in folder.iterdir()}
