"""`harness run … --runtime docker|process` as a command in a folder of its own, and plans for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

LIMIT_S = 120.0  # of anything: generous, a loaded machine is no failure

# A topology, but for what its nodes are.
USERS = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1, session-2]}}]
    mobiles: [{id: mobile-1, desktop: desktop-1, scope: {session: session-1}}]
timing: fast
nodes:
"""
# Six letters, twelve bytes, and a late copy of them: doubled where lengths are counted in two ways.
DOUBLING = """\
version: 1
title: One repeated chunk
duration: 2s
topology: one-user
timing: fast
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 300ms, node: desktop-1, do: create, job: greeting}
    - {at: 400ms, node: desktop-1, do: status, job: greeting, status: generatingStream}
    - {at: 600ms, node: desktop-1, do: chunk, job: greeting, text: Привет}
    - {at: 1800ms, node: desktop-1, do: finalize, job: greeting, body: false}
faults:
  - action: duplicate
    links: [relay->mobile-1]
    chance: 100%
    delay: 500ms
    match: {type: "job:response-appended"}
    at: 200ms
    for: 1700ms
"""
# A partition that lasts, so that something can happen in the middle of it.
HELD = """\
version: 1
title: A long partition
duration: 40s
topology: one-user
timing: fast
workload: {jobs: 2, rate: 5/s}
faults:
  - {action: partition, links: [mobile-1<->relay], drop: blackhole, at: 300ms, for: 35s}
"""
# Something goes on before and after the fault; what happens in between is up to the test.
BUSY = """\
version: 1
title: Streams for a while
duration: 6s
topology: one-user
timing: fast
workload: {jobs: 3, rate: 10/s}
faults:
  - {action: delay, links: [mobile-1<->relay], latency: 10ms, at: 200ms, for: 5s}
"""


@dataclass
class Run:
    """One finished command."""

    pid: int
    code: int
    out: str
    err: str
    store: Path

    @property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.out)
        return said

    @property
    def directory(self) -> Path:
        return next(path.parent for path in self.store.glob("*/*/run.json") if not path.parent.is_symlink())

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.directory / "run.json").read_text())
        return record

    def is_clean(self) -> bool:
        """Nothing that only a programmer reads."""
        return "Traceback" not in self.out + self.err and "defect of the harness" not in self.err


class Started:
    """A run under way."""

    def __init__(self, process: subprocess.Popen[str], store: Path) -> None:
        self.process, self.store = process, store

    def history(self) -> str:
        """As far as it has been written."""
        return "".join(path.read_text() for path in self.store.glob("*/*/history.jsonl"))

    def wait_until(self, holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while not holds():
            assert self.process.poll() is None, f"ended too early:\n{self.process.communicate()[1]}"
            assert time.monotonic() < deadline_s, "it never came to that"
            time.sleep(0.02)

    def finish(self, by: int | None = None) -> Run:
        """To its end, with a signal first if one is given."""
        if by is not None:
            self.process.send_signal(by)
        out, err = self.process.communicate(timeout=LIMIT_S)
        return Run(self.process.pid, self.process.returncode, out, err, self.store)


S = TypeVar("S", bound=Started)


class Commands(Generic[S]):
    """Commands in a folder of their own. `begun` makes what a run under way is for the tests of its runtime."""

    RUNTIME = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begun(self, process: subprocess.Popen[str], store: Path) -> S:
        raise NotImplementedError

    def harness(self, *args: str, env: Mapping[str, str] | None = None) -> Run:
        with self._process(args, env) as process:
            out, err = process.communicate(timeout=LIMIT_S)
            return Run(process.pid, process.returncode, out, err, self.folder / "store")

    def run(self, plan: str, *args: str) -> Run:
        """A whole run; nothing of it is left, however it went."""
        with self.started(plan, *args) as started:
            return started.finish()

    @contextmanager
    def started(self, plan: str, *args: str) -> Iterator[S]:
        number = len(list(self.folder.iterdir()))
        path, store = self.folder / f"plan-{number}.yaml", self.folder / f"store-{number}"
        path.write_text(plan)
        words = ("run", str(path), "--runtime", self.RUNTIME, "--store", str(store), "--json", *args)
        with self._process(words) as process:
            yield self.begun(process, store)

    @contextmanager
    def _process(self, words: tuple[str, ...], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
        """In a session of its own, of which nobody lives afterwards."""
        with subprocess.Popen(
            [sys.executable, "-m", "harness", *words],
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        assert not _session(process.pid), "a process outlived the command"


def _session(leader: int) -> list[int]:
    """Live processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
