"""What the terminal says to type can be typed: in another folder, in a shell that knows no `harness`."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from cli_rig import LIMIT_S, Harness, Said

from harness.cli.telling import program

FAILS = ("regressions/unicode-double-append", "--profile", "documented")


def pasted(line: str, folder: Path) -> Said:
    """The line in a shell with the PATH of a machine on which nothing was installed."""
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def commands(out: str, *labels: str) -> list[str]:
    """The commands behind these labels, in their order."""
    return [
        line.split(maxsplit=1)[1] for line in out.splitlines() if line.split(maxsplit=1)[:1] in [[x] for x in labels]
    ]


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("else where")


def test_the_last_lines_after_a_failure_replay_and_shrink_it_from_anywhere(harness: Harness, elsewhere: Path) -> None:
    said = harness("run", *FAILS, "--store", "my runs")
    assert said.code == 0, "as the plan expects"
    assert [line.split()[0] for line in said.out.splitlines()[-2:]] == ["replay", "shrink"]
    replay, shrink = commands(said.out, "replay", "shrink")
    again = pasted(replay, elsewhere)
    assert (again.code, "the same run, bit for bit" in again.err) == (0, True), again.err
    assert pasted(f"{shrink} --runs 1", elsewhere).code == 0
    assert list(elsewhere.iterdir()) == [], "the new run is kept beside the old one"


def test_a_hunt_that_fails_ends_with_the_same_two_lines(harness: Harness, elsewhere: Path) -> None:
    said = harness("hunt", *FAILS, "--seeds", "1", "--jobs", "1", "--store", "my runs")
    assert said.code == 1
    assert [line.split()[0] for line in said.out.splitlines()[-2:]] == ["replay", "shrink"]
    for line in (commands(said.out, "replay")[-1], commands(said.out, "run")[0]):
        assert pasted(line, elsewhere).code == 0, line
    assert pasted(f"{commands(said.out, 'shrink')[-1]} --runs 1", elsewhere).code == 0


def test_the_smallest_plan_comes_with_the_command_that_plays_it(harness: Harness, elsewhere: Path) -> None:
    harness("run", *FAILS, "--store", "my runs")
    said = harness("shrink", "latest", "--store", "my runs", "--output", "the smallest.yaml")
    [run] = commands(said.out, "run")
    found = pasted(run, elsewhere)
    assert (found.code, "as the plan expects" in found.out) == (0, True), found.err


def test_every_command_of_the_demo_can_be_typed_where_it_ran(harness: Harness) -> None:
    said = harness("demo", "--store", "my runs")
    _, _, following = said.out.partition("try next")
    lines = [line.strip() for line in following.splitlines()]
    assert len(lines) == 4
    for line in lines:
        if " hunt " not in line:
            more = " --runs 1" if " shrink " in line else ""
            assert pasted(line + more, harness.folder).code == (1 if "documented" in line else 0), line
        assert shlex.split(line)[0] == shlex.split(lines[0])[0]


def test_plan_new_names_what_can_be_typed_next(harness: Harness) -> None:
    said = harness("plan", "new", "my plän.yaml")
    validate, run = (line.strip() for line in said.out.splitlines()[1:])
    assert pasted(validate, harness.folder).code == 0
    assert pasted(run, harness.folder).code == 0


def test_the_short_name_is_shown_only_where_it_leads_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "bin" / "harness"
    named.parent.mkdir()
    named.write_text("#!/bin/sh\n")
    named.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(named)])
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    assert program.here("list", "plans") == "bin/harness list plans"
    monkeypatch.chdir("/")
    assert program.here("list", "plans") == f"{named} list plans"
    monkeypatch.setenv("PATH", f"{named.parent}:/usr/bin")
    assert program.here("list", "plans") == "harness list plans"
    assert program.anywhere("list", "plans") == f"{named} list plans"
    other = tmp_path / "other" / "harness"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{other.parent}:{named.parent}")
    assert program.here("list", "plans") == f"{named} list plans"
