"""A store whose index is lost or damaged: every command says what mends it, and it does."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cli_rig import Harness
from simulated import played

from harness.night.ledger import Ledger
from harness.serve.routes import answer
from harness.store import StoreProblem
from harness.store.index import Store
from harness.store.reindex import reindex

REMEDY = "harness doctor --reindex --store"


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("two") / "store"
    played(store, "edge/duplicate-events")
    played(store, "edge/duplicate-events", profile="documented")
    return store


@pytest.fixture
def store(two_runs: Path, harness: Harness) -> Path:
    return shutil.copytree(two_runs, harness.folder / "store", symlinks=True)


def _lose(store: Path) -> None:
    for file in store.glob("index.db*"):
        file.unlink()


def _spoil_a_page(file: Path) -> None:
    """That of the order by plans."""
    with closing(sqlite3.connect(file)) as db:
        (number,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs_by_plan'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    pages = bytearray(file.read_bytes())
    pages[(number - 1) * size : number * size] = b"?" * size
    file.write_bytes(pages)


def _page(store: Path) -> tuple[int, str]:
    found = answer(store, "/")
    return found.status, found.body.decode()


def test_a_lost_index_is_made_again_from_the_directories(store: Path) -> None:
    before = Store(store).rows()
    assert len(before) == 2
    assert any(row.signatures for row in before)
    _lose(store)
    done = reindex(store)
    assert (done.known, done.added, done.is_new, done.moved) == (0, 2, True, None)
    assert Store(store).rows() == before
    again = reindex(store)
    assert (again.known, again.added, again.is_new) == (2, 0, False)


@pytest.mark.parametrize("damage", ["no database", "another table", "a page"])
def test_a_damaged_index_is_put_aside(store: Path, damage: str) -> None:
    before, file = Store(store).rows(), store / "index.db"
    if damage == "a page":
        _spoil_a_page(file)
        assert Store(store).rows() == before  # nobody reads that page yet
    elif damage == "no database":
        _lose(store)
        file.write_text("no database " * 100)
    else:
        _lose(store)
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("CREATE TABLE runs (id TEXT)")
    was = file.read_bytes()
    done = reindex(store)
    assert done.moved == store / "index.db.broken"
    assert done.moved.read_bytes()[100:] == was[100:]  # SQLite may note at the beginning that it has looked at it
    assert Store(store).rows() == before
    file.write_text("again")
    assert reindex(store).moved == store / "index.db.broken-2"


def test_rows_without_a_directory_stay_and_runs_that_were_killed_are_not_added(store: Path) -> None:
    one, other = Store(store).rows()
    assert one.directory is not None
    assert other.directory is not None
    Store(store).discard(store / one.directory)
    Store(store).forget(store / one.directory)
    killed = shutil.copytree(store / other.directory, store / "killed" / "20260101T000000Z-1-0123456789")
    record = (killed / "run.json").read_text()
    record = record.replace(f'"verdict": "{other.verdict}"', '"verdict": null').replace(other.id, "0123456789")
    (killed / "run.json").write_text(record)
    (store / "killed" / "torn").mkdir()
    (store / "killed" / "torn" / "run.json").write_text("{")
    notes: list[str] = []
    assert reindex(store, notes.append).added == 0
    assert {row.id for row in Store(store).rows()} == {one.id, other.id}
    assert len(notes) == 1
    assert "torn/run.json" in notes[0]


def test_the_browser_is_told_what_mends_a_lost_index(store: Path) -> None:
    status, text = _page(store)
    assert "--reindex" not in text
    kept = Store(store).rows()[0]
    _lose(store)
    status, text = _page(store)
    assert status == 200
    assert "2 runs" in text
    assert REMEDY in text
    assert "No run yet" not in text
    Store(store).index(kept)  # the next run makes an index of its own
    status, text = _page(store)
    assert kept.id in text
    assert "1 run in" in text
    assert REMEDY in text


def test_a_damaged_index_is_found_before_a_run_begins_and_mended(harness: Harness, store: Path) -> None:
    row = Store(store).rows()[0]
    _lose(store)
    (store / "index.db").write_text("no database " * 100)
    status, text = _page(store)
    assert status == 503
    assert REMEDY in text
    for words in (("run", "quickstart"), ("hunt", "quickstart", "--seeds", "1")):
        said = harness(*words)
        assert said.code == 255
        assert said.is_clean()
        assert f"{REMEDY} store" in said.err
        assert "verdict" not in said.out
    for ask in (Store(store).rows, lambda: Store(store).index(row), lambda: Ledger(Store(store))):
        with pytest.raises(StoreProblem, match=REMEDY):
            ask()
    mended = harness("doctor", "--reindex", "--store", "store")
    assert "index.db.broken" in mended.out
    assert "0 before, 2 added" in mended.out
    assert "whose files were not kept" in mended.err
    assert len(Store(store).rows()) == 2


def test_there_has_to_be_a_store_to_index(harness: Harness) -> None:
    said = harness("doctor", "--reindex", "--store", "nowhere")
    assert said.code == 254
    assert "nowhere: there is no such store" in said.err
    assert not (harness.folder / "nowhere").exists()


def test_the_name_of_a_directory_is_a_name_of_its_run(store: Path) -> None:
    one, other = Store(store).rows()
    for row in (one, other):
        assert row.directory is not None
        for word in (row.id, Path(row.directory).name, f"{Path(row.directory).name}/", row.directory):
            assert Store(store).locate(word) == store / row.directory, word
    assert one.directory is not None
    with pytest.raises(LookupError, match="no such run"):
        Store(store).locate(f"20200101T000000Z-0-{one.id}")
