"""What the README shows can be pasted: its plan is a plan, its commands end as it says, its `make` targets exist.

A line of a shell block is a command with an optional comment; `exit N` in the comment is its code, else it is 0. They
are pasted into one shell that knows no `harness`, in a folder with the `.venv` that `make venv` makes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from cli_rig import LIMIT_S, Harness

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Line(NamedTuple):
    text: str
    code: int


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def _lines() -> list[Line]:
    """The lines of all shell blocks, in their order: later ones build upon earlier ones."""
    found = []
    for line in "".join(_blocks("sh")).splitlines():
        said = re.search(r"\bexit (\d+)", line.partition("#")[2])
        found.append(Line(line, int(said[1]) if said else 0))
    return found


def test_the_readme_shows_commands_and_a_plan() -> None:
    """Or the tests below would claim nothing."""
    assert sum(line.text.startswith("harness ") for line in _lines()) > 10
    assert {line.code for line in _lines()} >= {0, 1}
    assert len(_blocks("yaml")) == 1


def test_every_command_line_of_the_readme_works_as_pasted(tmp_path: Path) -> None:
    for block in _blocks("yaml"):
        (tmp_path / block.split()[1]).write_text(block, encoding="utf-8")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = "".join(f"{line.text}\necho $? >> codes\n" for line in _lines())
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S * 4,
        check=False,
    )
    codes = [int(code) for code in (tmp_path / "codes").read_text().split()]
    ended = dict(zip(_lines(), codes, strict=True))
    assert {line.text: code for line, code in ended.items() if code != line.code} == {}, done.stderr


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = set(re.findall(r"(?:^ +|`)make ([a-z]+)", README, re.MULTILINE))
    assert shown >= {"run", "test", "venv"}
    assert shown - targets == set()


def test_the_exit_codes_of_the_readme_are_those_of_the_help(harness: Harness) -> None:
    shown = re.findall(r"^\| (\d+) \|", README, re.MULTILINE)
    helped = re.findall(r"^    (\d+) ", harness("--help").out, re.MULTILINE)
    assert shown == helped
    assert len(shown) == len(set(shown)) > 7


def test_every_path_of_the_readme_exists() -> None:
    paths = re.findall(r"`([a-z]+/(?:[\w.-]+)?)`", README)
    assert paths
    assert [path for path in paths if path != "store/" and not (ROOT / path).exists()] == []
