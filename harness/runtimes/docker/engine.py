"""The Docker engine: how it is reached, how what we make there is labelled, and how it is all removed again.

Everything carries the label `jobsync-harness=<run id>` and names the process that made it, so that the next run, or
`harness doctor --sweep`, can tell what a killed harness left behind.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound

from harness.runtimes import RuntimeUnavailable

LABEL = "jobsync-harness"
_PID, _STARTED, _BOOT, _NAMESPACE = (f"{LABEL}.{part}" for part in ("pid", "pid-started", "boot-id", "pid-namespace"))
_API_LIMIT_S = 60
_REMOVE_TRIES = 20
_REMOVE_PAUSE_S = 0.1

REMEDY = "install docker.io (or Docker Engine), start dockerd, and see that `docker info` works for this user"


def connect() -> docker.DockerClient:
    """The engine of this machine. Raises `RuntimeUnavailable` with what to do."""
    try:
        client = docker.from_env(timeout=_API_LIMIT_S, max_pool_size=64)
        client.ping()
    except DockerException as exc:
        raise RuntimeUnavailable(f"no Docker engine answers ({_first_line(exc)}): {REMEDY}") from exc
    if not str(client.api.base_url).startswith("http+docker://"):
        client.close()
        raise RuntimeUnavailable(
            f"the Docker engine at {os.environ.get('DOCKER_HOST')} is not reached by a local socket: containers are "
            "reached by their addresses, so unset DOCKER_HOST and use an engine on this machine"
        )
    return client


# ---- labels -------------------------------------------------------------------------------------------------------


def labels(run_id: str) -> dict[str, str]:
    """Of everything that the run of this process makes."""
    return {
        LABEL: run_id,
        _PID: str(os.getpid()),
        _STARTED: _started(os.getpid()),
        _BOOT: _read("/proc/sys/kernel/random/boot_id"),
        _NAMESPACE: _pid_namespace(),
    }


def is_left_over(found: dict[str, str]) -> bool:
    """Is the process that made this gone? One in another pid namespace cannot be seen from here: then no."""
    if found.get(_BOOT) != _read("/proc/sys/kernel/random/boot_id"):
        return True
    if found.get(_NAMESPACE) != _pid_namespace():
        return False
    pid = found.get(_PID, "")
    return not pid.isdigit() or _started(int(pid)) != found.get(_STARTED)


def _started(pid: int) -> str:
    """When a process started, in ticks since boot; empty when there is none. A used-again pid differs in it."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""


def _pid_namespace() -> str:
    with contextlib.suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _read(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_text().strip()
    return ""


# ---- removal ------------------------------------------------------------------------------------------------------


def sweep(client: docker.DockerClient, note: Callable[[str], None] = lambda line: None) -> list[str]:
    """Remove what processes that are gone left behind; says what it removed and what it could not."""
    run_ids = left_over_runs(client)
    lines = []
    for run_id in run_ids:
        problems = remove_run(client, run_id)
        lines.append(f"run {run_id}: removed" if not problems else f"run {run_id}: {'; '.join(problems)}")
    for line in lines:
        note(f"left over by a killed harness: {line}")
    return lines


def left_over_runs(client: docker.DockerClient) -> list[str]:
    return sorted({found[LABEL] for found in _all_labels(client) if is_left_over(found)})


def run_ids(client: docker.DockerClient) -> list[str]:
    """All runs that have anything on this engine, dead or alive."""
    return sorted({found[LABEL] for found in _all_labels(client)})


def remove_run(client: docker.DockerClient, run_id: str) -> list[str]:
    """Remove everything of a run, containers first, then networks and volumes. Returns what could not be removed."""
    mine = {"label": f"{LABEL}={run_id}"}
    with ThreadPoolExecutor(max_workers=8) as pool:
        names = [c["Id"] for c in client.api.containers(all=True, filters=mine)]
        problems = list(pool.map(lambda name: _remove(lambda: _remove_container(client, name)), names))
        networks = [n["Id"] for n in client.api.networks(filters=mine)]
        left = pool.map(lambda name: _remove(lambda: client.api.remove_network(name)), networks)
        problems += [_of_a_ghost(problem) for problem in left]
        volumes = [v["Name"] for v in client.api.volumes(filters=mine)["Volumes"] or []]
        problems += pool.map(lambda name: _remove(lambda: client.api.remove_volume(name)), volumes)
    return [problem for problem in problems if problem]


def _remove_container(client: docker.DockerClient, name: str) -> None:
    client.api.remove_container(name, force=True, v=True)


def _of_a_ghost(problem: str | None) -> str | None:
    """The engine now and then keeps the endpoint of a container that is gone, for ever."""
    if problem is None or "active endpoints" not in problem:
        return problem
    return f"{problem}, of containers that are gone: the engine lets go of them when it is restarted"


def _remove(remove: Callable[[], object]) -> str | None:
    """Try until it is gone: the engine refuses while it is still busy with the thing. Says what stood in the way."""
    problem = None
    for _ in range(_REMOVE_TRIES):
        try:
            remove()
        except NotFound:
            return None
        except (APIError, OSError, DockerException) as exc:
            problem = _first_line(exc)
            time.sleep(_REMOVE_PAUSE_S)
        else:
            return None
    return problem


def _all_labels(client: docker.DockerClient) -> Iterable[dict[str, str]]:
    ours = {"label": LABEL}
    things: list[Any] = [
        *client.api.containers(all=True, filters=ours),
        *client.api.networks(filters=ours),
        *(client.api.volumes(filters=ours)["Volumes"] or []),
    ]
    return [thing.get("Labels") or {} for thing in things]


def _first_line(exc: BaseException) -> str:
    inner: BaseException | None = exc
    while inner is not None:  # what libraries wrap around it is for programmers
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    text = str(getattr(exc, "explanation", None) or exc)
    return text.strip().splitlines()[0] if text.strip() else type(exc).__name__
