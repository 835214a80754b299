"""What is done of a night: wholly or not at all, and never twice."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from night_rig import least, made_up, runs_of, summary

from harness.night.ledger import Ledger
from harness.night.pruning import prune
from harness.night.work import Outcome, Packed
from harness.store import StoreProblem
from harness.store.index import IndexRow, Store, new_run_id
from harness.store.rundir import RunRecord

BEGUN = "2026-12-01T02:00:00Z"


def packed(number: int, size: int = 10) -> Packed:
    row = IndexRow(
        id=f"id{number}",
        plan="p",
        seed=number,
        runtime="sim",
        profile="hardened",
        verdict="VALID",
        signatures=[],
        started=BEGUN,
        seconds=0.1,
        directory=f"p/2026120{number}T000000Z-{number}-id{number}",
        campaign="n",
    )
    files = {f"{row.directory}/run.json": b"{}", f"{row.directory}/nodes/a/stdout.log": b"x" * size}
    outcome = Outcome(number=number, part="written", kind="run", run=summary(number))
    return Packed(outcome=outcome, row=row, directory=row.directory, files=files)


def record(name: str, campaign: str | None) -> RunRecord:
    return RunRecord(
        id=name,
        plan="p",
        title="",
        seed=0,
        runtime="sim",
        profile="hardened",
        started=BEGUN,
        plan_sha256="",
        argv=[],
        campaign=campaign,
    )


def test_files_row_and_outcome_come_together(tmp_path: Path) -> None:
    ledger = Ledger(Store(tmp_path))
    one = packed(1)
    outcome = ledger.add("n", one)
    assert outcome.run is not None and outcome.run.directory == str(tmp_path / str(one.directory))
    assert (tmp_path / str(one.directory) / "nodes/a/stdout.log").read_bytes() == b"x" * 10
    assert ledger.done("n") == {1} and len(runs_of(tmp_path)) == 1


def test_what_was_left_by_a_kill_is_removed_and_nothing_else(tmp_path: Path) -> None:
    ledger = Ledger(Store(tmp_path))
    kept = tmp_path / str(packed(1).directory)
    ledger.add("n", packed(1))
    (kept / "run.json").write_bytes(msgspec.json.encode(record("id1", "n")))
    for name, campaign in (("torn", "n"), ("other", "another night"), ("mine", None)):
        (tmp_path / "p" / name).mkdir()
        (tmp_path / "p" / name / "run.json").write_bytes(msgspec.json.encode(record(name, campaign)))
    assert ledger.tidy("n") == 1
    assert kept.is_dir() and sorted(path.name for path in (tmp_path / "p").iterdir() if path != kept) == [
        "mine",
        "other",
    ]


def test_ids_are_so_many_that_the_runs_of_a_night_have_one_each() -> None:
    pairs = 20_000**2 / 2
    assert pairs / 16 ** len(new_run_id()) < 1 / 1000


def test_a_shard_that_was_taken_over_is_not_taken_twice(tmp_path: Path) -> None:
    made_up(tmp_path / "a", "n", [summary(0), summary(1, ("rpc", "done-twice"))], [least("n", 1, "s")], begun=BEGUN)
    ledger = Ledger(Store(tmp_path / "all"))
    assert ledger.take_over(Store(tmp_path / "a"), "n") == 2
    assert runs_of(tmp_path / "all") == runs_of(tmp_path / "a") and len(ledger.kinds("n")) == 1
    with pytest.raises(StoreProblem, match="item 0 of n is here already"):
        ledger.take_over(Store(tmp_path / "a"), "n")
    assert len(runs_of(tmp_path / "all")) == 2


def test_the_oldest_go_first_and_what_is_spared_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ledger = Ledger(store)
    for number in range(1, 6):
        ledger.add("n", packed(number, size=1000))
    places = [tmp_path / str(packed(number).directory) for number in range(1, 6)]
    found = prune(store, 2100, {places[0]})
    assert (found.runs, found.still_over_bytes) == (3, 0)
    assert [place.is_dir() for place in places] == [True, False, False, False, True]
    assert [row.directory is not None for row in store.rows()] == [True, False, False, False, True]
    assert prune(store, 10, set(places)).still_over_bytes > 0
    assert places[0].is_dir() and places[4].is_dir()
