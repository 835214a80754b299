"""Topologies from files, shipped or somebody's own; and how files of plans and topologies are read and named."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

from harness import registry
from harness.plan import compose
from harness.plan.errors import PlanError, PlanErrors, Source, Span, did_you_mean, one
from harness.plan.salvage import salvage
from harness.plan.sense import problems as topology_problems
from harness.plan.source import MAX_BYTES, Document, read_with_errors
from harness.plan.topology import Topology
from harness.registry import close_matches
from targets import profiles
from targets.policy import UnknownPolicy

SUFFIXES = (".yaml", ".yml")


def members(word: str) -> list[str]:
    """`nightly`, `nightly/*`, `configs/nightly`: the plans of a folder, shipped or not, in the order of their names.
    What is neither is given back as it is. Raises `PlanErrors` for a folder without a plan."""
    shipped = registry.names("plan")
    path = pathlib.Path(word)
    if word in shipped or path.is_file():
        return [word]
    if path.is_dir():
        found = sorted(str(file) for file in path.iterdir() if file.suffix in SUFFIXES)
        if not found:
            raise one(word, "there is no plan in this folder")
        return found
    pattern = word if any(sign in word for sign in "*?[") else f"{word.rstrip('/')}/*"
    return [name for name in shipped if fnmatchcase(name, pattern)] or [word]


def load_topology(name: str, beside: pathlib.Path | None = None) -> Topology:
    """A shipped topology by its name, or a file (relative to the plan's folder). Raises `PlanErrors`, `UnknownName`."""
    if name.endswith(SUFFIXES):
        path = (beside or pathlib.Path()) / name
        file = str(path)
    else:
        path = registry.find("topology", name)
        file = shown(path)
    return _composed(_topology(file, text_of(path)), path.parent).beside(path.parent)


def _composed(topology: Topology, folder: pathlib.Path) -> Topology:
    if topology.compose is None:
        return topology
    path = folder / topology.compose.file
    return compose.folded(topology, topology.compose, Source(shown(path), text_of(path)), path.parent)


@lru_cache(maxsize=64)
def _topology(file: str, text: str) -> Topology:
    """A campaign loads the same few again for every plan."""
    document, errors = read_with_errors(Source(file, text))
    salvaged = salvage(document, Topology)
    topology = salvaged.words
    if topology is None or salvaged.errors:
        raise PlanErrors(one_a_place([*errors, *salvaged.errors]))
    raise_errors(
        errors
        + [
            PlanError(document.value(place), said, did_you_mean(close_matches(str(document.at(place)), known)))
            for place, said, known in topology_problems(topology)
        ]
    )
    raise_errors(_own_policies(topology, document))
    return topology


def _own_policies(topology: Topology, document: Document) -> list[PlanError]:
    """Profiles and policies that single nodes name."""
    found = []
    for path, _, own in topology.owns():
        try:
            profiles.load(own.profile or profiles.DEFAULT, policies=own.policies)
        except UnknownPolicy as exc:
            where = document.keys.get((*path, "policies", exc.word)) or document.find(path, exc.word)
            found.append(PlanError(where, str(exc), did_you_mean(close_matches(exc.word, exc.known))))
    return found


def text_of(path: pathlib.Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise one(str(path), f"cannot be read: {exc.strerror or exc}") from None
    if len(raw) > MAX_BYTES:
        raise one(str(path), f"larger than {MAX_BYTES // 1024} KB; a plan is a page or two of YAML")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise one(f"{path}:{line}", "not UTF-8 text", f"byte {exc.start} is {raw[exc.start]:#04x}") from None


def shown(path: pathlib.Path) -> str:
    """A path as a user would type it here."""
    here = pathlib.Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def one_a_place(errors: Iterable[PlanError]) -> list[PlanError]:
    """The first thing that was said of each place: what a later pass says there comes of it."""
    found: dict[object, PlanError] = {}
    for error in errors:
        place = (
            (error.where.source.name, error.where.line, error.where.column) if isinstance(error.where, Span) else error
        )
        found.setdefault(place, error)
    return list(found.values())


def raise_errors(found: list[PlanError]) -> None:
    errors = [error for error in found if error.severity == "error"]
    if errors:
        raise PlanErrors(errors)
