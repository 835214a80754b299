"""What makes no sense in a topology, though each of its words is one: at which place, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness import registry
from harness.plan.systems.topology import PLAIN, RELAY, RESERVED, Mobile, NodeWords, Path, Topology, User, clients_of

_WS_URL = re.compile(r"wss?://[^/:\s]+(:\d{1,5})?(/\S*)?")
_TELLS = {"module": "module", "image": "image", "command": "command"}  # kind → the key it needs
_ELSEWHERE = {True: ("url",), False: ("listen", "probe")}  # the same of what runs elsewhere: of a relay, of a client


def problems(topology: Topology) -> Iterator[tuple[Path, str, Sequence[str]]]:
    """What makes no sense in a topology: where, why, and which names there are."""
    seen = {RELAY}
    for u, user in enumerate(topology.users):
        places = [("desktops", d) for d in range(len(user.desktops))] + [
            ("mobiles", m) for m in range(len(user.mobiles))
        ]
        for (kind, c), client in zip(places, clients_of(user), strict=True):
            if client.id in seen:
                yield ("users", u, kind, c, "id"), f"two nodes are called {client.id!r}; names are unique", ()
            seen.add(client.id)
        for m, mobile in enumerate(user.mobiles):
            yield from _mobile_problems(user, mobile, ("users", u, "mobiles", m))
    dialects = registry.names("dialect")
    if topology.dialect not in dialects:
        yield ("dialect",), f"there is no dialect {topology.dialect!r}; there are: {', '.join(dialects)}", dialects
    names = topology.names()
    for name in topology.nodes:
        if name not in names:
            yield ("nodes", name), f"no node {name!r} in this topology", names
    for path, name, own in topology.owns():
        yield from _kind_problems(path, name, own)
        is_service = topology.compose is not None and name in topology.compose.nodes
        yield from _container_problems(path, name, own, "image" if is_service else own.kind)
    yield from _service_problems(topology, names)
    yield from _dialect_problems(topology, dialects)
    if RELAY in topology.nodes and topology.relay != NodeWords():
        yield ("nodes", RELAY), "the relay is described twice: here, and under relay", ()


def _dialect_problems(topology: Topology, dialects: Sequence[str]) -> Iterator[tuple[Path, str, Sequence[str]]]:
    services = topology.compose.nodes if topology.compose is not None else {}
    for path, name, own in topology.owns():
        if own.dialect is None:
            continue
        if own.dialect not in dialects:
            yield (*path, "dialect"), f"there is no dialect {own.dialect!r}; there are: {', '.join(dialects)}", dialects
        elif own.kind == "builtin" and name not in services:
            yield (
                (*path, "dialect"),
                f"{name!r} is built in, and speaks {PLAIN}; a program of somebody else may not",
                (),
            )
        elif topology.dialect != PLAIN:
            yield (*path, "dialect"), f"all speak {topology.dialect} here: say it for single nodes, or for all", ()


def _kind_problems(path: Path, name: str, own: NodeWords) -> Iterator[tuple[Path, str, Sequence[str]]]:
    needed = _TELLS.get(own.kind)
    if needed is not None and getattr(own, needed) is None:
        yield (*path, "kind"), f"{name!r} is of kind {own.kind}, which needs the key {needed!r} beside it", ()
    for kind, key in _TELLS.items():
        if own.kind != kind and getattr(own, key) is not None:
            yield (*path, key), f"{key!r} is for nodes of kind {kind}, and {name!r} is of kind {own.kind}", ()
    if own.kind not in ("module", "command") and own.path is not None:
        yield (*path, "path"), f"'path' is for nodes of kind module or command; {name!r} is of kind {own.kind}", ()
    yield from _elsewhere_problems(path, name, own)
    yield from _tls_problems(path, name, own)
    if own.kind != "external" and own.hooks:
        yield (*path, "hooks"), f"'hooks' are for nodes of kind external; the harness starts {name!r} itself", ()
    for key in ("ready", "auth"):
        if getattr(own, key) is not None and name != RELAY:
            yield (*path, key), f"{key!r} is said of the relay, and {name!r} is none", ()
    if own.ready is not None and own.kind != "external":
        yield (*path, "ready"), f"'ready' is for what runs elsewhere; the harness sees when {name!r} listens", ()
    if own.url is not None and not _WS_URL.fullmatch(own.url):
        yield (*path, "url"), "expected ws://HOST:PORT/PATH or wss://…, where it listens", ()
    if own.kind != "builtin" and (own.profile is not None or own.policies):
        key = "profile" if own.profile is not None else "policies"
        yield (*path, key), f"profiles and policies are those of the built-in components; {name!r} is none", ()


def _elsewhere_problems(path: Path, name: str, own: NodeWords) -> Iterator[tuple[Path, str, Sequence[str]]]:
    is_relay, what = name == RELAY, "relay" if name == RELAY else "client"
    for key in _ELSEWHERE[is_relay] if own.kind == "external" else ():
        if getattr(own, key) is None:
            yield (*path, "kind"), f"{name!r} is of kind external, which needs the key {key!r} beside it", ()
    for of_relay, keys in _ELSEWHERE.items():
        for key in keys:
            if getattr(own, key) is not None and (own.kind != "external" or of_relay != is_relay):
                whose = "relay" if of_relay else "desktop or mobile"
                yield (
                    (*path, key),
                    f"{key!r} is for a {whose} of kind external; {name!r} is a {what} of kind {own.kind}",
                    (),
                )


def _tls_problems(path: Path, name: str, own: NodeWords) -> Iterator[tuple[Path, str, Sequence[str]]]:
    if own.tls == "passthrough" and name != RELAY:
        yield (*path, "tls"), "'passthrough' is said of the relay: then it is so for all its clients", ()
    if own.tls == "passthrough" and own.kind == "external":
        yield (
            (*path, "tls"),
            "a relay elsewhere has a certificate for its own address, which clients do not dial here",
            (),
        )
    if own.ca is not None and not (own.url or "").startswith("wss://"):
        yield (*path, "ca"), "'ca' is for a relay with a wss:// url", ()


def _container_problems(path: Path, name: str, own: NodeWords, kind: str) -> Iterator[tuple[Path, str, Sequence[str]]]:
    if own.container is not None and own.kind != "image":
        yield (*path, "container"), f"'container' is for nodes of kind image; {name!r} is of kind {own.kind}", ()
    if own.port is not None and (name != RELAY or kind not in ("image", "command")):
        yield (*path, "port"), "'port' is for a relay that is an image or a command", ()


def _service_problems(topology: Topology, names: Sequence[str]) -> Iterator[tuple[Path, str, Sequence[str]]]:
    for name in topology.services:
        if name in (*names, *RESERVED):
            yield ("services", name), f"{name!r} is a node, or a program of the harness; call the service otherwise", ()
    for name in topology.compose.nodes if topology.compose is not None else ():
        if name not in names:
            yield ("compose", "nodes", name), f"no node {name!r} in this topology", names
        elif topology.own(name).kind != "builtin":
            yield ("compose", "nodes", name), f"{name!r} has a kind of its own; a service of a compose file is one", ()


def _mobile_problems(user: User, mobile: Mobile, path: Path) -> Iterator[tuple[Path, str, Sequence[str]]]:
    desktops = {d.id: d for d in user.desktops}
    if mobile.desktop is None and len(desktops) > 1:
        yield path, f"{mobile.id!r} needs a desktop: its user has several", list(desktops)
        return
    if mobile.desktop is not None and mobile.desktop not in desktops:
        yield (*path, "desktop"), f"{user.id!r} has no desktop {mobile.desktop!r}", list(desktops)
        return
    if mobile.scope is None:
        return
    desktop = desktops[mobile.desktop] if mobile.desktop else user.desktops[0]
    sessions = [s for sessions in desktop.projects.values() for s in sessions]
    session, project = mobile.scope.session, mobile.scope.project
    if (session is None) == (project is None):
        yield (*path, "scope"), "a scope is either a session or a project", ()
    if session is not None and session not in sessions:
        yield (*path, "scope", "session"), f"{desktop.id!r} has no session {session!r}", sessions
    if project is not None and project not in desktop.projects:
        yield (*path, "scope", "project"), f"{desktop.id!r} has no project {project!r}", list(desktop.projects)
