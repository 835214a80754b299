"""A compose file, read as a topology: services that are nodes, and services that are only started."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Any

from harness.plan.systems.compose_words import File, Service
from harness.plan.systems.containers import Compose, Container
from harness.plan.systems.containers import Service as Started
from harness.plan.systems.topology import RELAY, RESERVED, NodeWords, Topology
from harness.plan.text.errors import PlanError, PlanErrors, Source, did_you_mean
from harness.plan.text.salvage import salvage
from harness.plan.text.source import Document, Path, read_with_errors
from harness.registry import close_matches

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:?[-?])([^}]*))?\}|(\w+))")
_DONE = "service_completed_successfully"
_PLAIN = "`docker compose config` prints it without anchors, aliases and tags"


def folded(topology: Topology, words: Compose, source: Source, folder: pathlib.Path) -> Topology:
    """The topology with the services of its compose file in the places of nodes, and beside them; `folder` is where the
    file lies. Raises `PlanErrors`."""
    file, document = _read(source)
    wrong = list(_problems(file, document, words, topology))
    if wrong:
        raise PlanErrors(wrong)
    own = {name: _node(topology.own(name), file.services[service], folder) for name, service in words.nodes.items()}
    relay = own.pop(RELAY, None)
    nodes = {name: said for name, said in topology.nodes.items() if name != RELAY or relay is None}
    theirs = {
        name: Started(
            image=file.services[name].image,
            completes=any(one.depends_on.get(name) == _DONE for one in file.services.values()),
            healthcheck=check.words() if (check := file.services[name].healthcheck) is not None else None,
            **file.services[name].container(folder),
        )
        for name in _in_order(file)
        if name not in words.nodes.values()
    }
    changed = {"nodes": nodes | own, "services": {**theirs, **topology.services}, "compose": None}
    return topology.model_copy(update=changed | ({"relay": relay} if relay is not None else {}))


def _node(own: NodeWords, service: Service, folder: pathlib.Path) -> NodeWords:
    container = Container(**service.container(folder))
    return own.model_copy(update={"kind": "image", "image": service.image, "container": container})


def _read(source: Source) -> tuple[File, Document]:
    document, syntax = read_with_errors(source)
    errors = [replace(error, hint=_PLAIN) for error in syntax]
    raw = Document(document.source, _filled(document, errors), document.values, document.keys)
    salvaged = salvage(raw, File)
    errors = [*errors, *salvaged.errors]
    if salvaged.words is None or errors:
        raise PlanErrors(errors)
    return salvaged.words, document


def _filled(document: Document, errors: list[PlanError]) -> Any:
    """The data with the variables of this environment in place, but for those that containers get: these may be
    secrets, and nobody writes them into a run's directory."""

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: walk(one, (*path, key)) for key, one in value.items()}
        if isinstance(value, list):
            return [walk(one, (*path, at)) for at, one in enumerate(value)]
        if not isinstance(value, str):
            return value
        try:
            return _VARIABLE.sub(partial(_said, kept=path[2:3] == ("environment",)), value)
        except LookupError as exc:
            errors.append(PlanError(document.value(path), str(exc.args[0]), "set it, or say ${NAME:-something}"))
            return value

    return walk(document.data, ())


def _said(found: re.Match[str], *, kept: bool) -> str:
    if found[1]:
        return "$"
    name, sign, other = found[2] or found[5], found[3] or "", found[4] or ""
    said = os.environ.get(name)
    if said or (said is not None and not sign.startswith(":")):
        return f"${{{name}}}" if kept else said
    if sign.endswith("-"):
        return other
    raise LookupError(other or f"${name} is not set in this environment")


def _problems(file: File, document: Document, words: Compose, topology: Topology) -> Iterator[PlanError]:
    known = list(file.services)
    for node, service in words.nodes.items():
        if service not in known:
            hint = did_you_mean(close_matches(service, known)) or f"it has: {', '.join(known)}"
            yield PlanError(f"{document.source.name}", f"{node} is said to be the service {service!r}", hint)
    for name, one in file.services.items():
        for needed in one.depends_on:
            if needed not in known:
                yield PlanError(
                    document.value(("services", name)), f"{name!r} depends on {needed!r}, which is not there"
                )
        if name not in words.nodes.values() and name in (*topology.names(), *RESERVED):
            said = f"the service {name!r} is no node, and has the name of one"
            yield PlanError(document.keys[("services", name)], said, f"say in the topology which it is: {name}: {name}")
    try:
        _in_order(file)
    except CycleError as exc:
        yield PlanError(document.source.name, f"services depend on each other: {' → '.join(map(str, exc.args[1]))}")


def _in_order(file: File) -> list[str]:
    """What others depend on comes first."""
    sorter = TopologicalSorter({name: service.depends_on for name, service in file.services.items()})
    return [name for name in sorter.static_order() if name in file.services]
