"""Ctrl-C, and readers that go away: what was found is kept and said, nothing is left running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from cli_rig import Harness, command, wait_until

LONG = ("run", "quickstart", "--duration", "4h")


def _some_history(harness: Harness) -> bool:
    return any(file.stat().st_size > 100_000 for file in harness.folder.glob("store/*/*/history.jsonl"))


def _some_failure(harness: Harness) -> bool:
    return any(harness.folder.glob("store/*/*/results.json"))


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_what_it_found_and_its_history_can_be_checked(harness: Harness, by: int) -> None:
    said = harness.interrupted(*LONG, when=lambda: _some_history(harness), by=by)
    assert said.code == 130
    assert said.is_clean()
    assert "stopped by Ctrl-C" in said.out
    assert "verdict  UNKNOWN" in said.out
    checked = harness("check", "store/latest")
    assert checked.code == 2
    assert "history           UNKNOWN     incomplete" in checked.out
    assert harness("report", "store/latest").code == 0


def test_a_run_whose_harness_was_killed_can_be_checked_reported_and_replayed(harness: Harness) -> None:
    said = harness.interrupted(*LONG, when=lambda: _some_history(harness), by=signal.SIGKILL)
    assert said.code == -signal.SIGKILL
    [run] = map(str, harness.folder.glob("store/*/*/"))
    assert harness("check", run).code == 2
    assert harness("report", run).code == 0
    assert "Traceback" not in harness("replay", "nosuch").err


def test_latest_never_names_a_run_that_goes_on(harness: Harness) -> None:
    assert harness("run", "regressions/unicode-double-append").code == 0
    ended = (harness.folder / "store" / "latest").resolve()
    seen: list[Path] = []

    def while_it_goes_on() -> bool:
        if not _some_history(harness):
            return False
        seen.append((harness.folder / "store" / "latest").resolve())
        return True

    said = harness.interrupted(*LONG, when=while_it_goes_on)
    assert said.code == 130
    assert seen == [ended]
    now = (harness.folder / "store" / "latest").resolve()
    assert (now != ended, (now / "results.json").exists()) == (True, True)


def test_latest_of_a_store_in_which_no_run_has_ended_says_so(harness: Harness) -> None:
    assert "no run has ended in this store" in harness("report", "latest").err


def test_a_stopped_hunt_prints_its_findings_so_far(harness: Harness) -> None:
    words = ("hunt", "quickstart", "--profile", "documented", "--seeds", "5000", "--jobs", "2")
    said = harness.interrupted(*words, when=lambda: _some_failure(harness))
    assert said.code == 130
    assert said.is_clean()
    assert "of 5000 runs in " in said.out
    assert "; stopped by Ctrl-C" in said.out
    assert re.search(r"^verdict  ((INVALID|UNKNOWN), of the first \d+ runs? only|UNKNOWN)$", said.out, re.MULTILINE)


def test_a_terminal_s_ctrl_c_reaches_all_processes_at_once_and_is_no_trouble(harness: Harness) -> None:
    """Several times, as an impatient hand does it; also while workers are only starting."""
    for first_run in (False, True):
        with subprocess.Popen(
            command("hunt", "quickstart", "--seeds", "5000", "--jobs", "2", "--profile", "documented"),
            cwd=harness.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            wait_until(lambda: _workers(process.pid) if not first_run else _some_failure(harness))  # noqa: B023
            for _ in range(3):
                os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=120)
        assert process.returncode == 130
        assert "Traceback" not in (out + err).decode()
        assert b"stopped by Ctrl-C" in out


def _workers(session: int) -> bool:
    """Whether the command of that session has started another process."""
    children = Path(f"/proc/{session}/task/{session}/children")
    return not children.exists() or len(children.read_text().split()) > 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "quickstart"), 0),
        (("run", "quickstart", "--profile", "documented"), 1),
        (("hunt", "quickstart", "--seeds", "2", "--jobs", "1"), 0),
        (("list", "profiles"), 0),
        (("plan", "expand", "quickstart"), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_reader_that_goes_away_changes_no_exit_code(harness: Harness, words: tuple[str, ...], code: int) -> None:
    said = harness.piped(*words, to=None)
    assert said.code == code
    assert said.is_clean()
    assert "BrokenPipe" not in said.err
