"""One file per fault: a scope over a running system.

A file `faults/NAME.py` defines `FAULT`, an object with the attributes of `Fault`. It imports only `faults`. A fault
is a scope: entering `inject` begins it, leaving it heals it, however it is left (return, exception,
cancellation). What it did is counted in its `Effect`, and a fault that met no candidate was not survived.

A fault acts through the verbs of `Ground`, which every runtime implements; it declares the verbs it needs, and a plan
that asks a runtime for one it lacks is refused before anything starts.

*Directions* are named by the way the bytes go: `mobile-1->relay` and `relay->mobile-1` are the two directions of the
link that `mobile-1` dials.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from faults._machines import MachineGround
from faults._machines import Signal as Signal

# ---- words of the plan format that faults share -------------------------------------------------------------------

_UNIT_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(ns|us|ms|s|m|h)", re.ASCII)
DURATION_PATTERN = r"^([0-9]{1,15}(\.[0-9]{1,9})?(ns|us|ms|s|m|h))+$"
LONGEST_NS = 24 * 3600 * 10**9  # nobody waits longer for a run


def parse_duration_ns(text: object) -> int:
    """Go-style duration → nanoseconds. Raises `ValueError` for anything else, a bare number above all."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        raise ValueError(f"a duration needs a unit; did you mean {text}s or {text}ms?")
    if not isinstance(text, str) or not re.fullmatch(f"(?:{_PART.pattern})+", text, re.ASCII):
        raise ValueError("expected a duration such as 250ms, 10s or 1m30s")
    total_ns = sum(round(float(number) * _UNIT_NS[unit]) for number, unit in _PART.findall(text))
    if total_ns > LONGEST_NS:
        raise ValueError("expected a duration of at most 24h")
    return total_ns


def format_duration(ns: int) -> str:
    """Inverse of `parse_duration_ns`, in the largest units that keep it exact: `1m30s`, `1500ms`, `0s`."""
    if ns % 10**9 == 0:
        minutes, seconds = divmod(ns // 10**9, 60)
        hours, minutes = divmod(minutes, 60)
        parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if n]
        return "".join(parts) or "0s"
    unit = next(u for u in ("ms", "us", "ns") if ns % _UNIT_NS[u] == 0)
    return f"{ns // _UNIT_NS[unit]}{unit}"


def parse_probability(value: object) -> float:
    """`0.3` or `30%` → 0.3. Raises `ValueError` for anything that is not between 0 and 1."""
    if isinstance(value, str):
        match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)%", value)
        if not match:
            raise ValueError("expected a probability such as 0.3 or 30%")
        value = float(match[1]) / 100
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError("expected a probability between 0 and 1, or between 0% and 100%")
    return float(value)


_DURATION_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": DURATION_PATTERN,
    "examples": ["250ms", "10s", "1m30s"],
}
DurationNs = Annotated[
    int,
    BeforeValidator(parse_duration_ns),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
_VALUE_SCHEMA: dict[str, Any] = {
    "oneOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,9})?%$"},
    ]
}
Probability = Annotated[
    float,
    BeforeValidator(parse_probability),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,9})?%$"},
            ]
        }
    ),
]


class Words(BaseModel):
    """Base of everything a plan says: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True, allow_inf_nan=False)


class Match(Words):
    """Which messages a message-layer fault is about: globs on the message's type (`job:*`) and on the id of its job.

    A message without a job, or one that cannot be read, matches no pattern but `*`.
    """

    type: str = "*"
    job: str = "*"


class Every(Words):
    """A repetition with a mean; `uniform` draws between half and one and a half of it."""

    mean: DurationNs = Field(gt=0)
    dist: Literal["constant", "uniform", "exponential"] = "exponential"


class OrShort:
    """Marks a model that may also be written as something shorter, of which `schema` is the JSON Schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [self._schema, handler(core)]}


def _every(value: object) -> object:
    """`every: 10s` is short for a constant repetition."""
    return {"mean": value, "dist": "constant"} if isinstance(value, (str, int, float)) else value


Mode = Literal["one", "all", "fixed", "percent"]


