"""A schedule is a plan plus a seed, expanded to exact targets and times. Expansion is pure; replay works on this."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from harness.seeds import root_of


class Container(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How a container is started, as `harness.plan.systems.topology.Service` says it; a node's image stands there."""

    image: str = ""
    entrypoint: list[str] | None = None
    command: list[str] | None = None
    working_dir: str | None = None
    user: str | None = None
    env: dict[str, str] = msgspec.field(default_factory=dict)
    binds: list[str] = msgspec.field(default_factory=list)
    healthcheck: dict[str, Any] | None = None  # in the engine's words, times in ns
    completes: bool = False  # it has to end with code 0 before anything else is started


class Node(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One component of the system under test. `device_id` and `user_id` are the UUIDs on the wire."""

    name: str
    role: str  # "desktop" | "relay" | "mobile"
    user: str | None = None  # the topology's name for the user
    user_id: str | None = None
    device_id: str | None = None
    desktop: str | None = None  # a mobile's active desktop (node name)
    projects: dict[str, list[str]] = msgspec.field(default_factory=dict)  # a desktop's: directory → sessions
    scope: dict[str, str] = msgspec.field(default_factory=dict)  # a mobile's first: {"session": s} | {"project": dir}
    kind: str = "builtin"  # who wrote its program and how it is started: see `harness.plan.systems.topology.NodeWords`
    module: str | None = None  # of kind module: what is imported
    path: str | None = None  # and the folder it is looked for first; of kind command: where it is started
    image: str | None = None
    command: list[str] = msgspec.field(default_factory=list)
    url: str | None = None  # of kind external: where it listens; of a client of this kind, HOST:PORT:
    listen: str | None = None  # where the harness takes its link
    probe: str | None = None  # where the harness takes its probe
    probe_token_env: str | None = None  # and the variable of the harness that has the token for it
    ca: str | None = None  # and the PEM file of those who sign its certificate; None: the system's
    tls: str | None = None  # "terminate": a client speaks TLS with the harness; "passthrough": with the relay
    ready: str | None = None  # an HTTP URL that answers 200 once a relay can be used
    auth: list[str] = msgspec.field(default_factory=list)  # of a client: the command that prints its token
    hooks: dict[str, list[str]] = msgspec.field(default_factory=dict)  # what is done to it → argv
    profile: str | None = None  # this node's own, else the system's
    policies: dict[str, str] = msgspec.field(default_factory=dict)  # slot → choice
    env: dict[str, str] = msgspec.field(default_factory=dict)
    container: Container | None = None  # of kind image
    port: int | None = None  # where a relay of somebody else listens; None: where it is told
    dialect: str | None = None  # of one that speaks another than its links


class System(msgspec.Struct, kw_only=True):
    """What is started: nodes in a fixed order (relay first), links as (client, server) pairs, timing."""

    nodes: list[Node]
    links: list[tuple[str, str]]
    dialect: str = "jobsync"  # how its components spell the protocol: see `harness.wire.dialects`
    timing_scale: float = 1.0  # every timer of the components is divided by it
    profile: str = "hardened"
    with_: list[str] = msgspec.field(default_factory=list, name="with")
    without: list[str] = msgspec.field(default_factory=list)
    services: dict[str, Container] = msgspec.field(default_factory=dict)  # only started, before all nodes

    def node(self, name: str) -> Node:
        return next(n for n in self.nodes if n.name == name)

    @property
    def directions(self) -> list[str]:
        """All directions of all links: `client->server`, `server->client`, link by link."""
        return [d for a, b in self.links for d in (f"{a}->{b}", f"{b}->{a}")]


class Step(msgspec.Struct, kw_only=True):
    """One client call: `process` starts `f` on `node` at `at_ns` (or when its previous call returned)."""

    at_ns: int
    process: str
    node: str
    f: str
    value: dict[str, Any]


LINK_STATES: Final = {  # an event that a fault may wait for → the state that a client journals of its link
    "connected": "open",
    "registered": "registered",
    "dropped": "closed",
    "suspended": "suspended",
}


class Awaited(msgspec.Struct, kw_only=True, frozen=True):
    """The event that a fault begins after: the `nth` of its kind at `node` since the workload began, `later_ns` on."""

    after: str
    node: str
    nth: int = 1
    later_ns: int = 0


class FaultAt(msgspec.Struct, kw_only=True):
    """An `faults.Occurrence` as data. Times are offsets from the start of the workload; one that waits for a `moment`
    has 0."""

    fault: str
    action: str
    index: int
    at_ns: int
    for_ns: int
    directions: list[str] = msgspec.field(default_factory=list)
    nodes: list[str] = msgspec.field(default_factory=list)
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    fixed: bool = True
    moment: Awaited | None = None


def profile_name(profile: str, with_: Iterable[str], without: Iterable[str]) -> str:
    """The profile and its swaps in one word, as `expect` spells it: `documented+NAME`, `hardened-NAME`."""
    return profile + "".join(f"+{name}" for name in with_) + "".join(f"-{name}" for name in without)


class CheckSpec(msgspec.Struct, kw_only=True):
    check: str
    params: dict[str, Any] = msgspec.field(default_factory=dict)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody chose of the system that a plan is played on, and for how long; None leaves it to the plan."""

    profile: str | None = None
    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    duration_ns: int | None = None
    topology: str | None = None

    def chosen(self) -> dict[str, Any]:
        """As keywords of another one."""
        return {name: getattr(self, name) for name in Choice.__struct_fields__}


class Schedule(msgspec.Struct, kw_only=True):
    """Everything a run needs, and all that `run.json`, replay and shrinking need to know of the plan.

    `expect` is keyed by `profile_name`, the swaps in the order of their names.
    """

    plan: str
    title: str
    seed: int
    duration_ns: int
    quiesce_ns: int
    converge_ns: int
    system: System
    steps: list[Step]
    faults: list[FaultAt]
    checks: list[CheckSpec]
    expect: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    draws: str = ""  # what the plan's random draws are named after; empty: the seed alone

    @property
    def root(self) -> int:
        """The root of the run's random streams."""
        return root_of(self.draws, self.seed)


def encode_schedule(schedule: Schedule) -> bytes:
    """`schedule.jsonl`: a head line, then one step or fault a line."""
    head = msgspec.structs.replace(schedule, steps=[], faults=[])
    lines = [
        {"schedule": head},
        *({"fault": f} for f in schedule.faults),
        *({"step": s} for s in schedule.steps),
    ]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


class _Line(msgspec.Struct):
    schedule: Schedule | None = None
    fault: FaultAt | None = None
    step: Step | None = None


def decode_schedule(data: bytes) -> Schedule:
    """Inverse of `encode_schedule`. Raises `ValueError` (with the line number) on anything else."""
    schedule: Schedule | None = None
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            item = msgspec.json.decode(line, type=_Line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise ValueError(f"line {number}: not a line of a schedule: {exc}") from exc
        if item.schedule is not None:
            schedule = item.schedule
        elif schedule is None:
            raise ValueError(f"line {number}: expected the schedule's head line first")
        elif item.fault is not None:
            schedule.faults.append(item.fault)
        elif item.step is not None:
            schedule.steps.append(item.step)
    if schedule is None:
        raise ValueError("line 1: the file is empty; expected a schedule, as a run directory holds it")
    return schedule
