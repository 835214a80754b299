"""The disk of a simulated machine, as SQLite meets it: slow, full, or without power.

A store is SQLite in memory, or, for runs with power cuts, files in a directory: on a RAM disk where there is one, since
what a power cut loses is computed, not waited for. Connections that a simulated node opens are those of `store`.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any, Final, Protocol

from faults import Effect

_SHM: Final = Path("/dev/shm")
_PREFIX: Final = "jobsync-harness-store-"  # and the process id
_stores = itertools.count()  # names of in-memory databases are global to the process, and appear nowhere
_WAL_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_MX_FRAME_AT: Final = (
    16  # in the -shm file: frames of the log that are committed (SQLite's walformat.html, section 2.1)
)
_BACKFILL_AT: Final = 96  # and how many of them a checkpoint has copied into the database
_FULL: Final = 2  # PRAGMA synchronous: the log is synced at every commit


def sweep() -> list[str]:
    """Remove the stores of harnesses that were killed; says which."""
    found = []
    for parent in (_SHM, Path(tempfile.gettempdir())):
        for path in sorted(parent.glob(f"{_PREFIX}*-*")):
            pid = path.name.removeprefix(_PREFIX).partition("-")[0]
            if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(path, ignore_errors=True)
                found.append(f"{path}: a store of a harness that was killed: removed")
    return found


class Asked(Protocol):
    """A connection that is open."""

    def close(self) -> None: ...

    def pragma(self, name: str) -> Any: ...


class Disk:
    """`full` and `slow` say whose doing it is; empty: it is not."""

    def __init__(self) -> None:
        self.full: list[Effect] = []
        self.slow: list[tuple[Effect, float]] = []
        self.connections: list[Asked] = []
        self._environment: dict[str, str] = {}
        self._latency = "0"
        self._directory: Path | None = None
        self._anchor: sqlite3.Connection | None = None
        self._uri = ""  # of a store in memory

    def make_store(self, *, on_files: bool) -> str:
        """A new store; its SQLite URI. Call `remove` when the run is over."""
        if on_files:
            parent = _SHM if os.access(_SHM, os.W_OK) else None
            self._directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
            return f"file:{self._directory / 'store.db'}"
        uri = f"file:jobsync-{next(_stores)}?mode=memory&cache=shared"
        self._uri = uri
        self._anchor = sqlite3.connect(uri, uri=True)  # keeps it while no process does
        return uri

    def remove(self) -> None:
        self.close_all()
        if self._anchor is not None:
            self._anchor.close()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def wipe(self) -> None:
        """Nothing is in the store any more. No process has it open."""
        self.close_all()
        if self._directory is not None:
            for path in self._directory.iterdir():
                path.unlink()
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = sqlite3.connect(self._uri, uri=True)

    def serve(self, environment: dict[str, str]) -> None:
        """A program starts: its environment says how long an access takes, and is read again at every access."""
        self._environment, self._latency = environment, environment.get("STORE_LATENCY_MS", "0")
        self.tell_latency()

    def tell_latency(self) -> None:
        more_ms = sum(latency_ms for _, latency_ms in self.slow)
        low, _, high = self._latency.partition("..")
        bounds = (float(low or 0) + more_ms, float(high or low or 0) + more_ms)
        self._environment["STORE_LATENCY_MS"] = (
            "..".join(f"{bound:.6g}" for bound in bounds) if more_ms else self._latency
        )

    # ---- faults ---------------------------------------------------------------------------------------------------

    def touched(self) -> None:
        for effect, _ in self.slow:
            effect.met(statements_slowed=1)

    def refuse(self) -> sqlite3.OperationalError:
        """What SQLite says of a write for which there is no room."""
        for effect in self.full:
            effect.met(writes_failed=1)
        problem = sqlite3.OperationalError("database or disk is full")
        problem.sqlite_errorcode, problem.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
        return problem

    # ---- the end of a process -------------------------------------------------------------------------------------

    def close_all(self) -> None:
        """The kernel takes back what a process had open. A transaction under way is lost."""
        connections, self.connections = self.connections, []
        for connection in connections:
            connection.close()

    def cut_power(self, draws: random.Random) -> int:
        """What was not synced is lost, from a drawn byte on; how many bytes. SQLite recovers when it is opened next.

        What is synced: with synchronous=FULL, all committed frames of the write-ahead log; below FULL, those that a
        checkpoint has copied. A checkpoint syncs both files before it is over.
        """
        if self._directory is None:
            self.close_all()
            return 0
        path = self._directory / "store.db"
        wal = path.with_name("store.db-wal")
        kept = path.read_bytes() if path.exists() else b""
        log = wal.read_bytes() if wal.exists() else b""
        synced, written = self._log_bytes(path, len(log))
        self.close_all()  # it folds the log into the database: both are put back as they were
        cut = draws.randint(min(synced, written), written)
        path.write_bytes(kept)
        wal.write_bytes(log[:cut])
        path.with_name("store.db-shm").unlink(missing_ok=True)
        return written - cut

    def _log_bytes(self, path: Path, size: int) -> tuple[int, int]:
        """How much of the log is synced, and how much of it is written at all (behind it lie former rounds)."""
        index = path.with_name("store.db-shm")
        if not size or not index.exists() or not self.connections:
            return size, size
        head = index.read_bytes()[: _BACKFILL_AT + 4]
        frames, copied = (int.from_bytes(head[at : at + 4], "little") for at in (_MX_FRAME_AT, _BACKFILL_AT))
        asked = self.connections[-1]
        page_bytes = int(asked.pragma("page_size"))
        synced = frames if int(asked.pragma("synchronous")) >= _FULL else copied
        return _until(synced, page_bytes), min(size, _until(frames, page_bytes))


def _until(frames: int, page_bytes: int) -> int:
    return _WAL_HEADER_BYTES + frames * (_FRAME_HEADER_BYTES + page_bytes) if frames else 0
