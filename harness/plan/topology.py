"""Topologies: which users, desktops and mobiles there are, and the system that comes of them.

Ids on the wire are UUIDs derived from the names (uuid5), so that the same topology always has the same ones.
"""

from __future__ import annotations

import pathlib
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from faults import OrShort, Words
from harness import registry
from harness.plan.containers import Compose, Container, Service, bound, container_of
from harness.schedule import Node, System

RELAY = "relay"
RESERVED = ("wire", "toxiproxy")  # programs of the harness that run beside the nodes
FAST_SCALE = 20.0
PLAIN = "jobsync"  # dialect of the reference
PROBE_TOKEN = "HARNESS_PROBE_TOKEN"
_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "jobsync-harness")

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Path = tuple[str | int, ...]


class Timing(Words):
    """Every timer of the components is divided by `scale`."""

    scale: float = Field(gt=0, le=1000)


def _timing(value: object) -> object:
    """`timing: real` and `timing: fast` are scales with a name."""
    named = {"real": 1.0, "fast": FAST_SCALE}
    if isinstance(value, str):
        if value not in named:
            raise ValueError("expected real, fast or {scale: 20}")
        return {"scale": named[value]}
    return value


TimingWords = Annotated[Timing, BeforeValidator(_timing), OrShort({"enum": ["real", "fast"]})]


class Client(Words):
    id: Name
    device_id: str | None = Field(None, min_length=1, max_length=100)


class Desktop(Client):
    projects: dict[str, list[str]] = Field(default={"app": ["session-1"]}, min_length=1)


class Scope(Words):
    """What a mobile shows: one session, or a whole project."""

    session: str | None = None
    project: str | None = None


class Mobile(Client):
    desktop: str | None = None
    scope: Scope | None = None


class User(Words):
    id: Name
    desktops: list[Desktop] = Field(min_length=1)
    mobiles: list[Mobile] = Field(default=[])


Kind = Literal["builtin", "module", "image", "command", "external"]
Tls = Literal["none", "terminate", "passthrough"]
_WS_URL = re.compile(r"wss?://[^/:\s]+(:\d{1,5})?(/\S*)?")
_ADDRESS = r"^[^\s:/]+:[0-9]{1,5}$"
_TELLS = {"module": "module", "image": "image", "command": "command"}  # kind → the key it needs
_ELSEWHERE = {True: ("url",), False: ("listen", "probe")}  # the same of what runs elsewhere: of a relay, of a client


class Auth(Words):
    """Prints the bearer token of a device, and nothing else."""

    command: list[str] = Field(min_length=1)


class NodeWords(Words):
    """What one node has of its own: whose program it is, its profile, single policies, environment.

    `builtin` is the reference component. `module` is a Python program of somebody else, `async def main(argv, env)`,
    imported from `path` (relative to the topology's file), the working directory or PYTHONPATH. `image` is a container,
    `command` a process, started in `path` or beside the topology's file. `external` is what runs elsewhere: a relay at
    `url`, or a desktop or mobile that dials the harness, which is its relay at `listen` and hears its probe at `probe`,
    both HOST:PORT, with the token that is in the harness's variable `probe_token_env`. What can be done to it, `hooks`
    do: a fault that needs one which is not there is refused. Each runtime says which kinds it starts.

    In `env`, `${RELAY_URL}` is what the harness says there; so a program gets it under a name of its own. A relay that
    is an image or a command may listen at a `port` of its own. `container` says how an image is started.

    Of an external relay: clients may register once `ready`, an http:// or https:// URL, answers 200; its `url` may be
    wss://, and `ca` is a PEM file of those who sign its certificate, if the system does not trust them. Of any relay:
    the tokens of clients are what `auth` prints, a command that finds `DEVICE_ID` and `USER_ID` in its environment.

    A program of somebody else may speak a `dialect` of its own: at its end of each link messages are translated to the
    words of the reference and back, so all others stay as they are.

    With `tls: terminate` a client dials wss:// and speaks TLS as far as the harness, whose certificate is made for the
    run; said of the relay, it is so for all its clients. With `tls: passthrough`, said of the relay, they speak TLS
    with each other, and the relay gets the certificate; nobody reads what passes, so faults of whole messages are
    refused, and all are judged without the wire.
    """

    kind: Kind = "builtin"
    module: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
    path: str | None = Field(default=None, min_length=1)
    image: str | None = Field(default=None, min_length=1)
    command: list[str] | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, min_length=1)
    hooks: dict[Literal["start", "stop", "kill", "pause", "wipe"], list[str]] = Field(default={})
    listen: str | None = Field(default=None, pattern=_ADDRESS)
    probe: str | None = Field(default=None, pattern=_ADDRESS)
    probe_token_env: str = Field(default=PROBE_TOKEN, pattern=r"^[A-Za-z_]\w*$")
    ready: str | None = Field(default=None, pattern=r"^https?://[^/\s]+(/\S*)?$")
    ca: str | None = Field(default=None, min_length=1)
    tls: Tls | None = None
    auth: Auth | None = None
    profile: str | None = None
    policies: dict[str, str] = Field(default={})
    env: dict[str, str] = Field(default={})
    container: Container | None = None
    port: int | None = Field(default=None, ge=1, le=65_535)
    dialect: str | None = None


def _relay(value: object) -> object:
    """`relay: builtin` is short for a relay without words of its own."""
    return {} if value == "builtin" else value


