"""What the README shows can be typed: its plan is a plan, its commands end as it says, its `make` targets exist.

A line of a shell block is a command with an optional comment; `exit N` in the comment is its code, else it is 0.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from cli_rig import Harness

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Line(NamedTuple):
    words: list[str]
    code: int


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def _lines() -> list[Line]:
    """The `harness` lines of all shell blocks, in their order: later ones build upon earlier ones."""
    found = []
    for line in "".join(_blocks("sh")).splitlines():
        said = re.search(r"\bexit (\d+)", line.partition("#")[2])
        words = shlex.split(line, comments=True)
        if words[:1] == ["harness"]:
            found.append(Line(words[1:], int(said[1]) if said else 0))
    return found


def test_the_readme_shows_commands_and_a_plan() -> None:
    """Or the tests below would claim nothing."""
    assert len(_lines()) > 10
    assert {line.code for line in _lines()} >= {0, 1}
    assert len(_blocks("yaml")) == 1


def test_every_command_line_of_the_readme_ends_with_the_code_it_states(harness: Harness) -> None:
    for block in _blocks("yaml"):
        (harness.folder / block.split()[1]).write_text(block, encoding="utf-8")
    ended = {" ".join(words): (harness.process(*words).code, code) for words, code in _lines()}
    assert {line: codes for line, codes in ended.items() if codes[0] != codes[1]} == {}


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = set(re.findall(r"(?:^ +|`)make ([a-z]+)", README, re.MULTILINE))
    assert shown >= {"run", "test", "venv"}
    assert shown - targets == set()


def test_the_exit_codes_of_the_readme_are_those_of_the_help(harness: Harness) -> None:
    shown = re.findall(r"^\| (\d+) \|", README, re.MULTILINE)
    helped = re.findall(r"^    (\d+) ", harness("--help").out, re.MULTILINE)
    assert shown == helped


def test_every_path_of_the_readme_exists() -> None:
    paths = re.findall(r"`([a-z]+/(?:[\w.-]+)?)`", README)
    assert paths
    assert [path for path in paths if path != "store/" and not (ROOT / path).exists()] == []
