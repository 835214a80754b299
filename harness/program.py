"""Commands that a person is told to type: they begin with what really starts this harness.

`harness` alone is no command in a shell whose PATH does not lead to this installation (after `make run`, say).
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from harness import plugins

NAMES = ("harness", "jobsync-harness")


def anywhere(*words: str) -> str:
    """A command line that does the same in every folder and every shell: paths among `words` are absolute already."""
    return shlex.join([*installed(), *words, *brought()])


def brought() -> list[str]:
    """What this command was given, the next one needs as well."""
    places = os.environ.get(plugins.VARIABLE, "").split(os.pathsep)
    return [word for place in places if place for word in ("--plugin-path", place)]


def installed() -> list[str]:
    """The program that is running now, or else the one that is installed with this Python."""
    called = Path(sys.argv[0])
    if called.name in NAMES and os.sep in sys.argv[0] and called.is_file():
        return [str(called.absolute())]
    beside = Path(sys.executable).absolute().with_name(NAMES[0])
    return [str(beside)] if beside.is_file() else [sys.executable, "-m", "harness"]
