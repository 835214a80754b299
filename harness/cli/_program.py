"""Commands that a person is told to type: they begin with what really starts this harness.

`harness` alone is no command in a shell whose PATH does not lead to this installation (after `make run`, say).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from harness import plugins

NAMES = ("harness", "jobsync-harness")


def anywhere(*words: str) -> str:
    """A command line that does the same in every folder and every shell: paths among `words` are absolute already."""
    return shlex.join([*_installed(), *words, *_plugins()])


def here(*words: str) -> str:
    """A command line for this folder and this shell: the short name, if it leads here."""
    return shlex.join([*_typed(), *words, *_plugins()])


def _plugins() -> list[str]:
    """What this command was given, the next one needs as well."""
    places = os.environ.get(plugins.VARIABLE, "").split(os.pathsep)
    return [word for place in places if place for word in ("--plugin-path", place)]


def _installed() -> list[str]:
    called = Path(sys.argv[0])
    if called.name in NAMES and os.sep in sys.argv[0] and called.is_file():
        return [str(called.absolute())]
    beside = Path(sys.executable).absolute().with_name(NAMES[0])
    return [str(beside)] if beside.is_file() else [sys.executable, "-m", "harness"]


def _typed() -> list[str]:
    program, *module = _installed()
    name = Path(program).name
    found = shutil.which(name)
    if found is not None and Path(found).absolute() == Path(program):
        return [name, *module]
    near = os.path.relpath(program)
    return [program if near.startswith("..") or os.sep not in near or Path.cwd() == Path("/") else near, *module]
