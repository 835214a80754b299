"""What a shell offers when somebody presses Tab: click's own completion, and the names that are cheap to find.

`eval "$(_HARNESS_COMPLETE=bash_source harness)"` switches it on in bash (`zsh_source` in zsh); in fish
`_HARNESS_COMPLETE=fish_source harness | source`. The shell then asks by the same variable.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem, shell_complete

from harness import registry
from harness.store.index import Store

_FILE = CompletionItem("", type="file")  # the shell's own completion of files, if no name fits; has to come first
_EXPLAINED = ("fault", "checker", "profile", "runtime", "topology", "plan", "dialect")


def answer(group: click.Group, program: str) -> int | None:
    """The exit code, if it was a shell that asked; None if it was not."""
    variable = f"_{program}_COMPLETE".replace("-", "_").upper()
    instruction = os.environ.get(variable)
    if not instruction:
        return None
    code = shell_complete(group, {}, program, variable, instruction)
    if code:
        raise click.UsageError(f"{variable}={instruction}: expected bash_source, zsh_source or fish_source")
    return code


def plans(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped plans, and files."""
    return [_FILE, *_fitting(registry.names("plan"), incomplete)]


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`latest`, and short ids of what is in the store, the newest first; and files."""
    root = Path(ctx.params.get("store") or "store")
    try:
        found = sorted(root.glob("*/*-*/run.json"), key=lambda file: file.parent.name, reverse=True)
    except OSError:
        found = []
    ids = [file.parent.name.rpartition("-")[2] for file in found]
    latest = ["latest"] if (Store(root).root / "latest").exists() else []
    return [_FILE, *_fitting([*latest, *ids], incomplete)]


def checkers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _fitting(registry.names("checker"), incomplete)


def runtimes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _fitting(registry.names("runtime"), incomplete)


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _fitting(registry.names("profile"), incomplete)


def topologies(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [_FILE, *_fitting(registry.names("topology"), incomplete)]


def explained(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What `harness explain` knows by a name of its own."""
    from harness.cli.naming import catalogue, plan_words, reason_codes  # noqa: PLC0415 - dear, and for one command alone

    names = [name for kind in _EXPLAINED for name in registry.names(kind)]
    words = [word.removeprefix("do: ") for word in plan_words.TOPICS]
    return _fitting(dict.fromkeys([*names, *catalogue.slots(), *words, *reason_codes.codes()]), incomplete)


def _fitting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
