"""Where in a program it was that something was done which cannot be simulated."""

from __future__ import annotations

import functools
import site
import sys
import sysconfig
import traceback
from pathlib import Path
from types import FrameType

_HERE = str(Path(__file__).parents[1])


@functools.cache
def library_folders() -> tuple[str, ...]:
    """Where the standard library and installed packages lie: code that a user did not write."""
    paths = sysconfig.get_paths()
    found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += site.getsitepackages() if hasattr(site, "getsitepackages") else []
    return tuple(dict.fromkeys(f"{Path(folder)}/" for folder in found))


def is_library(file: str) -> bool:
    return file.startswith(("<frozen", *library_folders()))


def place() -> str:
    """`file:line` of the program's own code that is calling; the library it calls through is named as well."""
    frame: FrameType | None = sys._getframe(1)
    through = ""
    while frame is not None:
        file = frame.f_code.co_filename
        if is_library(file):
            through = through or _installed(frame)
        elif not file.startswith(_HERE):
            return f"{shown(file)}:{frame.f_lineno}" + (f" (in {through})" if through else "")
        frame = frame.f_back
    return f"somewhere in {through or 'the standard library'}"


def calls_from_library() -> bool:
    """Is the caller of whoever asks code that a user did not write?"""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return frame is None or is_library(frame.f_code.co_filename)


def raised_at(exc: BaseException) -> str:
    """` (file:line)` of the program's own code that raised an exception; empty when none of it is in its traceback."""
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if not is_library(f.filename)]
    own = [f for f in frames if not f.filename.startswith(_HERE)]
    return f" ({shown(own[-1].filename)}:{own[-1].lineno})" if own else ""


def _installed(frame: FrameType) -> str:
    """The installed library that a frame belongs to; empty for the standard library, which goes without saying."""
    name: str = frame.f_globals.get("__name__", "").partition(".")[0]
    return "" if name in sys.stdlib_module_names else name


def shown(file: str) -> str:
    """A path as a user would type it here."""
    path, here = Path(file), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file
