"""Finds plug-ins by name: the folder is the catalogue.

A plug-in is one module of a package, named as users write it (`no_resurrection.py` is `no-resurrection`; faults keep
their underscores, as Toxiproxy's toxics have them: `slow_disk`), that defines one well-known object; modules without
that object are helpers and are not listed. `harness.plugins` finds those that do not ship. Plans and topologies are
YAML files under `configs/`. Nothing else knows which plug-ins there are.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import os
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness import plugins

_PACKAGES = {  # kind → (package, the object every plug-in of that kind defines)
    "fault": ("faults", "FAULT"),
    "checker": ("checkers", "CHECKER"),
    "runtime": ("harness.runtimes", "RUNTIME"),
    "dialect": ("harness.wire.dialects", "DIALECT"),
    "profile": ("targets.profiles", "PROFILE"),
}
_AS_SPELT = ("fault",)
_NO_PLANS = ("nightly", "known-failures")  # in `configs`
_NONE_BELOW = ("topologies/", "schema/")
_MISSING = object()
_READABLE = 12
KINDS = (*_PACKAGES, "plan", "topology")


class UnknownName(LookupError):
    """A name that no plug-in of this kind has. `close` are similar names, `known` all of them."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        self.close = close_matches(name, self.known)
        super().__init__(kind, name)

    def __str__(self) -> str:
        if self.close:
            return f"unknown {self.kind} {self.name!r}; did you mean {' or '.join(self.close)}?"
        return f"unknown {self.kind} {self.name!r}{self._all()}"

    def _all(self) -> str:
        """Every name, unless that is more than a person reads."""
        return "" if len(self.known) > _READABLE else f"; there are: {', '.join(self.known) or 'none'}"


def close_matches(word: str, known: Iterable[str]) -> list[str]:
    """At most three names that `word` may have meant, the likeliest first."""
    known = list(known)
    by_last_part = {re.split("[/.]", k)[-1]: k for k in known}
    hits = difflib.get_close_matches(word, known, n=3, cutoff=0.61)
    hits += [by_last_part[part] for part in difflib.get_close_matches(word, by_last_part, n=3, cutoff=0.75)]
    return list(dict.fromkeys(sorted(hits, key=lambda hit: word not in re.split("[/.]", hit))))[:3]


def names(kind: str) -> list[str]:
    """All names of a kind, sorted. Raises `ValueError` for a kind that does not exist."""
    if kind in _PACKAGES:
        return sorted([*_shipped(kind), *_brought(kind)])
    return _files(kind)


def find(kind: str, name: str) -> Any:
    """The plug-in's object; of a plan or topology its `Path`. Raises `UnknownName`."""
    found = _find_module(kind, name) if kind in _PACKAGES else _find_file(kind, name)
    if found is _MISSING:
        raise UnknownName(kind, name, names(kind))
    return found


@functools.cache
def configs_dir() -> Path:
    """Where shipped plans live: inside an installed wheel, else beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def _modules(kind: str) -> tuple[str, ...]:
    folders = tuple(importlib.import_module(_PACKAGES[kind][0]).__path__)
    return _listed(kind, folders, tuple(Path(folder).stat().st_mtime_ns for folder in folders))


@functools.cache
def _listed(kind: str, folders: tuple[str, ...], changed_ns: tuple[int, ...]) -> tuple[str, ...]:
    """What stands in the folders, read anew when one of them has changed: every run asks."""
    found = (m.name for m in pkgutil.iter_modules(folders) if not m.name.startswith("_"))
    return tuple(_spelt(kind, name) for name in found)


def _find_module(kind: str, name: str) -> Any:
    return _load(kind, name) if name in _modules(kind) else _brought(kind).get(name, _MISSING)


def _shipped(kind: str) -> list[str]:
    return [name for name in _modules(kind) if _load(kind, name) is not _MISSING]


def ships(kind: str, name: str) -> bool:
    """Is it one of ours, which is there wherever the harness is?"""
    return name in _shipped(kind)


def _brought(kind: str) -> dict[str, Any]:
    """Name → object of those that do not ship. Raises `plugins.BadPlugin`."""
    found: dict[str, Any] = {}
    objects = [attribute for _, attribute in _PACKAGES.values()]
    for stem, module in plugins.found():
        if plugins.is_named(module) and not any(hasattr(module, attribute) for attribute in objects):
            raise plugins.BadPlugin(f"{module.__file__} is no plug-in: it defines none of {', '.join(objects)}")
        plugin, name = getattr(module, _PACKAGES[kind][1], _MISSING), _spelt(kind, stem)
        if plugin is _MISSING:
            continue
        if name in found or ships(kind, name):
            raise plugins.BadPlugin(f"two plug-ins are called {kind} {name!r}; rename {module.__file__}")
        found[name] = plugin
    return found


def _spelt(kind: str, stem: str) -> str:
    return stem if kind in _AS_SPELT else stem.replace("_", "-")


@functools.cache
def _load(kind: str, name: str) -> Any:
    package, attribute = _PACKAGES[kind]
    module = importlib.import_module(f"{package}.{name.replace('-', '_')}")
    return getattr(module, attribute, _MISSING)


def _folder(kind: str) -> Path:
    if kind not in ("plan", "topology"):
        raise ValueError(f"unknown kind {kind!r}; there are: {', '.join(KINDS)}")
    return configs_dir() if kind == "plan" else configs_dir() / "topologies"


def _files(kind: str) -> list[str]:
    """The names of all files, sorted: a plan in a folder is `folder/name`, as `edge/empty-chunk`.

    Every plan that is loaded asks for it, and there are hundreds: a `Path` for each takes longer than to read the plan.
    """
    root = str(_folder(kind))
    names = []
    for folder, _, files in os.walk(root):
        below = folder[len(root) + 1 :].replace(os.sep, "/") + "/" if folder != root else ""
        names += [below + file.removesuffix(".yaml") for file in files if file.endswith(".yaml")]
    if kind == "plan":
        names = [name for name in names if name not in _NO_PLANS and not name.startswith(_NONE_BELOW)]
    return sorted(names)


def _find_file(kind: str, name: str) -> Any:
    files = _files(kind)
    if name not in files:
        ends = [known for known in files if known.rsplit("/", 1)[-1] == name]
        if len(ends) != 1:
            return _MISSING
        name = ends[0]
    return _folder(kind) / f"{name}.yaml"
