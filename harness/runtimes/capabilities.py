"""What can be done where: each fault declares the verbs it needs, each runtime and each kind of node those it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from faults import Fault, needs_of
from harness import registry
from harness.runtimes import Runtime

_NO_STORE: Final = "keeps no store"
NODES_LACK: Final[Mapping[str, Mapping[str, str]]] = {  # role → verb → why not
    "relay": dict.fromkeys(("wipe_store", "slow_disk", "fill_disk"), _NO_STORE),
    "mobile": dict.fromkeys(("wipe_store", "slow_disk", "fill_disk"), _NO_STORE),
}
_OWN_STORE: Final = {"slow_disk": "opens its store by itself, and need not heed how slow it is"}
_OWN_WAY: Final = {**_OWN_STORE, "skew": "reads its clock by itself"}
_HOOKS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {  # verb → one hook of each of these
    "kill": (("kill", "stop"), ("start",)),
    "pause": (("pause",), ("start",)),
    "wipe_store": (("wipe",),),
}


def _no_hooks(ways: Iterable[Iterable[str]]) -> str:
    needed = ", ".join(f"{next(iter(way))}: […]" for way in ways)
    return f"runs elsewhere, and has no hooks for that (`hooks: {{{needed}}}`)"


KINDS_LACK: Final[Mapping[str, Mapping[str, str]]] = {  # kind of its program → the same
    "module": _OWN_STORE,
    "command": _OWN_WAY,
    "image": _OWN_WAY,
    "external": {**_OWN_WAY, **{verb: _no_hooks(ways) for verb, ways in _HOOKS.items()}},
}


def lacking(fault: Fault, params: Any, verbs: frozenset[str], why_not: Mapping[str, str]) -> str | None:
    """Why a runtime with these verbs cannot inject what a plan says; None when it can."""
    missing = sorted(needs_of(fault, params) - verbs)
    if not missing:
        return None
    return "; ".join(why_not.get(verb, f"it has no {verb!r}") for verb in missing)


def node_lacks(fault: Fault, params: Any, role: str, kind: str = "builtin", hooks: Collection[str] = ()) -> str | None:
    """Why a node of this role and kind, with these hooks, cannot suffer it; None when it can."""
    able = {verb for verb, ways in _HOOKS.items() if all(set(way) & set(hooks) for way in ways)}
    of_kind = {verb: why for verb, why in KINDS_LACK.get(kind, {}).items() if verb not in able}
    lacks = {**of_kind, **NODES_LACK.get(role, {})}
    return next((lacks[verb] for verb in sorted(needs_of(fault, params)) if verb in lacks), None)


def cell(fault: Fault, runtime: Runtime) -> tuple[str, str]:
    """(yes, no or partly; why not all of it) of one action on one runtime."""
    missing = sorted(fault.VERBS - runtime.VERBS)
    if not missing:
        return "yes", ""
    why = "; ".join(runtime.WHY_NOT.get(verb, f"it has no {verb!r}") for verb in missing)
    example = fault.Params.model_validate({k: v for k, v in yaml.safe_load(fault.EXAMPLE).items() if k != "action"})
    return ("partly" if needs_of(fault, example) <= runtime.VERBS else "no"), why


def table() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """For each action its cells, in the order of `registry.names("runtime")`."""
    runtimes = [registry.find("runtime", name) for name in registry.names("runtime")]
    for action in registry.names("fault"):
        fault = registry.find("fault", action)
        yield action, [cell(fault, runtime) for runtime in runtimes]


def on_nodes() -> Iterator[tuple[str, str, str]]:
    """(faults, node, what they cannot do there and why), for roles and kinds of nodes that cannot suffer everything."""
    nodes = [(f"a {role}", lacks) for role, lacks in NODES_LACK.items()]
    nodes += [(f"a node of kind {kind}", lacks) for kind, lacks in KINDS_LACK.items()]
    for node, lacks in nodes:
        told: dict[str, list[str]] = {}
        for action in registry.names("fault"):
            if (said := _cannot(registry.find("fault", action), lacks)) is not None:
                told.setdefault(said, []).append(action)
        for said, actions in told.items():
            yield ", ".join(actions), node, said


def _cannot(fault: Fault, lacks: Mapping[str, str]) -> str | None:
    missing = sorted(fault.VERBS & set(lacks))
    if not missing:
        return None
    why = "; ".join(dict.fromkeys(f"it {lacks[verb]}" for verb in missing))
    words = {k: v for k, v in yaml.safe_load(fault.EXAMPLE).items() if k != "action"}
    if needs_of(fault, fault.Params.model_validate(words)).intersection(missing):
        return f"no: {why}"
    switches = [name for name, field in fault.Params.model_fields.items() if field.default is False]
    asking = [n for n in switches if needs_of(fault, fault.Params.model_validate({**words, n: True})) & set(missing)]
    return f"partly: {', '.join(f'no `{name}: true`' for name in asking)}: {why}"
