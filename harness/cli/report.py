"""`harness report`: write a run's report again."""

from __future__ import annotations

from pathlib import Path

import click

from harness import report
from harness.cli.asking import completion, options
from harness.cli.telling import say
from harness.report.told import words
from harness.store.index import Store


@click.command(short_help="Write the report of a stored run again.")
@click.argument("run", shell_complete=completion.runs)
@options.store_option
def command(*, run: str, store: Path) -> int:
    """Write report.html, summary.md, junit.xml, trace.json and history.edn of RUN again.

    RUN is a run directory, its short id, or `latest`.
    """
    directory = Store(store).locate(run)
    for doubt in words.doubts(report.write(directory)):
        say.error(doubt, label="warning")
    for name in report.FORMS:
        say.line(str(directory / name))
    return 0
