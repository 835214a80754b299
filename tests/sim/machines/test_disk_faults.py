"""What befalls a simulated disk: SQLite on it keeps what it has synced, and says so when there is no room."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import Effect
from harness.runtimes.sim.machines.disk import Disk, sweep
from harness.runtimes.sim.machines.store import StoreConnection


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.remove()


def connect(disk: Disk, uri: str, synchronous: str = "FULL") -> StoreConnection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, factory=StoreConnection)
    connection.disk = disk
    disk.connections.append(connection)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, text TEXT)")
    return connection


def commit(connection: StoreConnection, numbers: range) -> None:
    for n in numbers:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO rows VALUES (?, ?)", (n, "x" * 500))
        connection.execute("COMMIT")


def kept(disk: Disk, uri: str) -> list[int]:
    connection = connect(disk, uri)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return [n for (n,) in connection.execute("SELECT n FROM rows ORDER BY n")]


# ---- power ----------------------------------------------------------------------------------------------------------


def losses(synchronous: str) -> list[int]:
    """Rows that were committed and are gone after a power cut, in ten runs; what is kept is always a prefix."""
    found = []
    for seed in range(10):
        disk = Disk()
        uri = disk.make_store(on_files=True)
        commit(connect(disk, uri, synchronous), range(40))
        disk.cut_power(random.Random(seed))
        left = kept(disk, uri)
        assert left == list(range(len(left)))
        found.append(40 - len(left))
        disk.remove()
    return found


def test_a_store_that_syncs_every_commit_loses_none_in_ten_power_cuts() -> None:
    assert losses("FULL") == [0] * 10


def test_a_store_that_syncs_less_loses_committed_rows() -> None:
    lost = losses("NORMAL")
    assert sum(n > 0 for n in lost) >= 9
    assert len(set(lost)) > 3


def test_what_a_checkpoint_has_copied_is_kept_without_syncing_every_commit(disk: Disk) -> None:
    uri = disk.make_store(on_files=True)
    connection = connect(disk, uri, "NORMAL")
    commit(connection, range(20))
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    commit(connection, range(20, 40))
    disk.cut_power(random.Random(7))
    left = kept(disk, uri)
    assert 20 <= len(left) < 40


def test_a_log_that_was_begun_anew_is_cut_where_it_ends_now(disk: Disk) -> None:
    """Behind its end the file still holds frames of the former round."""
    uri = disk.make_store(on_files=True)
    connection = connect(disk, uri)
    commit(connection, range(100))
    connection.execute("PRAGMA wal_checkpoint(RESTART)")
    commit(connection, range(100, 103))
    assert disk.cut_power(random.Random(1)) == 0
    assert kept(disk, uri) == list(range(103))


def test_a_transaction_under_way_is_lost_with_the_power(disk: Disk) -> None:
    uri = disk.make_store(on_files=True)
    connection = connect(disk, uri)
    commit(connection, range(3))
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO rows VALUES (3, '')")
    disk.cut_power(random.Random(1))
    assert kept(disk, uri) == [0, 1, 2]


def test_a_store_in_memory_outlives_the_process(disk: Disk) -> None:
    uri = disk.make_store(on_files=False)
    commit(connect(disk, uri), range(3))
    disk.close_all()
    assert kept(disk, uri) == [0, 1, 2]


@pytest.mark.parametrize("on_files", [True, False])
def test_a_wiped_store_is_empty_and_can_be_used_again(on_files: bool) -> None:
    disk = Disk()
    try:
        uri = disk.make_store(on_files=on_files)
        for _ in range(2):
            held = sqlite3.connect(uri, uri=True)
            held.execute("CREATE TABLE t (x)")  # fails when there is one
            held.commit()
            held.close()
            disk.wipe()
    finally:
        disk.remove()


def test_stores_of_killed_harnesses_are_swept_and_those_of_live_ones_stay(disk: Disk) -> None:
    uri = disk.make_store(on_files=True)
    mine = Path(uri.removeprefix("file:")).parent
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = mine.with_name(f"jobsync-harness-store-{ended.pid}-x")
    dead.mkdir()
    assert [line for line in sweep() if str(dead) in line]
    assert not dead.exists()
    assert mine.exists()
    disk.remove()
    assert not mine.exists()


# ---- a full disk ----------------------------------------------------------------------------------------------------


def test_a_full_disk_aborts_the_commit_with_sqlites_own_words_and_lets_reads_go_on(disk: Disk) -> None:
    effect = Effect()
    connection = connect(disk, disk.make_store(on_files=False))
    commit(connection, range(2))
    disk.full.append(effect)
    with pytest.raises(sqlite3.OperationalError, match="database or disk is full") as caught:
        commit(connection, range(2, 3))
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_FULL
    assert not connection.in_transaction
    connection.execute("BEGIN")
    assert connection.execute("SELECT count(*) FROM rows").fetchone() == (2,)
    connection.execute("COMMIT")
    assert effect.counts == {"writes_failed": 1}


def test_a_write_outside_of_a_transaction_fails_on_a_full_disk_too(disk: Disk) -> None:
    connection = connect(disk, disk.make_store(on_files=False))
    disk.full.append(Effect())
    for write in (
        lambda: connection.execute("INSERT INTO rows VALUES (1, '')"),
        lambda: connection.executemany("INSERT INTO rows VALUES (?, '')", [(1,), (2,)]),
        lambda: connection.cursor().execute("  delete from rows"),
    ):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            write()


def test_writes_succeed_again_when_there_is_room(disk: Disk) -> None:
    connection = connect(disk, disk.make_store(on_files=False))
    disk.full.append(Effect())
    with pytest.raises(sqlite3.OperationalError):
        commit(connection, range(1))
    disk.full.clear()
    commit(connection, range(1))
    assert connection.execute("SELECT count(*) FROM rows").fetchone() == (1,)


def test_a_transaction_that_wrote_nothing_commits_on_a_full_disk(disk: Disk) -> None:
    connection = connect(disk, disk.make_store(on_files=False))
    commit(connection, range(2))
    disk.full.append(Effect())
    connection.execute("BEGIN")
    connection.execute("COMMIT")
    connection.isolation_level = "DEFERRED"
    connection.execute("BEGIN")
    connection.execute("INSERT INTO rows VALUES (9, '')")
    with pytest.raises(sqlite3.OperationalError):
        connection.commit()
