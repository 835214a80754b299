"""The components in containers on a private network, with a real Toxiproxy between them.

`grounds` (containers as programs), by `containers`, `engine`, `images` and `base_image` · `deaths` (those that nobody
ended).

May use: `harness/runtimes`, `harness/runtimes/sockets`, `harness/runtimes/toxiproxy`, `harness`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, TypeVar

import docker

from harness import registry
from harness.runtimes import Check, Ended, RunSpec, Runtime, RuntimeUnavailable, Stage
from harness.runtimes.docker import engine, images
from harness.runtimes.docker.grounds import DockerGrounds
from harness.runtimes.sockets import certificates
from harness.runtimes.sockets.playing import play_on
from harness.runtimes.sockets.stage import VERBS, WHY_NOT
from harness.runtimes.toxiproxy import server as tools
from harness.schedule import System

T = TypeVar("T")


class DockerRuntime:
    NAME: ClassVar[str] = "docker"
    SUMMARY: ClassVar[str] = "real processes in containers, real Toxiproxy; needs a Docker engine on this machine"
    VERBS: ClassVar[frozenset[str]] = VERBS
    KINDS: ClassVar[frozenset[str]] = frozenset({"builtin", "module", "image"})
    WHY_NOT: ClassVar[Mapping[str, str]] = WHY_NOT

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

    def inspect(self, system: System) -> list[str]:
        why = "takes its token from a command of this machine, which is not there in a container"
        lost = "does not ship, and no plug-in is there in a container"
        spoken = sorted({system.dialect, *(node.dialect for node in system.nodes if node.dialect is not None)})
        brought = [f"the dialect {name!r} {lost}" for name in spoken if not registry.ships("dialect", name)]
        return brought + [f"{node.name} {why}" for node in system.nodes if node.auth]

    def tls_trouble(self) -> str | None:
        """See `SpeaksTls`."""
        return certificates.trouble()

    def execute(self, spec: RunSpec, play: Callable[[Stage], Awaitable[T]]) -> tuple[T, Ended]:
        """See `Runtime`. Ctrl-C cancels `play` once and raises KeyboardInterrupt when everything is removed."""
        return play_on(DockerGrounds, spec, play)

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


RUNTIME: Runtime = DockerRuntime()
