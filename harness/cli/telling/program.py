"""Commands that are typed next: in every folder and shell, or in this one, where their names may be short."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from harness.program import anywhere, brought, installed

__all__ = ["anywhere", "here"]


def here(*words: str) -> str:
    """A command line for this folder and this shell: the short name, if it leads here."""
    return shlex.join([*_typed(), *words, *brought()])


def _typed() -> list[str]:
    program, *module = installed()
    name = Path(program).name
    found = shutil.which(name)
    if found is not None and Path(found).absolute() == Path(program):
        return [name, *module]
    near = os.path.relpath(program)
    return [program if near.startswith("..") or os.sep not in near or Path.cwd() == Path("/") else near, *module]
