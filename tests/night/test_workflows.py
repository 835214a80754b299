"""The workflow files say commands that there are, and do what they are for: a night in shards, put together."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
GITHUB = ROOT / ".github/workflows/nightly.yml"
GITLAB = ROOT / ".gitlab-ci.yml"
NIGHT = """\
version: 1
parts:
  - {name: written, plans: [edge/missing-jobs], seeds: 3}
  - {name: broken, plans: [edge/duplicate-events], seeds: 1, profile: documented}
"""


def github(job: str) -> list[str]:
    found = yaml.safe_load(GITHUB.read_text())["jobs"][job]["steps"]
    return [step["run"] for step in found if "run" in step]


def gitlab(job: str) -> list[str]:
    found: list[str] = yaml.safe_load(GITLAB.read_text())[job]["script"]
    return found


def of_harness(commands: list[str]) -> list[str]:
    return [command for command in commands if command.startswith(".venv/bin/harness")]


def play(command: str, folder: Path, **variables: str) -> int:
    said = command.replace(".venv/bin/harness", f"{shlex.quote(sys.executable)} -m harness")
    played = subprocess.run(
        ["bash", "-c", said],
        cwd=folder,
        env={**_environment(), **variables},
        capture_output=True,
        timeout=300,
        check=False,
    )
    return played.returncode


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}


def test_the_shards_of_the_workflow_are_a_night(tmp_path: Path) -> None:
    """Its commands, in a shell, with the variables that it sets."""
    (tmp_path / "small.yaml").write_text(NIGHT)
    workflow = yaml.safe_load(GITHUB.read_text())
    variables = {"NIGHT": "gh-1", "NUMBER": "7", "NIGHT_FILE": "small.yaml", "BUDGET": "5m"}
    assert variables.keys() == workflow["env"].keys()
    shard = workflow["jobs"]["shard"]
    shards = shard["strategy"]["matrix"]["shard"]
    assert shard["env"]["SHARDS"] == str(len(shards)) and shards == [1, 2, 3, 4]
    (nightly,) = [command for command in of_harness(github("shard")) if " nightly " in command]
    codes = [play(nightly, tmp_path, **variables, SHARD=str(k), SHARDS="4") for k in shards]
    assert sorted(codes) == [0, 0, 0, 1], "one of four runs fails"
    (tmp_path / "shards").mkdir()
    for k in shards:
        (tmp_path / f"shard-{k}").rename(tmp_path / f"shards/shard-{k}")
    (merge,) = of_harness(github("morning"))
    summary = tmp_path / "step.md"
    assert play(merge, tmp_path, **variables, GITHUB_STEP_SUMMARY=str(summary)) == 1
    assert "4 runs (1 INVALID, 0 UNKNOWN); 4 of 4 items were played" in summary.read_text()
    assert (tmp_path / "night/nights/gh-1/junit.xml").exists()


def test_both_files_say_the_same_commands() -> None:
    (nightly,) = of_harness(gitlab("shard"))
    assert nightly in github("shard")
    (merge,) = of_harness(gitlab("morning"))
    assert merge == github("morning")[1].replace("shards/*", "shard-*").replace(" --annotate", "")


@pytest.mark.parametrize("commands", [github("shard"), github("morning"), gitlab("shard"), gitlab("morning")])
def test_what_is_made_is_a_target(commands: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = [word for command in commands if command.startswith("make ") for word in command.split()[1:]]
    assert made and set(made) <= targets


def test_actions_are_pinned_to_a_version() -> None:
    used = re.findall(r"uses: (\S+)", GITHUB.read_text())
    assert used and all(re.search(r"@v\d+\.\d+\.\d+$", one) for one in used)


def test_each_variable_that_a_command_uses_is_set() -> None:
    workflow: Any = yaml.safe_load(GITHUB.read_text())
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            known = {*workflow["env"], *job.get("env", {}), *step.get("env", {})}
            assert set(re.findall(r"\$([A-Z_]+)", step.get("run", ""))) <= known
