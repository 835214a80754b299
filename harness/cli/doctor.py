"""`harness doctor`: is everything there, and what did killed runs leave behind?"""

from __future__ import annotations

import click

from harness import doctor
from harness.cli import _exits, _say


@click.command(short_help="Look for what is missing here; clean up after killed runs.")
@click.option("--sweep", is_flag=True, help="Remove what killed runs left: containers, networks.")
def command(*, sweep: bool) -> int:
    """Look for everything a run needs, each with its remedy.

    Exit 0 when nothing is broken: what is merely absent stops only the runtimes that need it. Exit 4 when all that is
    wrong is what killed runs left behind.
    """
    if sweep:
        _sweep()
    code = _exits.OK
    for check in doctor.checks():
        if check.ok is False and code != _exits.FAILED:
            code = _exits.LEFTOVERS if check.is_leftover else _exits.FAILED
        mark = "LEFT" if check.ok is False and check.is_leftover else _MARK[check.ok]
        _say.paragraph(f"{check.name}: {check.detail}", first=f"{mark:<{_INDENT}}", rest=" " * _INDENT)
        if check.ok is not True and check.remedy:
            _say.paragraph(check.remedy, first=" " * _INDENT + "→ ", rest=" " * (_INDENT + 2))
    return code


_MARK = {True: "ok", None: "absent", False: "BROKEN"}
_INDENT = 8


def _sweep() -> None:
    removed = doctor.sweep(lambda text: _say.error(text, label="note"))
    for line in removed:
        _say.line(line)
    if not removed:
        _say.line("nothing was left behind")
    _say.line()
