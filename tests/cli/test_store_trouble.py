"""A store that cannot be written: exit 255 before anything starts, or a verdict that is not lost by it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cli_rig import Harness

from harness.store import StoreProblem
from harness.store import index as store

DOUBLED = ("regressions/unicode-double-append", "--profile", "documented")


@pytest.fixture
def blocked(harness: Harness) -> str:
    """A place where no folder can be made, whoever asks."""
    (harness.folder / "file").write_text("")
    return "file/store"


@pytest.mark.parametrize(
    "words",
    [
        ("run", "quickstart"),
        ("run", "quickstart", "--keep", "none"),
        ("hunt", "quickstart", "--seeds", "2"),
        ("hunt", "quickstart", "--seeds", "2", "--keep", "none"),
        ("demo",),
    ],
    ids=" ".join,
)
def test_an_unwritable_store_is_found_before_anything_starts(
    harness: Harness, blocked: str, words: tuple[str, ...]
) -> None:
    said = harness(*words, "--store", blocked)
    assert said.code == 255
    assert said.is_clean()
    assert f"{blocked}: cannot be written" in said.err
    assert "--store DIR chooses another place" in said.err
    assert "verdict" not in said.out
    assert "harness:" not in said.err, "a run was begun"


def test_a_store_that_is_a_file_is_bad_usage(harness: Harness) -> None:
    (harness.folder / "file").write_text("")
    said = harness("run", "quickstart", "--store", "file")
    assert said.code == 254
    assert "'file' is a file" in said.err


def _full(path: Path, *_: object, **__: object) -> None:
    raise StoreProblem(f"{path}: cannot be written: No space left on device")


def test_a_disk_that_fills_after_the_verdict_does_not_lose_it(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.Store, "index", lambda self, row: _full(self.root / "index.db"))
    invalid = harness("run", *DOUBLED, "--json")
    assert invalid.code != 0
    assert json.loads(invalid.out)["verdict"] == "INVALID"
    assert "No space left on device" in invalid.err
    assert harness("run", "quickstart", "--profile", "documented").code == 1, "a finding outranks a full disk"
    valid = harness("run", "quickstart")
    assert valid.code == 255, "VALID, but not kept: nobody may take it for a success"
    assert "verdict  VALID" in valid.out


def test_a_disk_that_fills_during_the_run_leaves_a_readable_history(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_write, written = os.write, [0]

    def write(fd: int, data: bytes) -> int:
        written[0] += len(data)
        if written[0] > 60_000:
            raise OSError(28, "No space left on device")
        return really_write(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr("harness.runs.recorder.os.write", write)
        said = harness("run", "quickstart")
    assert said.code == 255
    assert said.is_clean()
    assert "the history cannot be written: No space left on device" in said.err
    (left,) = (harness.folder / "store" / "quickstart").iterdir()  # `latest` is a run that has ended
    checked = harness("check", str(left))
    assert checked.code == 2
    assert "verdict  UNKNOWN" in checked.out


def test_no_half_made_directory_stays_where_a_run_could_not_begin(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.store.rundir.write_atomically", _full)
    assert harness("run", "quickstart").code == 255
    assert [path for path in (harness.folder / "store").rglob("*") if path.is_dir()] == []


@pytest.mark.parametrize("words", [("run", "quickstart"), ("run", *DOUBLED), ("list", "profiles")], ids=" ".join)
def test_a_standard_output_that_is_full_is_said_and_fails(harness: Harness, words: tuple[str, ...]) -> None:
    said = harness.piped(*words, to="/dev/full")
    assert said.code == 255
    assert said.is_clean()
    assert "standard output cannot be written: No space left on device" in said.err
