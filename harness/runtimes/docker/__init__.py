"""The components in containers on a private network, with a real Toxiproxy between them."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

import docker

from harness.runtimes import Check, Ended, RunSpec, Runtime, RuntimeUnavailable, Stage
from harness.runtimes.docker import engine, images, machines, shapes
from harness.runtimes.docker.lifecycle import ContainerRun
from harness.runtimes.toxiproxy import server as tools

T = TypeVar("T")


class DockerRuntime:
    NAME: ClassVar[str] = "docker"
    SUMMARY: ClassVar[str] = "real processes in containers, real Toxiproxy; needs a Docker engine on this machine"
    VERBS: ClassVar[frozenset[str]] = machines.VERBS | shapes.VERBS | {"hold", "refuse", "delay", "messages", "cut"}
    WHY_NOT: ClassVar[Mapping[str, str]] = {**machines.WHY_NOT, **shapes.WHY_NOT}

    def missing(self) -> Sequence[str]:
        """Images and the Toxiproxy server are built on the way, if they can be."""
        lines = []
        try:
            client = engine.connect()
        except RuntimeUnavailable as exc:
            lines.append(str(exc))
        else:
            client.close()
        lines.extend(tools.toxiproxy_trouble())
        return lines

    def execute(self, spec: RunSpec, play: Callable[[Stage], Awaitable[T]]) -> tuple[T, Ended]:
        """See `Runtime`. Ctrl-C cancels `play` once and raises KeyboardInterrupt when everything is removed."""
        with asyncio.Runner() as runner:
            return runner.get_loop().run_until_complete(_whole_run(spec, play))

    # ---- optional powers: see harness.runtimes --------------------------------------------------------------------

    def diagnose(self) -> list[Check]:
        with _engine() as client:
            if client is None:
                return []
            version, left = client.version()["Version"], engine.left_over_runs(client)
            tags = images.built(client)
        remedy = "run `harness doctor --sweep`"
        return [
            Check("docker engine", True, version),
            Check("docker images", True if tags else None, ", ".join(tags) or "none yet", "run `harness images build`"),
            Check("leftovers", not left, f"of runs {', '.join(left)}" if left else "none", remedy, is_leftover=True),
        ]

    def sweep(self, note: Callable[[str], None]) -> list[str]:
        client = engine.connect()
        try:
            return engine.sweep(client, note)
        finally:
            client.close()

    def build_images(self, note: Callable[[str], None]) -> list[str]:
        client = engine.connect()
        try:
            built = images.ensure(client, note)
        finally:
            client.close()
        return [built.components, built.toxiproxy]

    def images(self) -> list[str]:
        with _engine() as client:
            return images.built(client) if client is not None else []


@contextmanager
def _engine() -> Iterator[docker.DockerClient | None]:
    """The engine, or None when there is none."""
    try:
        client = engine.connect()
    except RuntimeUnavailable:
        yield None
        return
    try:
        yield client
    finally:
        client.close()


async def _whole_run(spec: RunSpec, play: Callable[[Stage], Awaitable[T]]) -> tuple[T, Ended]:
    run = ContainerRun(spec)
    body = asyncio.ensure_future(_start_and_play(run, play))
    with _interrupts(body, spec.note) as interrupted:
        try:
            first: list[asyncio.Future[Any]] = [body, run.cut]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        finally:
            body.cancel()
            await asyncio.wait([body])
            await run.stop()
    if body.cancelled() and interrupted.is_set():
        raise KeyboardInterrupt
    ended = Ended(phases=run.phases, ailments=run.ailments)
    if body.cancelled() and run.cut.done():
        stalled = run.cut.result()  # what was recorded until then is judged as the beginning of a history
        stalled.ended = ended
        raise stalled
    return body.result(), ended


async def _start_and_play(run: ContainerRun, play: Callable[[Stage], Awaitable[T]]) -> T:
    stage = await run.start()
    began_s = time.perf_counter()
    try:
        return await play(stage)
    finally:
        run.phases["play"] = time.perf_counter() - began_s


@contextmanager
def _interrupts(body: asyncio.Future[T], note: Callable[[str], None]) -> Iterator[asyncio.Event]:
    """Ctrl-C and SIGTERM cancel `body`, once; while the run is being removed they only say so."""
    interrupted = asyncio.Event()

    def stop() -> None:
        if interrupted.is_set() or body.done():
            note("removing the containers; a moment, please")
        else:
            body.cancel()
        interrupted.set()

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield interrupted
    finally:
        for number, handler in zip(numbers, before, strict=True):
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


RUNTIME: Runtime = DockerRuntime()
