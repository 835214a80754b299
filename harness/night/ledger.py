"""What is done of a night: in the index of its store, beside the rows of the runs.

A run, its row and its outcome are written in one transaction, after its files have their place: whatever is killed
when, each run is there wholly or not at all, and `Ledger.tidy` removes files that came without a row.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from harness.history import HistoryError
from harness.night.items import Shard
from harness.night.work import Outcome, Packed
from harness.store import StoreProblem, rundir
from harness.store.index import Store, insert, why, write_atomically

_SCHEMA = """
CREATE TABLE IF NOT EXISTS nights (
    night TEXT NOT NULL, k INTEGER NOT NULL, n INTEGER NOT NULL, begun TEXT NOT NULL, about TEXT NOT NULL,
    PRIMARY KEY (night, k, n)
);
CREATE TABLE IF NOT EXISTS outcomes (
    night TEXT NOT NULL, number INTEGER NOT NULL, run TEXT, outcome TEXT NOT NULL, PRIMARY KEY (night, number)
);
CREATE TABLE IF NOT EXISTS kinds (
    night TEXT NOT NULL, run TEXT NOT NULL, check_ TEXT NOT NULL, reason TEXT NOT NULL, found TEXT NOT NULL,
    PRIMARY KEY (night, run, check_, reason)
);
"""


class About(msgspec.Struct, kw_only=True):
    """A shard of a night. `words` is the text of the night's file; `planned` how many items this shard has;
    `left_out`: (part, what, why); `again`: how many runs were played again, `apart`: those that came out otherwise;
    `ended` is None while it goes on, or when it was killed."""

    words: str
    file: str
    number: int
    planned: int
    left_out: list[tuple[str, str, str]] = []
    problems: list[str] = []
    again: int = 0
    apart: list[str] = []
    seconds: float = 0.0
    out_of_budget: bool = False
    interrupted: bool = False
    executor: str = "local"
    ended: str | None = None


class Least(msgspec.Struct, kw_only=True):
    """The smallest plan of one failure of one run. `shape` tells failures of one reason apart (`night.kinds`); None:
    there is no smaller plan, and `why` says why. `repeated`: did the same seed fail so again? None: nobody tried."""

    check: str
    reason: str
    run: str
    shape: str | None = None
    plan: str = ""
    calls: int = 0
    faults: int = 0
    complete: bool = False
    why: str = ""
    message: str = ""
    story: list[str] = []
    repeated: bool | None = None


class Begun(msgspec.Struct, kw_only=True):
    """A shard as the ledger has it."""

    night: str
    shard: Shard
    begun: str
    about: About


class Ledger:
    """One connection, for one process. Raises `StoreProblem` where the disk does not do what it should."""

    def __init__(self, store: Store) -> None:
        self.store = store
        try:
            self._db = store.connect()
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as exc:
            raise StoreProblem(why(store.root, "cannot be opened", exc)) from exc

    def close(self) -> None:
        self._db.close()

    # ---- nights -----------------------------------------------------------------------------------------------------

    def begin(self, night: str, shard: Shard, begun: str, about: About) -> None:
        self._write(
            "INSERT OR REPLACE INTO nights VALUES (?, ?, ?, ?, ?)", (night, shard.k, shard.n, begun, _json(about))
        )

    def update(self, night: str, shard: Shard, about: About) -> None:
        self._write(
            "UPDATE nights SET about = ? WHERE night = ? AND k = ? AND n = ?", (_json(about), night, shard.k, shard.n)
        )

    def nights(self) -> list[Begun]:
        """All shards of all nights, in the order in which they began."""
        found = self._read("SELECT night, k, n, begun, about FROM nights ORDER BY begun, night, k", ())
        return [
            Begun(night=night, shard=Shard(k, n), begun=begun, about=msgspec.json.decode(about, type=About))
            for night, k, n, begun, about in found
        ]

    # ---- outcomes ---------------------------------------------------------------------------------------------------

    def add(self, night: str, packed: Packed) -> Outcome:
        """Store what a worker sent: files, row and outcome. The outcome knows where the files are now."""
        outcome = packed.outcome
        directory = _unpacked(self.store.root, packed)
        if outcome.run is not None:
            outcome.run.directory = str(directory) if directory is not None else None
        run = packed.row.id if packed.row is not None else None
        try:
            with self._db:
                if packed.row is not None:
                    insert(self._db, packed.row)
                self._db.execute(
                    "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)", (night, outcome.number, run, _json(outcome))
                )
        except sqlite3.Error as exc:
            raise StoreProblem(f"{self.store.root / 'index.db'}: a run cannot be indexed: {exc}") from exc
        return outcome

    def done(self, night: str) -> frozenset[int]:
        return frozenset(number for (number,) in self._read("SELECT number FROM outcomes WHERE night = ?", (night,)))

    def outcomes(self, night: str) -> Iterator[tuple[str | None, Outcome]]:
        """(id of the run, outcome), by number. Directories are told as they lie in this store."""
        for run, text in self._read("SELECT run, outcome FROM outcomes WHERE night = ? ORDER BY number", (night,)):
            yield run, msgspec.json.decode(text, type=Outcome)

    # ---- kinds of failure -------------------------------------------------------------------------------------------

    def add_kind(self, night: str, found: Least) -> None:
        key = (night, found.run, found.check, found.reason)
        self._write("INSERT OR REPLACE INTO kinds VALUES (?, ?, ?, ?, ?)", (*key, _json(found)))

    def kinds(self, night: str) -> list[Least]:
        found = self._read("SELECT found FROM kinds WHERE night = ? ORDER BY check_, reason, run", (night,))
        return [msgspec.json.decode(text, type=Least) for (text,) in found]

    # ---- upkeep -----------------------------------------------------------------------------------------------------

    def tidy(self, night: str) -> int:
        """Remove directories of this night that no row leads to: a kill came between files and row."""
        known = {place for (place,) in self._read("SELECT directory FROM runs WHERE directory IS NOT NULL", ())}
        removed = 0
        for file in self.store.root.glob("*/*/run.json"):
            directory = file.parent
            if str(directory.relative_to(self.store.root)) in known:
                continue
            with suppress(HistoryError):
                if rundir.read_record(directory).campaign == night:
                    self.store.discard(directory)
                    removed += 1
        return removed

    def take_over(self, other: Store, night: str) -> int:
        """All that another store has of a night: runs with their files and rows, outcomes, kinds. Returns how many runs
        it had. Raises `StoreProblem` when something is there twice."""
        taken = 0
        with closing(Ledger(other)) as theirs:
            rows = {row.id: row for row in other.rows() if row.campaign == night}
            mine = self.done(night)
            for run, outcome in theirs.outcomes(night):
                if outcome.number in mine:
                    raise StoreProblem(
                        f"{other.root}: item {outcome.number} of {night} is here already: the shards overlap, "
                        "or this one was merged before"
                    )
                row = rows.get(run or "")
                files = _packed_files(other.root, row.directory) if row is not None and row.directory else {}
                place = row.directory if row is not None else None
                self.add(night, Packed(outcome=outcome, row=row, directory=place, files=files))
                taken += 1
            for kind in theirs.kinds(night):
                self.add_kind(night, kind)
            for begun in theirs.nights():
                if begun.night == night:
                    self.begin(night, begun.shard, begun.begun, begun.about)
        return taken

    def _write(self, statement: str, values: Sequence[Any]) -> None:
        try:
            with self._db:
                self._db.execute(statement, values)
        except sqlite3.Error as exc:
            raise StoreProblem(f"{self.store.root / 'index.db'}: cannot be written: {exc}") from exc

    def _read(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as exc:
            raise StoreProblem(f"{self.store.root / 'index.db'}: cannot be read: {exc}") from exc


def _unpacked(root: Path, packed: Packed) -> Path | None:
    """The files at their place: all of them, or none."""
    if packed.directory is None:
        return None
    directory = root / packed.directory
    try:
        for name, data in packed.files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, data)
    except OSError as exc:
        shutil.rmtree(directory, ignore_errors=True)
        raise StoreProblem(f"{directory}: cannot be written: {exc.strerror or exc}") from exc
    return directory


def _packed_files(root: Path, directory: str) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in (root / directory).rglob("*") if file.is_file()}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
