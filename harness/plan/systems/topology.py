"""Topologies: which users, desktops and mobiles there are, and the system that comes of them.

Ids on the wire are UUIDs derived from the names (uuid5), so that the same topology always has the same ones.
"""

from __future__ import annotations

import pathlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from faults import OrShort, Words
from harness.plan.systems.containers import Compose, Container, Service, bound, container_of
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
    """By how much every timer of the components is divided: 1 is as in production (`real`), 20 is `fast`."""


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
    """The name of the node, by which plans, faults and reports call it: `desktop-1`."""
    device_id: str | None = Field(None, min_length=1, max_length=100)
    """The id of its device on the wire. Left out, it is a UUID made of the names, always the same."""


class Desktop(Client):
    projects: dict[str, list[str]] = Field(default={"app": ["session-1"]}, min_length=1)
    """Its project directories, each with its sessions: `{app: [session-1]}`, which is the default."""


class Scope(Words):
    """What a mobile shows: one session, or a whole project."""

    session: str | None = None
    """The session whose jobs are shown. Left out, it is a whole project."""
    project: str | None = None
    """The project directory whose jobs are shown, if no session is named."""


class Mobile(Client):
    desktop: str | None = None
    """The desktop whose jobs it shows, by name. Left out, it is the user's first one."""
    scope: Scope | None = None
    """What it shows first. Left out, it is the first session of its desktop."""


class User(Words):
    id: Name
    """The name of the user; what belongs to one user is never shown to another."""
    desktops: list[Desktop] = Field(min_length=1)
    """The user's desktops, at least one."""
    mobiles: list[Mobile] = Field(default=[])
    """The user's mobiles. Left out, there are none."""


Kind = Literal["builtin", "module", "image", "command", "external"]
Tls = Literal["none", "terminate", "passthrough"]
_ADDRESS = r"^[^\s:/]+:[0-9]{1,5}$"


class Auth(Words):
    """Prints the bearer token of a device, and nothing else."""

    command: list[str] = Field(min_length=1)
    """The program and its arguments: what it prints is the token."""


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
    refused, and all are judged without the wire. A client may say otherwise of its own link: with `terminate` or `none`
    the harness speaks TLS with such a relay itself.
    """

    kind: Kind = "builtin"
    """Whose program it is: `builtin` (the default), `module`, `image`, `command` or `external`."""
    module: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
    """Of kind module: the dotted name of what is imported."""
    path: str | None = Field(default=None, min_length=1)
    """Where a module is looked for first, or a command is started. Left out, it is beside the topology's file."""
    image: str | None = Field(default=None, min_length=1)
    """Of kind image: the image that its container is made of."""
    command: list[str] | None = Field(default=None, min_length=1)
    """Of kind command: the program and its arguments."""
    url: str | None = Field(default=None, min_length=1)
    """Of kind external: where the relay listens, `ws://` or `wss://`."""
    hooks: dict[Literal["start", "stop", "kill", "pause", "wipe"], list[str]] = Field(default={})
    """Commands that start, stop, kill, pause or wipe it. Left out, a fault that needs one is refused."""
    listen: str | None = Field(default=None, pattern=_ADDRESS)
    """Of an external client: HOST:PORT where the harness, as its relay, takes its link."""
    probe: str | None = Field(default=None, pattern=_ADDRESS)
    """Of an external client: HOST:PORT where the harness takes its probe."""
    probe_token_env: str = Field(default=PROBE_TOKEN, pattern=r"^[A-Za-z_]\w*$")
    """The variable of the harness that holds the token for the probe. The default is `HARNESS_PROBE_TOKEN`."""
    ready: str | None = Field(default=None, pattern=r"^https?://[^/\s]+(/\S*)?$")
    """A URL that answers 200 once clients may register. Left out, nobody waits for it."""
    ca: str | None = Field(default=None, min_length=1)
    """A PEM file of those who sign the certificate of an external relay. Left out, the system's are trusted."""
    tls: Tls | None = None
    """Who speaks TLS: `terminate` a client with the harness, `passthrough` a client with the relay, `none`. Left out,
    it is the relay's word, else nobody."""
    auth: Auth | None = None
    """Of a relay: how the tokens of its clients are made. Left out, they are those of the reference."""
    profile: str | None = None
    """Its own profile. Left out, it has the one of the run."""
    policies: dict[str, str] = Field(default={})
    """Single policies of its own, `{POLICY: CHOICE}`. Left out, its profile decides."""
    env: dict[str, str] = Field(default={})
    """Variables of its environment besides those of the harness. Left out, there are none."""
    container: Container | None = None
    """Of kind image: how the container is started. Left out, the image says it by itself."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    """Where a relay of your own listens. Left out, it listens where the harness tells it."""
    dialect: str | None = None
    """How it spells the protocol, one of `harness list dialects`. Left out, as its links do."""


def _relay(value: object) -> object:
    """`relay: builtin` is short for a relay without words of its own."""
    return {} if value == "builtin" else value


class Topology(Words):
    users: list[User] = Field(min_length=1)
    """Who there is: each user with desktops and mobiles."""
    relay: Annotated[NodeWords, BeforeValidator(_relay), OrShort({"enum": ["builtin"]})] = NodeWords()
    """What the relay has of its own. Left out, or `builtin`, it is the reference's."""
    timing: TimingWords = Timing(scale=1.0)
    """How fast the timers of all components run: `real`, the default, `fast` (20 times as fast) or `{scale: 20}`."""
    dialect: str = PLAIN
    """How all components spell the protocol. The default is `jobsync`, the reference's."""
    nodes: dict[str, NodeWords] = Field(default={})
    """What single nodes have of their own, by name. Left out, every node is a component of the reference."""
    services: dict[Name, Service] = Field(default={})
    """Containers that are no nodes, by name; they are started before all nodes. Left out, there are none."""
    compose: Compose | None = None
    """A compose file whose services take the places of nodes. Left out, there is none."""

    def names(self) -> list[str]:
        """All node names: the relay first, then user by user, desktops before mobiles."""
        return [RELAY, *(client.id for user in self.users for client in clients_of(user))]

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


def clients_of(user: User) -> list[Client]:
    """Desktops before mobiles."""
    return [*user.desktops, *user.mobiles]


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
