"""Where runs are kept: one directory a run, and an index of all of them.

    STORE/PLAN/<UTC>-<seed>-<short id>/    a run's files (`harness.store.rundir`)
    STORE/latest                           symlink to the one that ended last; never to one that goes on
    STORE/index.db                         SQLite, one row for every run, also for those without a directory

Several processes may use one store at once. Whatever a reader may look at is written beside and renamed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from harness.store import StoreProblem

_NAME = re.compile(r"(?:\d{8}T\d{6}Z--?\d+-)?(?P<id>[0-9a-f]{6}|[0-9a-f]{10})", re.ASCII)  # of a directory, or its id
_BUSY_S = 30.0  # another process may be writing its row; each row is one short transaction
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, plan TEXT NOT NULL, seed INTEGER NOT NULL, runtime TEXT NOT NULL, profile TEXT NOT NULL,
    verdict TEXT NOT NULL, signatures TEXT NOT NULL, started TEXT NOT NULL, seconds REAL NOT NULL,
    trace_hash TEXT, directory TEXT, campaign TEXT
);
CREATE INDEX IF NOT EXISTS runs_by_time ON runs (started);
CREATE INDEX IF NOT EXISTS runs_by_plan ON runs (plan, seed);
"""


class IndexRow(msgspec.Struct, kw_only=True):
    """One run as the index knows it. `profile` has its swaps (`hardened-order.revisions`); `directory` is
    relative to the store, None when it was not kept; `signatures` are (check, reason) pairs."""

    id: str
    plan: str
    seed: int
    runtime: str
    profile: str
    verdict: str
    signatures: list[tuple[str, str]]
    started: str
    seconds: float
    trace_hash: str | None = None
    directory: str | None = None
    campaign: str | None = None


class NoSuchRun(LookupError):
    """What a user named as a run is none; the message says what was looked for."""


def id_in(word: str) -> str | None:
    """The short id that a user means: it stands alone, or ends the name of a run's directory."""
    found = _NAME.fullmatch(word)
    return found["id"] if found is not None else None


def new_run_id() -> str:
    """Of so many digits that the runs of many nights have one each: an index row that is replaced is a run lost."""
    return secrets.token_hex(5)


