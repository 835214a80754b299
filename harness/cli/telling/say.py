"""What commands print: results on standard output, progress and complaints on standard error.

A reader that goes away (`| head`) does not change the verdict: the rest is dropped and the command ends with its own
exit code. A standard output that cannot be written (a full disk) is an `OutputProblem`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click

from harness.terminal import harmless
from harness.verdict import Verdict

VERDICT_COLOURS = {Verdict.VALID: "green", Verdict.UNKNOWN: "yellow", Verdict.INVALID: "red"}
_BLANK = "\0"
_WHOLE = re.compile(r"`[^`\n]*`|(?<!\w)'[^'\n]*/[^'\n]*'(?!\w)")


class OutputProblem(Exception):
    """Standard output cannot be written."""


def prepare_streams() -> None:
    """Whatever the locale, printing never raises: what it cannot show is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def line(text: str = "", **style: Any) -> None:
    """One line (or several) of the result."""
    _write(sys.stdout, click.style(text, **style) if style else text)


def data(value: Any) -> None:
    """The one JSON object of `--json`."""
    _write(sys.stdout, json.dumps(value, ensure_ascii=False, indent=2))


def error(text: str, label: str = "error") -> None:
    colour = "red" if label == "error" else "cyan"
    with _broken_pipe_is_no_error(sys.stderr):
        click.echo(f"{click.style(label, fg=colour, bold=True)}: {text}", err=True, color=_colour())


def complaint(text: str) -> None:
    """Something that says itself where it stands (`file:line:col: error: …`)."""
    with _broken_pipe_is_no_error(sys.stderr):
        click.echo(text, err=True, color=_colour())


def verdict(value: Verdict | None) -> str:
    """A verdict as it stands in a table, coloured."""
    if value is None:
        return click.style("not judged", dim=True)
    return click.style(str(value), fg=VERDICT_COLOURS[value], bold=True)


def many(count: int, thing: str) -> str:
    """`1 fault`, `4 calls`"""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def paragraph(text: str, first: str = "  ", rest: str = "  ") -> None:
    """Lines as wide as the terminal. What may be pasted stays whole, however long: words, paths, `commands`."""
    width = max(40, min(100, shutil.get_terminal_size((100, 24)).columns))
    wrapped = textwrap.wrap(
        unbroken(harmless(text)),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    line(broken("\n".join(wrapped)))


def prose(text: str) -> None:
    """Paragraphs as a docstring has them."""
    for one in text.split("\n\n"):
        paragraph(" ".join(one.split()))


def heading(text: str) -> None:
    line()
    line(f"  {text}", fg="cyan")


def unbroken(text: str) -> str:
    """`text` in which a `command`, or a quoted path, is one word to whoever wraps it. `broken` gives it back."""
    return _WHOLE.sub(lambda found: found[0].replace(" ", _BLANK), text)


def broken(text: str) -> str:
    return text.replace(_BLANK, " ")


def rows(pairs: list[tuple[str, str]]) -> None:
    """A word and what it means, a pair a paragraph, the meanings in one column."""
    width = min(32, max((len(word) for word, _ in pairs), default=0))
    for word, meaning in pairs:
        paragraph(meaning or " ", first=f"  {word:<{width}}  ", rest=" " * (width + 4))


def flush() -> None:
    if sys.stdout is not None:
        with _broken_pipe_is_no_error(sys.stdout):
            sys.stdout.flush()


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:
        with _broken_pipe_is_no_error(stream):
            click.echo(text, file=stream, color=_colour())


def _colour() -> bool | None:
    """None lets click decide by the stream. https://no-color.org"""
    return False if os.environ.get("NO_COLOR") or _is_dumb() else None


def _is_dumb() -> bool:
    """A terminal that shows escape sequences instead of obeying them."""
    return os.environ.get("TERM") == "dumb"


@contextmanager
def _broken_pipe_is_no_error(stream: TextIO) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _silence(stream)
    except OSError as exc:
        _silence(stream)
        if stream is not sys.stderr:
            raise OutputProblem(f"standard output cannot be written: {exc.strerror or exc}") from exc


def _silence(stream: TextIO) -> None:
    """Let everything else that is written to `stream` vanish, also what its buffer still holds."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yields `note(line)`: a status line with a spinner on a terminal, plain lines elsewhere, on standard error."""
    began_s = time.monotonic()
    if quiet:
        yield lambda text: None
    elif sys.stderr is not None and sys.stderr.isatty() and not _is_dumb():
        from rich.console import Console  # noqa: PLC0415 - a third of a second that only a terminal needs
        from rich.markup import escape  # noqa: PLC0415

        dim, end = ("", "") if os.environ.get("NO_COLOR") else ("[dim]", "[/dim]")
        with Console(stderr=True).status("starting") as status:
            yield lambda text: status.update(f"{escape(text)} {dim}{time.monotonic() - began_s:.0f} s{end}")
    else:
        yield lambda text: error(text, label="harness")
