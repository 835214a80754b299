"""Containers that end although no fault of the plan ended them, as the engine tells it.

The engine's events are listened to, not its states: a container that somebody kills and starts again has died too.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import docker
from docker.errors import DockerException

from harness.runtimes.docker import engine
from harness.runtimes.sockets.grounds import Died

_KILLED = {137: "SIGKILL", 143: "SIGTERM"}  # exit codes that a signal from outside leaves
_HEARD = ["kill", "oom", "die", "destroy"]
_KILL_COUNTS_NS = 15_000_000_000  # so long a program that was asked to end may take


class Deaths:
    """`ours[node]` counts the deaths that the plan is about to cause; every other one is told, while `armed`."""

    def __init__(self, client: docker.DockerClient, run_id: str, told: Died) -> None:
        self.ours: Counter[str] = Counter()
        self.armed = False
        self._told = told
        self._signals: dict[str, int] = {}  # node → when somebody sent it a signal through the engine
        self._starved: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._stream = client.api.events(filters={"label": f"{engine.LABEL}={run_id}", "event": _HEARD}, decode=True)
        self._listener = threading.Thread(target=self._listen, name="deaths", daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        with suppress(
            DockerException, OSError, ValueError, RuntimeError, AttributeError
        ):  # closed, or no engine any more
            for event in self._stream:
                self._loop.call_soon_threadsafe(self._heard, event)

    def close(self) -> None:
        self.armed = False
        with suppress(Exception):  # the engine may be gone, and its socket with it
            self._stream.close()

    def _heard(self, event: Mapping[str, Any]) -> None:
        about = event.get("Actor", {}).get("Attributes", {})
        node, what, wall_ns = about.get(f"{engine.LABEL}.node", ""), event.get("Action"), int(event.get("timeNano", 0))
        if what == "kill":
            self._signals[node] = wall_ns
        elif what == "oom":
            self._starved.add(node)
        elif what == "die":
            if self.ours[node] > 0:
                self.ours[node] -= 1
            elif self.armed:
                code = int(about.get("exitCode", 0) or 0)
                self._told(node, self._how(node, code, wall_ns), time.monotonic_ns() - (time.time_ns() - wall_ns))

    def _how(self, node: str, code: int, wall_ns: int) -> dict[str, Any]:
        asked = wall_ns - self._signals.get(node, 0) <= _KILL_COUNTS_NS
        if node in self._starved:
            return {"code": code, "by": "outside", "said": "the kernel ended it: it needed more memory than there was"}
        if asked:
            return {"code": code, "by": "outside", "said": "somebody asked the Docker engine to end it"}
        if code in _KILLED:
            return {"code": code, "by": "outside", "said": f"something outside sent it {_KILLED[code]}"}
        return {"code": code, "by": "itself", "said": f"see nodes/{node}/stderr.log"}