class Timed(Words):
    """The keys every fault has. `at` is the offset from the start of the workload, or of `after`.

    Without `at` a fault begins with the workload, without `for` it lasts as long as the plan. `every` repeats it, from
    start to start; `occurs` is the probability of each occurrence. `after: NAME` begins when the fault of that name has
    healed, each time that it does. `mode` says how many of the links or nodes it is aimed at each occurrence takes,
    drawn anew: `one`, `all`, `fixed` (`value: 2`) or `percent` (`value: 50%`, rounded up).
    """

    action: str = ""
    name: str | None = Field(None, min_length=1, max_length=60)
    at: DurationNs | None = None
    for_: DurationNs | None = Field(None, alias="for", gt=0)
    every: Annotated[Every, BeforeValidator(_every), OrShort(_DURATION_SCHEMA)] | None = None
    occurs: Probability = 1.0
    after: str | None = Field(None, min_length=1, max_length=200)
    mode: Mode = "all"
    value: Annotated[int | float | None, WithJsonSchema(_VALUE_SCHEMA)] = None

    @field_validator("value", mode="before")
    @classmethod
    def _fits_its_mode(cls, value: object, info: ValidationInfo) -> object:
        mode = info.data.get("mode")
        if mode == "percent":
            share = parse_probability(value)
            if share == 0:
                raise ValueError("expected a share of more than nothing")
            return share
        if mode == "fixed":
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError("expected how many: a whole number from 1 on")
            return value
        if mode is not None:
            raise ValueError(f"a value is for mode: fixed or mode: percent; this is mode: {mode}")
        return None  # the mode is wrong already

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.mode in ("fixed", "percent") and self.value is None:
            raise ValueError(
                f"mode: {self.mode} needs a value, {'such as 2' if self.mode == 'fixed' else 'such as 50%'}"
            )
        return self

    def share_of(self, candidates: int) -> int:
        """How many of so many candidates an occurrence takes."""
        if self.mode == "all":
            return candidates
        value = self.value or 1
        return math.ceil(candidates * value - 1e-9) if self.mode == "percent" else int(value)

    def words(self) -> dict[str, Any]:
        """What the plan says of this fault, its times and targets apart: the `params` of its occurrences."""
        timing = {"action", "name", "at", "for_", "every", "occurs", "after", "mode", "value"}
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=timing)


class OnLinks(Timed):
    """A fault of directions: `links: [mobile-1->relay]`; `<->` is both ways, `*` any node."""

    links: list[str] = Field(min_length=1)


class OnNodes(Timed):
    """A fault of machines and processes: `nodes: [desktop-1]`, with `*` as a wildcard (`mobile-*`)."""

    nodes: list[str] = Field(min_length=1)


# ---- what a fault may do ------------------------------------------------------------------------------------------


@dataclass
class Effect:
    """What a fault met and did while it was active; `candidates` > 0 means exercised."""

    candidates: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def met(self, **counts: int) -> None:
        """Count things that the fault acted on; every one of them was a candidate."""
        for name, n in counts.items():
            self.counts[name] = self.counts.get(name, 0) + n
            self.candidates += n

    def note(self, **counts: int) -> None:
        """Count outcomes that are no candidates of their own (copies made, of messages already met)."""
        for name, n in counts.items():
            self.counts[name] = self.counts.get(name, 0) + n


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


@dataclass(frozen=True)
class Targets:
    directions: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """What `mode` counts: nodes, or links (a link and not each of its directions), by their names."""
        return self.nodes or tuple(dict.fromkeys(_link_of(d) for d in self.directions))

    def only(self, chosen: Collection[str]) -> Targets:
        """Those of them that are among the `chosen` candidates."""
        directions = tuple(d for d in self.directions if _link_of(d) in chosen)
        return Targets(directions, tuple(n for n in self.nodes if n in chosen))


def _link_of(direction: str) -> str:
    """The same for both directions of a link."""
    return "<->".join(sorted(direction.split("->")))


class TargetError(ValueError):
    """A fault names a node or link that the topology does not have. `word` is the offending text."""

    def __init__(self, word: str, message: str, known: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.word = word
        self.known = tuple(known)


def match_directions(patterns: Sequence[str], directions: Sequence[str]) -> tuple[str, ...]:
    """Directions named by `patterns`: `a->b`, `a<->b` (both ways), `*` for any node; in the order of `directions`.

    Raises `TargetError` for a pattern that matches nothing or is not one.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        chosen.update(_match_one(pattern, directions))
    return tuple(d for d in directions if d in chosen)


def _match_one(pattern: str, directions: Sequence[str]) -> list[str]:
    arrow = "<->" if "<->" in pattern else "->"
    left, found, right = (part.strip() for part in pattern.partition(arrow))
    if not found or not left or not right:
        raise TargetError(
            pattern,
            f"expected a link such as mobile-1->relay or mobile-1<->relay, not {pattern!r}",
            directions,
        )
    ways = [(left, right), (right, left)] if arrow == "<->" else [(left, right)]
    hits = [d for d in directions if any(_way_matches(d, a, b) for a, b in ways)]
    if not hits:
        raise TargetError(pattern, f"no link matches {pattern!r} in this topology", directions)
    return hits


def _way_matches(direction: str, a: str, b: str) -> bool:
    source, _, target = direction.partition("->")
    return a in ("*", source) and b in ("*", target)


def match_nodes(patterns: Sequence[str], nodes: Sequence[str]) -> tuple[str, ...]:
    """Nodes named by `patterns`, `*` for anything, in the order of `nodes`.

    Raises `TargetError` for a pattern that matches nothing.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        hits = [node for node in nodes if fnmatch.fnmatchcase(node, pattern)]
        if not hits:
            raise TargetError(pattern, f"no node {pattern!r} in this topology", nodes)
        chosen.update(hits)
    return tuple(node for node in nodes if node in chosen)