def write_atomically(path: Path, data: bytes | str) -> None:
    """A reader sees the old file or the new one, never a part. Raises `StoreProblem`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _as_store_problem(path):
        try:
            part.write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise


@contextmanager
def _as_store_problem(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StoreProblem(
            f"{path}: cannot be written: {exc.strerror or exc}; --store DIR chooses another place"
        ) from exc


class Store:
    """A directory of runs. Nothing is created before the first run."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def require_writable(self) -> None:
        """Find out before anything starts whether runs can be kept. Raises `StoreProblem`."""
        trial = self.root / f".trial.{secrets.token_hex(4)}"
        with _as_store_problem(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                trial.write_bytes(b"?")
            finally:
                trial.unlink(missing_ok=True)
        broken = problem(self.root)
        if broken is not None:
            raise StoreProblem(broken)

    # ---- directories ----------------------------------------------------------------------------------------------

    def create(self, plan: str, seed: int, run_id: str) -> Path:
        """Make the directory of a new run. Raises `StoreProblem`."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        directory = self.root / _as_file_name(plan) / f"{stamp}-{seed}-{run_id}"
        with _as_store_problem(self.root):
            directory.mkdir(parents=True)
        return directory

    def point_latest(self, directory: Path) -> None:
        """`latest` → `directory`, in one step for whoever reads it. Raises `StoreProblem`."""
        link = self.root / "latest"
        part = self.root / f".latest.{secrets.token_hex(4)}"
        with _as_store_problem(link):
            part.symlink_to(directory.relative_to(self.root), target_is_directory=True)
            part.replace(link)

    def discard(self, directory: Path) -> None:
        """Remove a run that need not be kept, and its plan's folder if that is empty now."""
        shutil.rmtree(directory, ignore_errors=True)
        with suppress(OSError):
            directory.parent.rmdir()

    def locate(self, word: str) -> Path:
        """The run directory that a user means: a path, `latest`, a run's short id or its directory's name.
        Raises `NoSuchRun`."""
        path = Path(word)
        if path.is_file() and (path.parent / "run.json").is_file():
            return path.parent
        for candidate in (path, self.root / word):
            if (candidate / "run.json").is_file():
                return candidate.resolve() if candidate.is_symlink() else candidate
        named = word.rstrip("/")
        id_ = id_in(named)
        found = self.root.glob(f"*/{named}" if id_ != named else f"*/*-{id_}") if id_ is not None else ()
        by_id = sorted(directory for directory in found if (directory / "run.json").is_file())
        if by_id:
            return by_id[0]
        what = "it holds no run.json: is it a run directory" if path.exists() else "there is no such run"
        if word == "latest":
            what += " (no run has ended in this store)"
        raise NoSuchRun(f"{word}: {what}; give a run directory, its short id, or `latest` (store: {self.root})")

    # ---- index ----------------------------------------------------------------------------------------------------

    def index(self, row: IndexRow) -> None:
        """Add a run to the index, or replace its row. Raises `StoreProblem`."""
        try:
            with closing(self.connect()) as db, db:
                insert(db, row)
        except (sqlite3.Error, OSError) as exc:
            raise StoreProblem(why(self.root, "the run cannot be indexed", exc)) from exc

    def rows(self) -> list[IndexRow]:
        """All indexed runs, oldest first. Raises `StoreProblem`."""
        if not (self.root / "index.db").exists():
            return []
        try:
            with closing(self.connect()) as db:
                db.row_factory = sqlite3.Row
                found = [dict(row) for row in db.execute("SELECT * FROM runs ORDER BY started, id")]
        except sqlite3.Error as exc:
            raise StoreProblem(why(self.root, "cannot be read", exc)) from exc
        return [
            msgspec.convert(row | {"signatures": msgspec.json.decode(row["signatures"])}, IndexRow) for row in found
        ]

    def forget(self, directory: Path) -> None:
        """The files of a run are gone; its row stays. Raises `StoreProblem`."""
        place = str(directory.relative_to(self.root))
        try:
            with closing(self.connect()) as db, db:
                db.execute("UPDATE runs SET directory = NULL WHERE directory = ?", (place,))
        except (sqlite3.Error, OSError) as exc:
            raise StoreProblem(why(self.root, "cannot be written", exc)) from exc

    def connect(self) -> sqlite3.Connection:
        """The index, made if there is none; one transaction may then add a run and what belongs to it."""
        self.root.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.root / "index.db", timeout=_BUSY_S)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(_SCHEMA)
        return db


def insert(db: sqlite3.Connection, row: IndexRow) -> None:
    """Add a run, or replace its row."""
    values = msgspec.structs.asdict(row) | {"signatures": msgspec.json.encode(row.signatures).decode()}
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    db.execute(f"INSERT OR REPLACE INTO runs ({names}) VALUES ({marks})", values)


# ---- an index that is damaged ---------------------------------------------------------------------------------------


def is_damaged(exc: Exception) -> bool:
    """Is it the file's own fault, and no lock, full disk or missing right?"""
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or bool(re.search("no such|no column", str(exc)))


def remedy(root: Path) -> str:
    return f"`harness doctor --reindex --store {root}` makes it from the directories of the runs"


def why(root: Path, what: str, exc: Exception) -> str:
    """What went wrong with the index, with the remedy if there is one."""
    said = f"{root / 'index.db'}: {what}: {exc}"
    return f"{said}; {remedy(root)}" if is_damaged(exc) else said


def problem(root: Path) -> str | None:
    """What is wrong with an index that is there; nothing is written."""
    file = root / "index.db"
    if not file.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, timeout=_BUSY_S)) as db:
            if file.stat().st_size:  # SQLite makes one of an empty file
                db.execute(f"SELECT {', '.join(IndexRow.__struct_fields__)} FROM runs LIMIT 1").fetchone()
    except (sqlite3.Error, OSError) as exc:
        return why(root, "cannot be read", exc) if is_damaged(exc) else None
    return None


def _as_file_name(plan: str) -> str:
    """A plan's name as one path component: `edge/empty-chunk` is `edge-empty-chunk`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plan).strip("-.") or "plan"
