"""A full disk refuses what SQLite on a really full one refuses: the same table is played on both."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from faults import Effect
from harness.runtimes.sim.machines.disk import Disk
from harness.runtimes.sim.machines.store import StoreConnection

SETUP = """
CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE auto (n INTEGER PRIMARY KEY AUTOINCREMENT, u TEXT UNIQUE);
CREATE TABLE empty (n);
CREATE TABLE log (n);
CREATE INDEX by_text ON rows (text);
CREATE TRIGGER note AFTER UPDATE OF text ON rows BEGIN INSERT INTO log VALUES (new.n); END;
INSERT INTO rows VALUES (1, 'a'), (2, 'b');
INSERT INTO auto (u) VALUES ('x');
PRAGMA user_version = 5;
"""
IN3 = "INSERT INTO rows VALUES (3, 'c')"
NONE = "DELETE FROM rows WHERE n = 9"
WITH = "WITH v (a) AS (SELECT 7)"
TRIGGER = "CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON rows BEGIN DELETE FROM auto; END"

# steps, apart by " | ": a statement; !a script; commit(); with (a block of it); ->: what the last step gives, `ok` or
# SQLite's name of the error. All steps before it succeed.
AUTOCOMMIT = f"""
CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, text TEXT) -> ok
CREATE INDEX IF NOT EXISTS by_text ON rows (text) -> ok
CREATE TABLE rows (n) -> SQLITE_ERROR
CREATE TABLE fresh (n) -> SQLITE_FULL
CREATE TABLE IF NOT EXISTS fresh (n) -> SQLITE_FULL
CREATE TABLE fresh AS SELECT * FROM rows -> SQLITE_FULL
CREATE VIEW v AS SELECT 1 -> SQLITE_FULL
{TRIGGER} -> SQLITE_FULL
{TRIGGER.replace(" t ", " note ")} -> ok
DROP TABLE IF EXISTS nobody -> ok
DROP TABLE empty -> SQLITE_FULL
ALTER TABLE rows ADD COLUMN z -> SQLITE_FULL
ALTER TABLE empty RENAME TO something -> SQLITE_FULL
SELECT * FROM rows -> ok
{NONE} -> ok
DELETE FROM rows WHERE n = 1 -> SQLITE_FULL
DELETE FROM rows -> SQLITE_FULL
DELETE FROM empty -> SQLITE_FULL
DELETE FROM empty WHERE n = 1 -> ok
UPDATE rows SET text = 'z' WHERE n = 9 -> ok
UPDATE rows SET text = 'a' WHERE n = 1 -> SQLITE_FULL
UPDATE OR IGNORE rows SET n = 2 WHERE n = 1 -> ok
INSERT OR IGNORE INTO rows VALUES (1, 'q') -> ok
INSERT OR IGNORE INTO rows VALUES (3, 'q') -> SQLITE_FULL
INSERT OR IGNORE INTO auto (u) VALUES ('x') -> SQLITE_FULL
INSERT INTO rows VALUES (1, 'q') ON CONFLICT DO NOTHING -> ok
INSERT INTO rows VALUES (1, 'q') ON CONFLICT (n) DO UPDATE SET text = 'q' -> SQLITE_FULL
INSERT INTO rows VALUES (1, 'q') -> SQLITE_CONSTRAINT_PRIMARYKEY
INSERT INTO rows SELECT * FROM rows WHERE n > 10 -> ok
{IN3} RETURNING n -> SQLITE_FULL
REPLACE INTO rows VALUES (1, 'q') -> SQLITE_FULL
{WITH} INSERT INTO rows SELECT a, 'w' FROM v -> SQLITE_FULL
{WITH} INSERT INTO rows SELECT a, 'w' FROM v WHERE a > 7 -> ok
{WITH} DELETE FROM rows WHERE n IN (SELECT a FROM v) -> ok
{WITH} SELECT * FROM v -> ok
-- a comment~{IN3} -> SQLITE_FULL
/* a comment */ {IN3} -> SQLITE_FULL
/* a comment */ {NONE} -> ok
 ; {IN3} -> SQLITE_FULL
