"""Is everything there that a run needs? One line each, with the remedy; and the removal of what killed runs left.

Runtimes tell of themselves by optional powers (`harness.runtimes`): `Diagnoses`, `Sweeps`.

May use: `checkers/linearizability`, `harness/runtimes`, `harness/runtimes/toxiproxy`.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sqlite3
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator

from checkers.linearizability import engine
from harness import registry
from harness.runtimes import Check, Diagnoses, RuntimeUnavailable, Sweeps
from harness.runtimes.toxiproxy import server as tools

_LIMIT_S = 10.0
_OLDEST_WEBSOCKETS = 15
_REAL_SOCKETS = ("process", "docker")  # the one that needs less first


def checks() -> Iterator[Check]:
    """All checks, one after the other, so that they can be shown as they come."""
    yield _python()
    yield _websockets()
    yield Check("sqlite", sqlite3.sqlite_version_info >= (3, 35), sqlite3.sqlite_version, "SQLite 3.35 or newer")
    yield Check("linearizability engine", True, engine.TOLD)
    yield _toxiproxy()
    ready = set()
    for name in registry.names("runtime"):
        runtime = registry.find("runtime", name)
        missing = [str(line) for line in runtime.missing()]
        if not missing:
            ready.add(name)
        yield Check(
            f"runtime {name}", None if missing else True, "not ready" if missing else "ready", "; ".join(missing)
        )
        if isinstance(runtime, Diagnoses):
            yield from runtime.diagnose()
    yield _real_sockets(ready)


def _real_sockets(ready: set[str]) -> Check:
    """Which runtime to take where the simulator is not enough."""
    best = next((name for name in _REAL_SOCKETS if name in ready), None)
    if best is None:
        return Check(
            "real sockets", None, "no runtime has them here", "see the remedies above; the simulator does without"
        )
    return Check("real sockets", True, f"use --runtime {best}")


def sweep(note: Callable[[str], None] = lambda line: None) -> list[str]:
    """Remove what killed runs left behind, on every runtime that is there."""
    lines: list[str] = []
    for name in registry.names("runtime"):
        runtime = registry.find("runtime", name)
        if isinstance(runtime, Sweeps):
            try:
                lines.extend(runtime.sweep(note))
            except RuntimeUnavailable as exc:
                note(f"{name}: not looked at: {exc}")
    return lines


def _python() -> Check:
    implementation = platform.python_implementation()
    ok = sys.version_info >= (3, 11) and implementation == "CPython"
    told = f"{implementation} {platform.python_version()} at {sys.executable}, {_build()}"
    return Check("python", ok, told, "use CPython 3.11 or newer")


def _build() -> str:
    """How the interpreter was compiled, which runs in the simulator feel: they are nothing but Python."""
    words = " ".join(str(sysconfig.get_config_var(name) or "") for name in ("CONFIG_ARGS", "PY_CFLAGS", "PY_LDFLAGS"))
    if sysconfig.get_config_var("Py_DEBUG"):
        return "a debug build: runs take several times as long"
    if any(sign in words for sign in ("--enable-optimizations", "-fprofile-use")):
        return "an optimised build"
    return "whose build does not say that it is optimised (--enable-optimizations)"


def _websockets() -> Check:
    try:
        version = importlib.metadata.version("websockets")
    except importlib.metadata.PackageNotFoundError:
        return Check("websockets", False, "not installed", "pip install -r requirements.lock")
    ok = int(version.split(".")[0]) >= _OLDEST_WEBSOCKETS
    return Check("websockets", ok, version, f"install websockets ≥ {_OLDEST_WEBSOCKETS}")


def _toxiproxy() -> Check:
    """Whether there is a server, and one that starts."""
    remedy = "run `make tools` (needs Go), or put toxiproxy-server on PATH; the simulator does without"
    try:
        found = tools.find_toxiproxy()
    except tools.ToolMissing as exc:
        return Check("toxiproxy-server", False, "not there", str(exc))
    if found is None:
        return Check("toxiproxy-server", None, "not there", remedy)
    try:
        said = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=_LIMIT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError) as exc:
        return Check("toxiproxy-server", False, f"{found} does not start ({exc})", remedy)
    return Check("toxiproxy-server", True, f"{said.strip().rpartition(' ')[2]} at {found}")
