"""`harness doctor`: is everything there, and what did killed runs leave behind?"""

from __future__ import annotations

from pathlib import Path

import click

from harness import doctor
from harness.cli.asking import options
from harness.cli.telling import exits, say


@click.command(short_help="Look for what is missing here; clean up after killed runs.")
@click.option("--sweep", is_flag=True, help="Remove what killed runs left: containers, networks.")
@click.option(
    "--reindex",
    is_flag=True,
    help="Add runs that have a directory to the index of the store; a damaged one is put aside.",
)
@options.store_option
def command(*, sweep: bool, reindex: bool, store: Path) -> int:
    """Look for everything a run needs, each with its remedy.

    Exit 0 when nothing is broken: what is merely absent stops only the runtimes that need it. Exit 4 when all that is
    wrong is what killed runs left behind.

    --reindex reads the directories of the runs in --store. Runs without one (of hunts: what passed) and the ledger of
    nights stand in the index alone: they are lost with it.
    """
    if reindex:
        _reindex(store)
    if sweep:
        _sweep()
    code = exits.OK
    for check in doctor.checks():
        if check.ok is False and code != exits.FAILED:
            code = exits.LEFTOVERS if check.is_leftover else exits.FAILED
        mark = "LEFT" if check.ok is False and check.is_leftover else _MARK[check.ok]
        say.paragraph(f"{check.name}: {check.detail}", first=f"{mark:<{_INDENT}}", rest=" " * _INDENT)
        if check.ok is not True and check.remedy:
            say.paragraph(check.remedy, first=" " * _INDENT + "→ ", rest=" " * (_INDENT + 2))
    return code


_MARK = {True: "ok", None: "absent", False: "BROKEN"}
_INDENT = 8


def _sweep() -> None:
    removed = doctor.sweep(lambda text: say.error(text, label="note"))
    for line in removed:
        say.line(line)
    if not removed:
        say.line("nothing was left behind")
    say.line()


def _reindex(store: Path) -> None:
    from harness.store import reindex  # noqa: PLC0415 - of use to this option alone

    if not store.is_dir():
        raise exits.Refused(f"{store}: there is no such store; --store DIR names another")
    done = reindex.reindex(store, lambda text: say.error(text, label="warning"))
    if done.moved is not None:
        say.line(f"the index was damaged: it is {done.moved} now")
    say.line(f"{store / 'index.db'}: runs in it: {done.known:,} before, {done.added:,} added")
    if done.is_new:
        say.error("runs whose files were not kept, and the ledger of nights, are lost with the old one", label="note")
    say.line()
