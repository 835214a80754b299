"""Plug-ins that do not ship: modules of folders and files that `HARNESS_PLUGIN_PATH` names, and of installed packages.

`--plugin-path DIR|FILE` of a command is written into that variable, so that worker processes find the same ones. A
package names its modules as entry points of the group `jobsync_harness.plugins`: `shouting = "my_package.shouting"`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

VARIABLE = "HARNESS_PLUGIN_PATH"
GROUP = "jobsync_harness.plugins"
Found = tuple[tuple[str, ModuleType], ...]  # (the plug-in's name as its file is called, its module)


class BadPlugin(ValueError):
    """A plug-in that is not there, cannot be imported, or is none; the message says which and why."""


def add(path: str) -> None:
    """Look there as well, in this process and in those that it starts."""
    before = os.environ.get(VARIABLE, "")
    whole = str(Path(path).resolve())
    if whole not in before.split(os.pathsep):
        os.environ[VARIABLE] = os.pathsep.join(part for part in (before, whole) if part)


def found() -> Found:
    """Raises `BadPlugin`."""
    return _installed() + tuple(one for place in os.environ.get(VARIABLE, "").split(os.pathsep) for one in _at(place))


def is_named(module: ModuleType) -> bool:
    """Was it named itself, and not only the folder where helpers may lie beside it?"""
    return module.__file__ in os.environ.get(VARIABLE, "").split(os.pathsep)


@functools.cache
def _installed() -> Found:
    return tuple((point.name, _imported(point.value)) for point in sorted(entry_points(group=GROUP)))


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as exc:
        raise BadPlugin(f"the plug-in {name} cannot be imported: {type(exc).__name__}: {exc}") from exc


@functools.cache
def _at(place: str) -> Found:
    return tuple((path.stem, _loaded(path)) for path in _files(place)) if place else ()


def _files(place: str) -> Iterator[Path]:
    path = Path(place)
    if path.is_dir():
        yield from (file for file in sorted(path.glob("*.py")) if not file.name.startswith("_"))
    elif path.is_file() and path.suffix == ".py":
        yield path
    else:
        raise BadPlugin(f"no plug-ins at {place}: expected a folder, or a file NAME.py")


def _loaded(path: Path) -> ModuleType:
    """Under a name of its own: two folders may each have a file of the same name."""
    name = f"harness_plugin_{hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadPlugin(f"{path} cannot be imported")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as exc:
        del sys.modules[name]
        raise BadPlugin(f"the plug-in {path} cannot be imported: {type(exc).__name__}: {exc}") from exc
    return module
