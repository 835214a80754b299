"""The recorder: journal lines become ops, what is written survives, what cannot be written is said."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import pytest

from harness.history import Header, HistoryError, read_history
from harness.runs.recorder import Recorder
from harness.store import StoreProblem

HEADER = Header(
    plan="p",
    seed=1,
    runtime="sim",
    profile="hardened",
    nodes={"desktop-1": {"role": "desktop", "device_id": "dev-1"}, "mobile-1": {"role": "mobile"}},
)


def _recorder(directory: Path | None = None) -> Recorder:
    clock = itertools.count(10, 10)
    return Recorder(lambda: next(clock), directory)


def _commit(recorder: Recorder, n: int, time_ns: int, **more: Any) -> None:
    fields = {"n": n, "boot": "b1", "store": "s", "job": "j", "session": "s1", "attempt": 1, "f": "chunk", "set": {}}
    recorder.journal("desktop-1", "commit-begin", {**fields, **more}, time_ns)


def test_a_commit_is_an_invoke_and_an_answer_with_the_same_revision() -> None:
    recorder = _recorder()
    recorder.begin(HEADER)
    _commit(recorder, 1, 5, start=0, chunk="héé")
    recorder.journal("desktop-1", "commit-end", {"n": 1, "boot": "b1"}, 7)
    _commit(recorder, 2, 8)
    recorder.journal("desktop-1", "commit-abort", {"n": 2, "boot": "b1", "error": "disk"}, 9)
    history = recorder.history(complete=True)
    assert history is not None
    assert [(o.type, o.rev.n, o.rev.desktop) for o in history.ops if o.rev] == [
        ("invoke", 1, "dev-1"),
        ("ok", 1, "dev-1"),
        ("invoke", 2, "dev-1"),
        ("fail", 2, "dev-1"),
    ]
    assert history.ops[1].value["chunk"] == "héé"
    assert history.ops[3].error == "disk"


def test_after_a_restart_the_store_says_which_commits_happened() -> None:
    recorder = _recorder()
    recorder.begin(HEADER)
    _commit(recorder, 4, 1)
    _commit(recorder, 5, 2)
    recorder.journal("desktop-1", "recovered", {"boot": "b2", "store": "s", "head": 4}, 3)
    history = recorder.history(complete=True)
    assert history is not None
    answers = {o.rev.n: o.type for o in history.ops if o.rev and o.type != "invoke"}
    assert answers == {4: "ok", 5: "fail"}


def test_a_store_that_begins_anew_does_not_know_what_became_of_the_commits_of_its_former_one() -> None:
    recorder = _recorder()
    recorder.begin(HEADER)
    _commit(recorder, 4, 1)
    recorder.journal("desktop-1", "recovered", {"boot": "b2", "store": "another", "head": 0}, 3)
    history = recorder.history(complete=True)
    assert history is not None
    assert [o.type for o in history.ops if o.rev] == ["invoke", "info"]


def test_later_changes_of_a_recorded_value_do_not_change_the_history() -> None:
    recorder = _recorder()
    recorder.begin(HEADER)
    row = {"status": "running"}
    recorder.journal("mobile-1", "observe", {"kind": "row", "job": "j", "set": row, "cause": "get:1"}, 1)
    row["status"] = "completed"
    history = recorder.history(complete=True)
    assert history is not None
    assert history.ops[0].value == {"kind": "row", "set": {"status": "running"}}
    assert history.ops[0].cause == "get:1"


def test_every_prefix_of_the_file_is_readable_and_says_that_it_is_one(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)
    recorder.begin(HEADER)
    for n in range(5):
        _commit(recorder, n, n)
    data = (tmp_path / "history.jsonl").read_bytes()
    header_end = data.index(b"\n") + 1
    lines = set(data[header_end:].splitlines())
    prefix = tmp_path / "prefix.jsonl"
    for end in range(header_end, len(data)):
        prefix.write_bytes(data[:end])
        history = read_history(prefix)
        assert not history.complete and history.problem
        whole = [line for line in data[:end].split(b"\n")[1:] if line in lines]
        assert len(history.ops) == len(whole)


def test_a_closed_history_is_complete_and_every_cut_of_its_gzip_is_not(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)
    recorder.begin(HEADER)
    for n in range(50):
        _commit(recorder, n, n)
    recorder.close(complete=True)
    path = tmp_path / "history.jsonl.gz"
    history = read_history(path)
    assert history.complete and len(history.ops) == 50
    assert not (tmp_path / "history.jsonl").exists()
    data = path.read_bytes()
    cut = tmp_path / "cut.gz"
    for end in range(len(data) // 2, len(data)):
        cut.write_bytes(data[:end])
        assert not read_history(cut).complete


def test_damage_in_the_middle_is_an_error_with_its_line(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)
    recorder.begin(HEADER)
    for n in range(3):
        _commit(recorder, n, n)
    recorder.close(complete=True)
    lines = gzip.decompress((tmp_path / "history.jsonl.gz").read_bytes()).split(b"\n")
    lines[2] = b'{"index": "two"}'
    (tmp_path / "bad.jsonl").write_bytes(b"\n".join(lines))
    with pytest.raises(HistoryError, match=r"bad\.jsonl:3: not an op"):
        read_history(tmp_path / "bad.jsonl")


def test_a_directory_that_cannot_be_written_is_a_problem_not_an_exception_in_the_component(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path / "missing")
    recorder.begin(HEADER)
    _commit(recorder, 1, 1)
    with pytest.raises(StoreProblem, match="cannot be written"):
        recorder.raise_problem()
    history = recorder.history(complete=False)
    assert history is not None and len(history.ops) == 1