EXPLAIN {IN3} -> ok
EXPLAIN QUERY PLAN {IN3} -> ok
PRAGMA user_version -> ok
PRAGMA user_version = 5 -> SQLITE_FULL
PRAGMA user_version(6) -> SQLITE_FULL
PRAGMA main.application_id=6 -> SQLITE_FULL
PRAGMA journal_mode = WAL -> ok
PRAGMA synchronous=FULL -> ok
PRAGMA foreign_keys=ON -> ok
PRAGMA table_info(rows) -> ok
PRAGMA wal_checkpoint -> ok
VACUUM -> SQLITE_FULL
ANALYZE -> SQLITE_FULL
REINDEX -> SQLITE_FULL
CREATE TEMP TABLE t (n) -> ok
CREATE TEMP TABLE t (n) | INSERT INTO t VALUES (1) -> ok
BEGIN | CREATE TEMP TABLE t (n) | INSERT INTO t VALUES (1) | COMMIT -> ok
ATTACH ':memory:' AS other | CREATE TABLE other.t (n) | INSERT INTO other.t VALUES (1) -> ok
BEGIN IMMEDIATE | COMMIT -> ok
BEGIN EXCLUSIVE | {NONE} | COMMIT -> ok
BEGIN | {IN3} -> ok
BEGIN | {IN3} | COMMIT -> SQLITE_FULL
BEGIN | {IN3} | commit() -> SQLITE_FULL
BEGIN | {IN3} | with -> SQLITE_FULL
BEGIN | {IN3} | END TRANSACTION -> SQLITE_FULL
BEGIN | {IN3} | ROLLBACK -> ok
BEGIN | {IN3} | ROLLBACK | BEGIN | COMMIT -> ok
BEGIN | UPDATE rows SET text = 'a' WHERE n = 1 | COMMIT -> SQLITE_FULL
BEGIN | CREATE TABLE fresh (n) | COMMIT -> SQLITE_FULL
BEGIN | CREATE TABLE IF NOT EXISTS rows (n) | COMMIT -> ok
BEGIN | PRAGMA user_version = 5 | COMMIT -> SQLITE_FULL
BEGIN | SAVEPOINT a | {IN3} | ROLLBACK TO a | COMMIT -> SQLITE_FULL
BEGIN | SAVEPOINT a | {IN3} | RELEASE a -> ok
BEGIN | SAVEPOINT a | {IN3} | RELEASE a | COMMIT -> SQLITE_FULL
SAVEPOINT a | {IN3} | RELEASE a -> SQLITE_FULL
SAVEPOINT a | {NONE} | RELEASE a -> ok
SAVEPOINT a | SAVEPOINT b | {IN3} | RELEASE b -> ok
SAVEPOINT a | SAVEPOINT b | {IN3} | RELEASE SAVEPOINT "A" -> SQLITE_FULL
SAVEPOINT a | SAVEPOINT a | {IN3} | RELEASE a -> ok
SAVEPOINT a | SAVEPOINT a | {IN3} | RELEASE a | RELEASE a -> SQLITE_FULL
SAVEPOINT a | {IN3} | COMMIT -> SQLITE_FULL
!CREATE TABLE IF NOT EXISTS rows (n); CREATE INDEX IF NOT EXISTS by_text ON rows (text); -> ok
!CREATE TABLE IF NOT EXISTS rows (n); {IN3}; SELECT 1 -> SQLITE_FULL
!{NONE}; /* {IN3}; */ SELECT ';' -> ok
!{TRIGGER}; -> SQLITE_FULL
!BEGIN; {IN3}; -> ok
!BEGIN; {IN3}; | COMMIT -> SQLITE_FULL
!BEGIN; {IN3}; COMMIT; -> SQLITE_FULL
!BEGIN; {NONE}; COMMIT; -> ok
BEGIN | {IN3} | !SELECT 1; -> SQLITE_FULL
!SELECT nonsense -> SQLITE_ERROR
"""
IMPLICIT = f"""
{IN3} -> ok
{IN3} | commit() -> SQLITE_FULL
{IN3} | with -> SQLITE_FULL
/* a comment */ {IN3} | with -> SQLITE_FULL
{NONE} | commit() -> ok
{NONE} | with -> ok
{IN3} | !SELECT 1; -> SQLITE_FULL
{IN3} | CREATE TABLE IF NOT EXISTS rows (n) | with -> SQLITE_FULL
CREATE TABLE fresh (n) -> SQLITE_FULL
CREATE TABLE IF NOT EXISTS rows (n) -> ok
{WITH} INSERT INTO rows SELECT a, 'w' FROM v -> SQLITE_FULL
"""
CASES = [(None, line) for line in AUTOCOMMIT.strip("\n").splitlines()]
CASES += [(level, line) for level in ("", "IMMEDIATE") for line in IMPLICIT.strip("\n").splitlines()]


def play(connection: sqlite3.Connection, steps: str) -> list[str]:
    """What each step gives."""
    said = []
    for step in steps.replace("~", "\n").split(" | "):
        try:
            if step.startswith("!"):
                connection.executescript(step[1:])
            elif step == "commit()":
                connection.commit()
            elif step == "with":
                with connection:
                    pass
            else:
                connection.execute(step).fetchall()
            said.append("ok")
        except sqlite3.Error as exc:
            said.append(exc.sqlite_errorname)
    return said


def prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(SETUP)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert connection.execute("SELECT count(*) FROM rows").fetchone() == (2,)
    return connection


def on(disk: Disk, uri: str, level: str | None = None) -> StoreConnection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=level, factory=StoreConnection)
    connection.disk = disk
    disk.connections.append(connection)
    return connection


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.remove()


@pytest.mark.parametrize("on_files", [False, True])
@pytest.mark.parametrize(("level", "line"), CASES)
def test_the_simulated_disk_refuses_what_needs_room(disk: Disk, on_files: bool, level: str | None, line: str) -> None:
    steps, _, expected = line.rpartition(" -> ")
    effect = Effect()
    connection = on(disk, disk.make_store(on_files=on_files), level)
    prepared(connection)
    disk.full.append(effect)
    said = play(connection, steps)
    assert said == [*("ok" for _ in said[1:]), expected]
    assert effect.counts == ({"writes_failed": 1} if expected == "SQLITE_FULL" else {})
    if expected == "SQLITE_FULL":
        assert not connection.in_transaction
    connection.rollback()
    assert connection.execute("SELECT n, text FROM rows").fetchall() == [(1, "a"), (2, "b")]
    disk.full.clear()
    assert play(connection, f"{IN3} | commit()") == ["ok", "ok"]


def real() -> None:
    """The same table on a real disk that is full, in the folder given; prints what differs."""
    folder = Path(sys.argv[1])
    for level, line in CASES:
        steps, _, expected = line.rpartition(" -> ")
        for file in folder.iterdir():
            file.unlink()
        connection = prepared(sqlite3.connect(folder / "store.db", isolation_level=level))
        with (folder / "fill").open("wb", buffering=0) as fill:
            for size in (512, 1):
                while True:
                    try:
                        fill.write(b"x" * size)
                    except OSError:
                        break
        said = play(connection, steps)
        if said != [*("ok" for _ in said[1:]), expected]:
            print(f"{level!r}: {line}: {said}")
        connection.close()


def test_sqlite_on_a_really_full_disk_says_the_same(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=400k none {tmp_path}"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here (unshare -rm mount -t tmpfs)")
    play_it = f"{mount} && {sys.executable} {__file__} {tmp_path}"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(["unshare", "-rm", "sh", "-c", play_it], capture_output=True, text=True, check=True, env=env)
    assert done.stdout == ""


def test_a_write_begun_before_the_disk_was_full_fails_at_its_commit(disk: Disk) -> None:
    for begun in (IN3, "CREATE TABLE fresh (n)", "PRAGMA user_version = 7", f"SAVEPOINT a | {IN3}"):
        connection = on(disk, disk.make_store(on_files=False))
        prepared(connection)
        assert set(play(connection, f"BEGIN | {begun}")) == {"ok"}
        disk.full.append(Effect())
        assert play(connection, "COMMIT") == ["SQLITE_FULL"], begun
        disk.full.clear()
        disk.remove()


def test_what_was_prepared_before_is_refused_as_well(disk: Disk) -> None:
    connection = on(disk, disk.make_store(on_files=False))
    prepared(connection)
    for number in (3, 4):
        connection.execute("INSERT INTO rows VALUES (?, ?)", (number, "x"))
    disk.full.append(Effect())
    for write in (
        lambda: connection.execute("INSERT INTO rows VALUES (?, ?)", (5, "x")),
        lambda: connection.execute("INSERT INTO rows VALUES (:n, :text)", {"n": 5, "text": "x"}),
        lambda: connection.executemany("INSERT INTO rows VALUES (?, ?)", iter([(5, "x"), (6, "x")])),
        lambda: connection.cursor().executemany("DELETE FROM rows WHERE n = ?", [(9,), (1,)]),
    ):
        with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
            write()
    connection.executemany("DELETE FROM rows WHERE n = ?", [(8,), (9,)])
    assert connection.execute("SELECT count(*) FROM rows").fetchone() == (4,)


@pytest.mark.parametrize(
    ("what", "slowed"),
    [
        (lambda c: c.execute("SELECT 1"), 1),
        (lambda c: c.executescript("SELECT 1; /* ; */ SELECT ';'; ;; SELECT 3"), 3),
        (lambda c: c.cursor().executescript(TRIGGER + "; SELECT 1;"), 2),
        (lambda c: c.executemany("INSERT INTO empty VALUES (?)", [(1,), (2,)]), 1),
    ],
)
def test_a_slow_disk_slows_every_statement(disk: Disk, what: Callable[[Any], Any], slowed: int) -> None:
    connection = on(disk, disk.make_store(on_files=False))
    prepared(connection)
    effect = Effect()
    disk.slow.append((effect, 5.0))
    what(connection)
    assert effect.counts == {"statements_slowed": slowed}


def test_a_script_leaves_the_way_of_transactions_as_it_was(disk: Disk) -> None:
    connection = on(disk, disk.make_store(on_files=False), "IMMEDIATE")
    prepared(connection)
    disk.slow.append((Effect(), 5.0))
    connection.executescript("INSERT INTO rows VALUES (3, 'c')")
    assert not connection.in_transaction
    assert connection.isolation_level == "IMMEDIATE"


if __name__ == "__main__":
    real()
