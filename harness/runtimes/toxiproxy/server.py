"""The one tool that pip cannot install: the Toxiproxy server, found or built.

Looked for, in this order: `$TOXIPROXY_SERVER`, `toxiproxy-server` on PATH, the project's tool cache (`.tools/` of a
checkout, else a directory of the user's cache). `python -m harness.runtimes.toxiproxy.server` fills the cache with the
Go tool-chain.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

TOXIPROXY_VERSION = "2.12.0"
_MODULE = "github.com/Shopify/toxiproxy/v2"
_BUILD_LIMIT_S = 900.0  # cold, on a slow line; half a minute is usual
_ELF_INTERPRETER = 3  # PT_INTERP: only a dynamically linked program has one

_NO_GO = (
    "no toxiproxy-server, and no Go tool-chain (`go` on PATH) to build one with: install Go ≥ 1.23 and run "
    "`make tools`, or put a toxiproxy-server on PATH, or name one in TOXIPROXY_SERVER"
)


class ToolMissing(Exception):
    """A tool is not there or cannot be built; the message says what to do."""


def cache_dir(env: Mapping[str, str] = os.environ) -> Path:
    """Where built tools live: beside the package in a checkout, else in the user's cache."""
    root = Path(__file__).resolve().parents[3]
    if (root / "pyproject.toml").is_file():
        return root / ".tools"
    base = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME", "~")).expanduser() / ".cache")
    return Path(base) / "jobsync-harness" / "tools"


def find_toxiproxy(env: Mapping[str, str] = os.environ) -> Path | None:
    """The server's binary, or None. Raises `ToolMissing` when `$TOXIPROXY_SERVER` names no program."""
    named = env.get("TOXIPROXY_SERVER")
    if named:
        if not _is_program(Path(named)):
            raise ToolMissing(
                f"TOXIPROXY_SERVER={named} is not a program; correct it, or unset it and run `make tools`"
            )
        return Path(named).resolve()
    on_path = shutil.which("toxiproxy-server", path=env.get("PATH"))
    if on_path:
        return Path(on_path).resolve()
    cached = cache_dir(env) / "toxiproxy-server"
    return cached if _is_program(cached) else None


def toxiproxy_trouble(env: Mapping[str, str] = os.environ) -> list[str]:
    """Why there can be no Toxiproxy server, each with its remedy; empty when there is one or it can be built."""
    if env.get("HARNESS_TOXIPROXY_IMAGE"):
        return []
    try:
        found = find_toxiproxy(env)
    except ToolMissing as exc:
        return [str(exc)]
    return [] if found is not None or shutil.which("go", path=env.get("PATH")) else [_NO_GO]


def build_toxiproxy(note: Callable[[str], None] = lambda line: None, env: Mapping[str, str] = os.environ) -> Path:
    """Build the server into the tool cache and return it. Raises `ToolMissing` without Go, or when the build fails."""
    go = shutil.which("go", path=env.get("PATH"))
    if go is None:
        raise ToolMissing(_NO_GO)
    target = cache_dir(env) / "toxiproxy-server"
    target.parent.mkdir(parents=True, exist_ok=True)
    note(f"building toxiproxy-server {TOXIPROXY_VERSION} (about half a minute)")
    with tempfile.TemporaryDirectory(dir=target.parent) as out:
        _go_install(go, Path(out), env)
        (Path(out) / "server").replace(target)
    note(f"built {target}")
    return target


def _go_install(go: str, out: Path, env: Mapping[str, str]) -> None:
    # Linked statically (or it dies in an empty image), and told its version (else it reads "git").
    flags = f"-s -w -X {_MODULE}.Version={TOXIPROXY_VERSION}"
    command = [go, "install", "-trimpath", "-ldflags", flags, f"{_MODULE}/cmd/server@v{TOXIPROXY_VERSION}"]
    try:
        done = subprocess.run(
            command,
            env={**env, "CGO_ENABLED": "0", "GOBIN": str(out), "GOFLAGS": ""},
            capture_output=True,
            text=True,
            timeout=_BUILD_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise ToolMissing(
            f"building toxiproxy-server took more than {_BUILD_LIMIT_S:.0f} s; is Go's proxy up?"
        ) from exc
    if done.returncode != 0:
        raise ToolMissing(f"building toxiproxy-server failed:\n{done.stderr.strip()[-2000:]}")


def is_static(program: Path) -> bool:
    """Whether an ELF program runs without a dynamic loader, as an empty image needs it."""
    with program.open("rb") as file:
        head = file.read(64)
        if head[:4] != b"\x7fELF" or head[4] != 2:
            return False
        order: Literal["little", "big"] = "little" if head[5] == 1 else "big"

        def number(data: bytes) -> int:
            return int.from_bytes(data, order)

        offset, size, count = number(head[32:40]), number(head[54:56]), number(head[56:58])
        file.seek(offset)
        table = file.read(size * count)
    return all(number(table[i : i + 4]) != _ELF_INTERPRETER for i in range(0, len(table), size))


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def main() -> int:
    try:
        found = find_toxiproxy()
        if found is None:
            found = build_toxiproxy(print)
    except ToolMissing as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 255
    print(f"toxiproxy-server: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
