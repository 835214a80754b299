"""One file per fault: a scope over a running system.

A file `faults/NAME.py` defines `FAULT`, an object with the attributes of `Fault`. It imports only `faults`. A fault
is a scope: entering `inject` begins it, leaving it heals it, however it is left (return, exception,
cancellation). What it did is counted in its `Effect`, and a fault that met no candidate was not survived.

A fault acts through the verbs of `Ground`, which every runtime implements; it declares the verbs it needs, and a plan
that asks a runtime for one it lacks is refused before anything starts.

*Directions* are named by the way the bytes go: `mobile-1->relay` and `relay->mobile-1` are the two directions of the
link that `mobile-1` dials.

Rooms: here the contract · `_words` (what plans say) · `_aims` (what is aimed at) · `_effect` (what was met) ·
`_scopes`, `_machines`, `_messages` (what several faults share).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from faults._aims import TargetError, Targets, match_directions, match_nodes
from faults._effect import Effect
from faults._machines import MachineGround, Signal
from faults._words import (
    DURATION_PATTERN,
    LONGEST_NS,
    DurationNs,
    Every,
    Match,
    Mode,
    Moment,
    OnLinks,
    OnNodes,
    OrShort,
    Probability,
    Timed,
    Words,
    format_duration,
    parse_duration_ns,
    parse_probability,
)

__all__ = [
    "DURATION_PATTERN",
    "LONGEST_NS",
    "TOXIC_TYPES",
    "TOXIC_VERBS",
    "Cut",
    "Does",
    "DurationNs",
    "Effect",
    "Every",
    "Fault",
    "Ground",
    "Lasts",
    "MachineGround",
    "Match",
    "MayBeIdle",
    "MessageRule",
    "Mode",
    "Moment",
    "NeedsByWords",
    "Occurrence",
    "OnLinks",
    "OnNodes",
    "OrShort",
    "Probability",
    "Release",
    "Signal",
    "TargetError",
    "Targets",
    "Timed",
    "Toxic",
    "Words",
    "format_duration",
    "match_directions",
    "match_nodes",
    "needs_of",
    "parse_duration_ns",
    "parse_probability",
]

# ---- what a fault may do ------------------------------------------------------------------------------------------

Cut = Literal["close", "reset", "half-open", "dead", "timeout"]


Does = Literal["lose", "hold", "reorder", "duplicate"]
Release = Literal["in-order", "reversed", "shuffled"]


@dataclass(frozen=True)
class MessageRule:
    """A rule of the message layer: what it does to matching messages; the fields below the match depend on `does`."""

    does: Does
    type: str = "*"
    job: str = "*"
    chance: float = 1.0
    window: int = 0  # reorder: messages to wait for; 0: `window_ns` counts
    window_ns: int = 0
    release: Release = "in-order"  # hold: the order at heal
    copies: int = 1  # duplicate
    delay_ns: int = 0  # duplicate: from one copy to the next


TOXIC_TYPES = ("latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data")
TOXIC_VERBS = frozenset({*(f"toxic.{type_}" for type_ in TOXIC_TYPES), "toxicity"})


@dataclass(frozen=True)
class Toxic:
    """One of Toxiproxy's toxics on one direction: its attributes with its names and units; what is left out is 0.

    `toxicity` is drawn for each connection and direction.
    """

    type: str
    attributes: Mapping[str, int]
    toxicity: float = 1.0


class Ground(MachineGround, Protocol):
    """What every runtime lets a fault do. Each verb is a scope; overlapping scopes compose and heal independently.

    A link is named by its client's direction, `mobile-1->relay`. `hold` keeps the bytes of one direction and releases
    them in order on leaving, as TCP does after a partition; `refuse` cuts the link's live connections and refuses new
    ones; `delay` adds latency; `toxic` puts one of Toxiproxy's toxics on a direction; `messages` installs a rule of the
    message layer; `cut` ends a client's live connections now and refuses new ones until it is left.
    """

    def hold(self, direction: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def refuse(self, link: str, reset: bool, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def delay(
        self, direction: str, latency_ms: float, jitter_ms: float, effect: Effect
    ) -> AbstractAsyncContextManager[None]: ...

    def toxic(self, direction: str, toxic: Toxic, stream: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...

    def messages(
        self, direction: str, rule: MessageRule, stream: str, effect: Effect
    ) -> AbstractAsyncContextManager[None]: ...

    def cut(self, client: str, how: Cut, stream: str, effect: Effect) -> AbstractAsyncContextManager[None]: ...


@dataclass(frozen=True)
class Occurrence:
    """One begin … heal of a fault, resolved: exact times, exact targets.

    `params` are `Timed.words()` of the plan's fault, and `Params.model_validate(params)` reads them; `stream` names the
    random stream of this occurrence (`fault:<name>:<index>`).
    """

    fault: str
    action: str
    index: int
    at_ns: int
    for_ns: int
    directions: tuple[str, ...]
    nodes: tuple[str, ...]
    params: Mapping[str, Any]
    fixed: bool  # at a fixed time: if it meets nothing, the run is UNKNOWN
    stream: str


class Fault(Protocol):
    ACTION: ClassVar[str]  # as plans write it; the file's name
    LAYER: ClassVar[Literal["byte", "message", "process"]]
    VERBS: ClassVar[frozenset[str]]  # names of `Ground` methods it uses; of `toxic` those in TOXIC_VERBS
    EXAMPLE: ClassVar[str]  # one YAML flow mapping, valid in the topology `one-user`
    Params: ClassVar[type[Timed]]  # what a plan may say; its docstring is what `harness explain` prints

    def targets(self, params: Any, links: Sequence[str], nodes: Sequence[str]) -> Targets:
        """Resolve what the plan names.

        `links` are all directions of the topology, link by link (`client->server`, then back); `nodes` all node names.

        Raises `TargetError` for a name that matches nothing (the message says which and what there is).
        """
        ...

    def inject(self, ground: Ground, occurrence: Occurrence) -> AbstractAsyncContextManager[Effect]: ...


@runtime_checkable
class Lasts(Protocol):
    """A fault that says itself how long an occurrence lasts, by its word `LENGTH` instead of `for`."""

    LENGTH: ClassVar[str]

    def lasts_ns(self, params: Any) -> int: ...


@runtime_checkable
class MayBeIdle(Protocol):
    """A fault whose parameters may mean that it does nothing at all; such a one is not counted as a fault."""

    def is_idle(self, params: Any) -> bool: ...


@runtime_checkable
class NeedsByWords(Protocol):
    """A fault that needs not all of its `VERBS`, but those that its words ask for."""

    def needs(self, params: Any) -> frozenset[str]: ...


def needs_of(fault: Fault, params: Any) -> frozenset[str]:
    """The verbs that a fault needs when a plan says `params`."""
    return fault.needs(params) if isinstance(fault, NeedsByWords) else fault.VERBS
