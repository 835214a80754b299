"""Topologies: which users, desktops and mobiles there are, and the system that comes of them.

Ids on the wire are UUIDs derived from the names (uuid5), so that the same topology always has the same ones.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from faults import OrShort, Words
from harness.schedule import Node, System

RELAY = "relay"
FAST_SCALE = 20.0
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


class NodeWords(Words):
    """What one node has of its own: its profile, single policies, environment."""

    profile: str | None = None
    policies: dict[str, str] = Field(default={})
    env: dict[str, str] = Field(default={})


class Topology(Words):
    users: list[User] = Field(min_length=1)
    relay: Literal["builtin"] = "builtin"
    timing: TimingWords = Timing(scale=1.0)
    nodes: dict[str, NodeWords] = Field(default={})

    def names(self) -> list[str]:
        """All node names: the relay first, then user by user, desktops before mobiles."""
        return [RELAY, *(client.id for user in self.users for client in _clients(user))]


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
    names = topology.names()
    for name in topology.nodes:
        if name not in names:
            yield ("nodes", name), f"no node {name!r} in this topology", names


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
) -> System:
    """The system that a sound topology describes. A `profile` given here beats those of single nodes."""
    nodes = [_with_own(Node(name=RELAY, role="relay"), topology, profile)]
    for user in topology.users:
        user_id = str(uuid.uuid5(_SPACE, f"user/{user.id}"))
        clients = [*(_desktop(d) for d in user.desktops), *(_mobile(m, user) for m in user.mobiles)]
        for node in clients:
            node.user, node.user_id = user.id, user_id
            node.device_id = node.device_id or str(uuid.uuid5(_SPACE, f"device/{user.id}/{node.name}"))
            nodes.append(_with_own(node, topology, profile))
    return System(
        nodes=nodes,
        links=[(node.name, RELAY) for node in nodes[1:]],
        timing_scale=(timing or topology.timing).scale,
        profile=profile or "hardened",
        with_=list(with_),
        without=list(without),
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


def _with_own(node: Node, topology: Topology, profile: str | None) -> Node:
    own = topology.nodes.get(node.name, NodeWords())
    node.profile = own.profile if profile is None else None
    node.policies, node.env = dict(own.policies), dict(own.env)
    return node
