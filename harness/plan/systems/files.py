"""Topologies from files, shipped or somebody's own."""

from __future__ import annotations

import pathlib
from functools import lru_cache

from harness import registry
from harness.plan.systems import compose
from harness.plan.systems.sense import problems as topology_problems
from harness.plan.systems.topology import Topology
from harness.plan.text.errors import PlanError, PlanErrors, Source, did_you_mean, one_a_place, raise_errors
from harness.plan.text.files import SUFFIXES, shown, text_of
from harness.plan.text.salvage import salvage
from harness.plan.text.source import Document, read_with_errors
from harness.registry import close_matches
from targets import profiles
from targets.policy import UnknownPolicy


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
