"""Tab in bash, zsh and fish: names of plans, runs, checkers and commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_rig import Harness


class _Tab:
    def __init__(self, harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
        self._harness, self._patch = harness, monkeypatch

    def __call__(self, line: str) -> list[str]:
        """What bash offers after `line`, files apart."""
        words = line.split(" ")
        self._patch.setenv("_HARNESS_COMPLETE", "bash_complete")
        self._patch.setenv("COMP_WORDS", line)
        self._patch.setenv("COMP_CWORD", str(len(words) - 1))
        said = self._harness()
        assert (said.code, said.err) == (0, "")
        return [row.removeprefix("plain,") for row in said.out.splitlines() if row.startswith("plain,")]


@pytest.fixture
def tab(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> _Tab:
    return _Tab(harness, monkeypatch)


@pytest.mark.parametrize("command", ["run", "hunt", "hunt quickstart", "plan show", "plan validate", "plan expand"])
def test_a_plans_name_is_completed(tab: _Tab, command: str) -> None:
    assert tab(f"harness {command} quick") == ["quickstart"]
    assert "findings/length.bytes" in tab(f"harness {command} findings/leng")


def test_a_run_is_completed_by_its_id_from_the_store_that_is_named(tab: _Tab, tmp_path: Path) -> None:
    for store, run in (("store", "0a1b2c3d4e"), ("other", "ffffffffff")):
        folder = tmp_path / store / "quickstart" / f"20260101T000000Z-0-{run}"
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
        (tmp_path / store / "latest").symlink_to(folder)
    assert tab("harness show ") == ["latest", "0a1b2c3d4e"]
    assert tab("harness replay 0a") == ["0a1b2c3d4e"]
    assert tab("harness report --store other ") == ["latest", "ffffffffff"]


def test_a_store_that_is_not_there_offers_nothing(tab: _Tab) -> None:
    assert tab("harness show ") == []


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("harness expl", "explain"),
        ("harness plan sh", "show"),
        ("harness check latest --check stream", "stream-integrity"),
        ("harness run quickstart --profile docu", "documented"),
        ("harness run quickstart --runtime si", "sim"),
        ("harness run quickstart --topology one-u", "one-user"),
        ("harness explain double-app", "double-append"),
        ("harness explain parti", "partition"),
    ],
)
def test_other_names_are_completed(tab: _Tab, line: str, offered: str) -> None:
    assert tab(line) == [offered]


def test_after_a_command_that_is_none_there_is_nothing_to_offer_and_nothing_is_said(tab: _Tab) -> None:
    assert tab("harness bogus quick") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(harness: Harness, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_HARNESS_COMPLETE", f"{shell}_source")
    said = harness()
    assert said.code == 0
    assert f"_HARNESS_COMPLETE={shell}_complete" in said.out
    assert "harness" in said.out


def test_a_shell_that_is_not_known_is_refused(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_HARNESS_COMPLETE", "tcsh_source")
    said = harness()
    assert said.code == 254
    assert said.is_clean()
    assert "expected bash_source, zsh_source or fish_source" in said.err


def test_the_help_says_how_it_is_switched_on(harness: Harness) -> None:
    assert 'eval "$(_HARNESS_COMPLETE=bash_source harness)"' in harness("--help").out