class Topology(Words):
    users: list[User] = Field(min_length=1)
    relay: Annotated[NodeWords, BeforeValidator(_relay), OrShort({"enum": ["builtin"]})] = NodeWords()
    timing: TimingWords = Timing(scale=1.0)
    dialect: str = PLAIN
    nodes: dict[str, NodeWords] = Field(default={})
    services: dict[Name, Service] = Field(default={})
    compose: Compose | None = None

    def names(self) -> list[str]:
        """All node names: the relay first, then user by user, desktops before mobiles."""
        return [RELAY, *(client.id for user in self.users for client in _clients(user))]

    def own(self, name: str) -> NodeWords:
        """What the node of that name has of its own. The relay's may stand under `relay` as well."""
        return self.nodes.get(name, self.relay if name == RELAY else NodeWords())

    def owns(self) -> Iterator[tuple[Path, str, NodeWords]]:
        """Everything of the kind: where it stands, of which node."""
        yield ("relay",), RELAY, self.relay
        for name, own in self.nodes.items():
            yield ("nodes", name), name, own

    def beside(self, folder: pathlib.Path) -> Topology:
        """The same with every path resolved from `folder`, where the topology's file lies."""
        placed = {name: _placed(own, folder) for name, own in self.nodes.items()}
        services = {name: bound(words, folder) for name, words in self.services.items()}
        return self.model_copy(update={"relay": _placed(self.relay, folder), "nodes": placed, "services": services})


def _placed(own: NodeWords, folder: pathlib.Path) -> NodeWords:
    """A command without a `path` is started beside the topology."""
    path = own.path if own.path is not None or own.kind != "command" else "."
    found: dict[str, Any] = {} if path is None else {"path": str((folder / path).resolve())}
    if own.auth is not None:
        found["auth"] = Auth(command=[_beside(word, folder) for word in own.auth.command])
    if own.container is not None:
        found["container"] = bound(own.container, folder)
    if own.ca is not None:
        found["ca"] = str((folder / own.ca).resolve())
    return own.model_copy(update=found)


def _beside(word: str, folder: pathlib.Path) -> str:
    """A file that lies beside the topology is found from everywhere."""
    there = folder / word
    return str(there.absolute()) if there.is_file() else word  # not where a link leads: a venv's python is one


def _clients(user: User) -> list[Client]:
    return [*user.desktops, *user.mobiles]


def problems(topology: Topology) -> Iterator[tuple[Path, str, Sequence[str]]]:
    """What makes no sense in a topology: where, why, and which names there are."""
    seen = {RELAY}
    for u, user in enumerate(topology.users):
        places = [("desktops", d) for d in range(len(user.desktops))] + [
            ("mobiles", m) for m in range(len(user.mobiles))
        ]
        for (kind, c), client in zip(places, _clients(user), strict=True):
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


def system_of(
    topology: Topology,
    *,
    timing: Timing | None = None,
    profile: str | None = None,
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
    policies: Mapping[str, str] | None = None,
) -> System:
    """The system that a sound topology describes. A `profile` given here beats those of single nodes, and policies of
    single nodes beat `policies`, which are for all."""
    for_all, auth = policies or {}, topology.own(RELAY).auth
    nodes = [_with_own(Node(name=RELAY, role="relay"), topology, profile, for_all)]
    for user in topology.users:
        user_id = str(uuid.uuid5(_SPACE, f"user/{user.id}"))
        clients = [*(_desktop(d) for d in user.desktops), *(_mobile(m, user) for m in user.mobiles)]
        for node in clients:
            node.user, node.user_id = user.id, user_id
            node.device_id = node.device_id or str(uuid.uuid5(_SPACE, f"device/{user.id}/{node.name}"))
            node.auth = list(auth.command) if auth is not None else []
            nodes.append(_with_own(node, topology, profile, for_all))
    return System(
        nodes=nodes,
        links=[(node.name, RELAY) for node in nodes[1:]],
        dialect=topology.dialect,
        timing_scale=(timing or topology.timing).scale,
        profile=profile or "hardened",
        with_=list(with_),
        without=list(without),
        services={name: container_of(words) for name, words in topology.services.items()},
    )


def _desktop(words: Desktop) -> Node:
    projects = {directory: list(sessions) for directory, sessions in words.projects.items()}
    return Node(name=words.id, role="desktop", device_id=words.device_id, projects=projects)


def _mobile(words: Mobile, user: User) -> Node:
    desktop = next((d for d in user.desktops if d.id == words.desktop), user.desktops[0])
    first = next((s for sessions in desktop.projects.values() for s in sessions), None)
    scope: Mapping[str, Any] = words.scope.model_dump(exclude_none=True) if words.scope else {}
    fallback = {"session": first} if first is not None else {"project": next(iter(desktop.projects))}
    return Node(
        name=words.id, role="mobile", device_id=words.device_id, desktop=desktop.id, scope=dict(scope or fallback)
    )


def _tls_of(node: Node, own: NodeWords, relay: NodeWords) -> str | None:
    if node.role == "relay":
        return "passthrough" if own.tls == "passthrough" else None
    said = own.tls or relay.tls
    return None if said == "none" else said


def _with_own(node: Node, topology: Topology, profile: str | None, for_all: Mapping[str, str]) -> Node:
    own = topology.own(node.name)
    node.kind, node.module, node.path = own.kind, own.module, own.path
    node.image, node.command, node.url = own.image, list(own.command or ()), own.url
    node.ready, node.port, node.ca, node.dialect = own.ready, own.port, own.ca, own.dialect
    node.listen, node.probe = own.listen, own.probe
    node.probe_token_env = own.probe_token_env if own.probe is not None else None
    node.tls = _tls_of(node, own, topology.own(RELAY))
    node.container = container_of(own.container) if own.container is not None else None
    node.hooks = {name: list(argv) for name, argv in own.hooks.items()}
    node.profile = own.profile if profile is None else None
    node.policies = {**(for_all if own.kind == "builtin" else {}), **own.policies}
    node.env = dict(own.env)
    return node
