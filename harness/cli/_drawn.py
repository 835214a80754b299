"""`harness check --model … --report [OUT.html]`: where the page goes, and that nothing else is written over."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import _exits

_SUFFIXES = (".html", ".htm")
_UNNAMED = "history"


def place(said: str | None, history: Path) -> Path | None:
    """None: no page is asked for. An empty name is that of the history. Raises `click.UsageError`."""
    if said is None:
        return None
    path = Path(said) if said else Path(f"{_stem(history)}.html")
    if path.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(f"--report writes a page: name it OUT.html, not {said!r}")
    return path


def write(path: Path, text: str) -> None:
    """Raises `Failed`."""
    try:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    except OSError as exc:
        raise _exits.Failed(
            f"{path}: cannot be written: {exc.strerror or exc}; --report OUT.html names another"
        ) from exc


def _stem(history: Path) -> str:
    """Of a pipe there is no name."""
    if not (history.is_file() or history.is_dir()) or str(history).startswith("/dev/"):
        return _UNNAMED
    return history.resolve().name.partition(".")[0] or _UNNAMED
