"""The index of a store, made again from the directories of its runs.

What stands in the index alone is lost with it: runs whose files were not kept, and the ledger of nights.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness.history import HistoryError
from harness.store import StoreProblem, rundir
from harness.store.index import Store, insert, is_damaged, why
from harness.store.rundir import RunRecord
from harness.verdict import CheckResult


@dataclass(frozen=True)
class Reindexed:
    """`known` rows were there, `added` came; `moved` is where a damaged index lies now. `is_new`: there was none that
    could be read."""

    known: int
    added: int
    is_new: bool
    moved: Path | None


def unindexed(
    root: Path, known: Container[str], note: Callable[[str], None] = lambda line: None
) -> Iterator[tuple[str, RunRecord]]:
    """Runs that have ended and whose directory (relative to the store) is none of `known`; `note` is told of those that
    cannot be read."""
    for file in sorted(root.glob("*/*/run.json")):
        place = str(file.parent.relative_to(root))
        if place in known or file.parent.parent.is_symlink():
            continue
        try:
            record = rundir.read_record(file.parent)
        except HistoryError as exc:
            note(str(exc))
            continue
        if record.verdict is not None:  # else it goes on, or its harness was killed: no index ever has those
            yield place, record


def reindex(root: Path, note: Callable[[str], None] = lambda line: None) -> Reindexed:
    """Rows that are there stay as they are. Raises `StoreProblem`."""
    store, file = Store(root), root / "index.db"
    try:
        moved = _move_aside(file) if _is_broken(store) else None
        is_new = moved is not None or not file.exists()
        with closing(store.connect()) as db, db:
            rows = dict(db.execute("SELECT id, directory FROM runs"))
            added = dict(rows)
            for place, record in unindexed(root, set(rows.values()), note):
                if record.id not in added:
                    insert(db, rundir.index_row(record, _results(root / place, note), place))
                    added[record.id] = place
    except (sqlite3.Error, OSError) as exc:
        raise StoreProblem(why(root, "cannot be made again", exc)) from exc
    return Reindexed(known=len(rows), added=len(added) - len(rows), is_new=is_new, moved=moved)


def _results(directory: Path, note: Callable[[str], None]) -> list[CheckResult]:
    try:
        return rundir.read_results(directory)
    except HistoryError as exc:
        note(str(exc))
        return []


def _is_broken(store: Store) -> bool:
    if not (store.root / "index.db").exists():
        return False
    try:
        store.rows()
        with closing(store.connect()) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except StoreProblem as exc:
        if isinstance(exc.__cause__, sqlite3.Error) and is_damaged(exc.__cause__):
            return True
        raise
    except sqlite3.DatabaseError as exc:
        if is_damaged(exc):
            return True
        raise


def _move_aside(file: Path) -> Path:
    """With what SQLite has beside it, which would be taken for that of the new one."""
    number = 1
    while (aside := file.with_name(f"{file.name}.broken{'' if number == 1 else f'-{number}'}")).exists():
        number += 1
    file.rename(aside)
    for tail in ("-wal", "-shm"):
        beside = file.with_name(file.name + tail)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + tail))
    return aside
