"""One file (or package) per runtime: where the components live, and what faults it can do to them.

A module `harness/runtimes/NAME.py` (or package) defines `RUNTIME`, an object with the attributes of `Runtime`. A
runtime brings its own event loop: `execute` starts the system, awaits `play(stage)` on that loop, and tears everything
down however `play` ends. All time is `stage.now_ns()` and the loop's timers; all randomness is `harness.seeds`.

Beside them `capabilities` (what can be done where) · `node_env` (what every program finds in its environment) ·
`probe_client` (the way to a probe). Three folders are runtimes, `sim`, `process` and `docker`; two are what those
with real sockets share, `sockets` and `toxiproxy`.

May use: `harness`, `faults`, `targets`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

import msgspec

from faults import Ground
from harness.history import OpType, Tap
from harness.schedule import System

T = TypeVar("T")


ProbeNs = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]  # the difference of two is a time of a history


@dataclass(frozen=True)
class Hello:
    """What a node says of itself when its probe opens."""

    name: str
    role: str
    level: int  # evidence level 0, 1 or 2
    boot_id: str
    clock_ns: ProbeNs


@dataclass(frozen=True)
class Outcome:
    """How a probe's call ended: `ok` it happened, `fail` it did not, `info` nobody knows."""

    type: OpType
    value: Any = None
    error: Any = None


class Probe(Protocol):
    """The harness's end of one node's probe. No method raises for a node that is down: `op` says `fail` or `info`.

    `incarnation` counts how often the node's program was started anew.
    """

    hello: Hello
    incarnation: int

    async def op(self, f: str, value: Mapping[str, Any], timeout_s: float) -> Outcome: ...

    async def state(self) -> dict[str, Any]:
        """The canonical snapshot. Raises `ProbeLost` when the node does not answer."""
        ...


class ProbeLost(Exception):
    """A node's probe is gone; the message names the node and what was asked."""


class Stage(Ground, Protocol):
    """A started system, seen by the conductor. `ailments` are reasons that make the run UNKNOWN (a wedged proxy, …)."""

    probes: Mapping[str, Probe]
    ailments: list[str]

    def now_ns(self) -> int: ...


@dataclass(frozen=True)
class RunSpec:
    """What a runtime is asked to start.

    `journal(node, line, fields, time_ns)` receives every journal line of every node, `line` being its name;
    `tap(tap)` every message seen on a link; `note(line)` is a line of progress for people. `directory` is where logs
    of nodes may be written; None: nowhere.
    """

    run_id: str
    system: System
    seed: int
    journal: Callable[[str, str, dict[str, Any], int], None]
    tap: Callable[[Tap], None]
    verbs: frozenset[str] = frozenset()  # those that the schedule's faults will ask for
    directory: Path | None = None
    note: Callable[[str], None] = lambda line: None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Ended:
    """What a runtime knows when all is over. `phases` are wall-clock seconds by name."""

    trace_hash: str | None = None
    phases: dict[str, float] = field(default_factory=dict)
    ailments: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


class Runtime(Protocol):
    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]  # one line for `harness list runtimes`
    VERBS: ClassVar[frozenset[str]]  # the `Ground` verbs it has
    WHY_NOT: ClassVar[Mapping[str, str]]  # those it has not, each with the reason

    def missing(self) -> Sequence[str]:
        """What must be installed before this runtime can start, each with its remedy; empty: ready."""
        ...

    def execute(self, spec: RunSpec, play: Callable[[Stage], Awaitable[T]]) -> tuple[T, Ended]:
        """Start, play, tear down.

        Raises `RuntimeUnavailable` when the system cannot be started, `Stalled` when it cannot go on.
        """
        ...


@runtime_checkable
class StartsKinds(Protocol):
    """A runtime that starts other programs than the built-in components: `KINDS` are kinds of nodes in a topology."""

    KINDS: ClassVar[frozenset[str]]


@runtime_checkable
class Inspects(Protocol):
    """A runtime that can tell beforehand what it could not run."""

    def inspect(self, system: System) -> list[str]: ...


@dataclass(frozen=True)
class Check:
    """What `harness doctor` says of one thing.

    `ok` None: not there, and not needed for everything. `remedy` says what to do when it is not fine. `is_leftover`:
    what is not fine was left behind by a killed run.
    """

    name: str
    ok: bool | None
    detail: str
    remedy: str = ""
    is_leftover: bool = False


@runtime_checkable
class Diagnoses(Protocol):
    """A runtime that can say how the things it needs are."""

    def diagnose(self) -> list[Check]: ...


@runtime_checkable
class Sweeps(Protocol):
    """A runtime whose runs leave something behind when the harness is killed."""

    def sweep(self, note: Callable[[str], None]) -> list[str]:
        """Remove what dead runs left; says what became of each."""
        ...


@runtime_checkable
class BuildsImages(Protocol):
    """A runtime with images, for `harness images build`."""

    def build_images(self, note: Callable[[str], None]) -> list[str]:
        """Build what is missing or out of date; returns the tags. Raises `RuntimeUnavailable`."""
        ...

    def images(self) -> list[str]: ...


@runtime_checkable
class SpeaksTls(Protocol):
    """A runtime whose clients may dial wss://."""

    def tls_trouble(self) -> str | None:
        """Why it cannot be had here."""
        ...


def kinds(runtime: Runtime) -> frozenset[str]:
    """Kinds of nodes that a runtime starts."""
    return runtime.KINDS if isinstance(runtime, StartsKinds) else frozenset({"builtin"})


def cannot_start(runtime: Runtime, system: System) -> list[str]:
    """Why this runtime cannot start this system, node by node; empty: it can."""
    able = kinds(runtime)
    found = [
        f"{node.name} is of kind {node.kind}, which the runtime {runtime.NAME} does not start "
        f"(it starts: {', '.join(sorted(able))})"
        for node in system.nodes
        if node.kind not in able
    ]
    if system.services and "image" not in able:
        found.append(f"{', '.join(system.services)}: containers, which the runtime {runtime.NAME} does not start")
    if clients := [node.name for node in system.nodes if node.tls]:
        trouble = runtime.tls_trouble() if isinstance(runtime, SpeaksTls) else f"the runtime {runtime.NAME} has none"
        found += [f"{', '.join(clients)}: TLS, and {trouble}"] if trouble is not None else []
    return found or (runtime.inspect(system) if isinstance(runtime, Inspects) else [])


class Stalled(Exception):
    """A run that began and cannot go on; it is judged by what was recorded, and its verdict is UNKNOWN at best.

    `code`: `deadlock` (nothing is scheduled while somebody waits), `livelock` (it never ends), `loss of the links`
    (what carries them has died, which is no fault of the system under test), or `death` (a node ended that no fault was
    to end; its journal has a line `exited`). `stacks` says, by node, what each of its
    tasks awaits. `ended` is what the runtime knew by then.
    """

    def __init__(self, code: Literal["deadlock", "livelock", "loss of the links", "death"], message: str) -> None:
        super().__init__(message)
        self.code: str = code
        self.message = message
        self.stacks: Mapping[str, list[str]] = {}
        self.ended = Ended()


class RuntimeUnavailable(Exception):
    """The runtime cannot start; the message says what is missing and how to get it (exit code 255)."""


class CannotPlay(RuntimeUnavailable):
    """The runtime is there, and cannot play this plan or start this system; the message says why (exit code 253)."""
