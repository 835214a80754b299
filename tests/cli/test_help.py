"""What `harness` says of itself."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from cli_rig import Harness

from harness.cli._commands import _short_help
from harness.cli._commands import group as everything

WIDTH = 80


def _all_below(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and sub-command, as one types it."""
    found: list[tuple[str, ...]] = [path]
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inside = isinstance(command, click.Group)
        found += _all_below(command, (*path, name)) if inside else [(*path, name)]  # type: ignore[arg-type]
    return found


ALL = _all_below(everything)


@pytest.mark.parametrize(
    "name", ["demo", "run", "hunt", "replay", "check", "list", "explain", "plan", "report", "doctor", "images"]
)
def test_there_is_a_command(name: str) -> None:
    assert (name,) in ALL


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_fits_a_terminal_of_80_columns_and_says_what_each_option_does(
    harness: Harness, words: tuple[str, ...]
) -> None:
    said = harness(*words, "--help")
    assert said.code == 0
    assert not said.err
    assert said.out.startswith("Usage: harness")
    assert [line for line in said.out.splitlines() if len(line) > WIDTH] == []
    assert "..." not in said.out.partition("Commands:")[2], "a summary is cut off"
    assert "no help" not in said.out


@pytest.mark.parametrize("words", [w for w in ALL if w], ids=" ".join)
def test_every_option_is_explained(words: tuple[str, ...]) -> None:
    command: click.Command = everything
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(words)} {parameter.opts[0]} says nothing"


def test_a_bare_harness_shows_its_help_and_fails(harness: Harness) -> None:
    said = harness()
    assert said.code == 254
    assert not said.out
    assert said.err.startswith("Usage: harness [OPTIONS] COMMAND")


def test_the_exit_codes_stand_in_the_help(harness: Harness) -> None:
    said = harness("--help")
    for code in ("0", "1", "2", "3", "4", "130", "253", "254", "255"):
        assert any(line.split()[:1] == [code] for line in said.out.splitlines()), code


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_what_only_says_a_few_words_loads_neither_plans_nor_faults(word: str) -> None:
    code = (
        f"import sys\nfrom harness.cli import main\ntry:\n    main([{word!r}])\nexcept SystemExit:\n    pass\n"
        "slow = {'harness.plan', 'harness.runtimes', 'faults', 'pydantic', 'jinja2', 'rich'} & sys.modules.keys()\n"
        "print(sorted(slow), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.strip() == "[]" and done.stdout


def test_the_list_of_commands_says_of_each_what_its_own_help_would() -> None:
    context = click.Context(everything)
    for name in everything.list_commands(context):
        command = everything.get_command(context, name)
        assert command is not None and _short_help(name) == command.short_help
