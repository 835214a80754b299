"""`harness check --model … --report [OUT.html]`: where the page goes, that nothing else is written over, and where it
came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from harness.cli.telling import exits, say

_SUFFIXES = (".html", ".htm")
_UNNAMED = "history"


def place(said: str | None, history: Path) -> Path | None:
    """None: no page is asked for. An empty name is that of the history. Raises `click.UsageError`, now rather than
    after a long judgement, where it could not be written."""
    if said is None:
        return None
    path = Path(said) if said else Path(f"{_stem(history)}.html")
    if path.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(f"--report writes a page: name it OUT.html, not {said!r}")
    if not path.parent.is_dir():
        raise click.UsageError(f"--report {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise click.UsageError(f"--report {path}: this is a folder; name a file in it")
    return path


def write(path: Path, text: str) -> None:
    """Raises `Failed`."""
    try:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    except OSError as exc:
        raise exits.Failed(
            f"{path}: cannot be written: {exc.strerror or exc}; --report OUT.html names another"
        ) from exc


def finish(path: Path | None, page: Callable[[], str], told: dict[str, Any], *, as_json: bool) -> None:
    """The page, where one is asked for, and what is told of it. `told` is for machines, and is told whatever becomes of
    the page; people have heard the verdict by now. Raises `Failed`."""
    try:
        if path is not None:
            write(path, page())
            told["report"] = str(path)
    finally:
        if as_json:
            say.data(told)
    if path is not None and not as_json:
        say.line(f"report   {path}")


def is_gone(history: Path) -> bool:
    """Once it was read, since it was a pipe: it has no name, and no command reads it again."""
    return not (history.is_file() or history.is_dir()) or str(history).startswith("/dev/")


def source(history: Path) -> str:
    """Where a history came from, in a word or two."""
    if not is_gone(history):
        return history.name
    return "from standard input" if str(history) == "/dev/stdin" else "from a pipe"


def _stem(history: Path) -> str:
    if is_gone(history):
        return _UNNAMED
    return history.resolve().name.partition(".")[0] or _UNNAMED
