"""What plans may say of any fault: durations, probabilities, times, and the words that single faults build upon."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

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
    """A glob on the type of the message: `job:*`, `rpc:job.get`. `*`, the default, is every message."""
    job: str = "*"
    """A glob on the id of the job that the message is about. `*`, the default, is also messages without a job."""


class Every(Words):
    """A repetition with a mean; `uniform` draws between half and one and a half of it."""

    mean: DurationNs = Field(gt=0)
    """How long it is from one start to the next on average: a duration such as `10s`."""
    dist: Literal["constant", "uniform", "exponential"] = "exponential"
    """How the distances are drawn: `constant` is always the mean, `uniform` between half and one and a half of it,
    `exponential`, the default, as for what happens by chance."""


class Moment(Words):
    """An event that a fault waits for: the `nth` one of its kind at `node` since the workload began, and a little
    later still: drawn from `within`, or exactly `later`.

    `after` is a line of the node's journal or a call of its user (`registered`, `dropped`, `commit`, `open`, `switch`,
    `list` …), or the type of a message that leaves the node, as message faults match it (`rpc:job.list`, `job:*`).
    """

    after: str = Field(min_length=1, max_length=60)
    """The event: a line of the node's journal or a call of its user (`registered`, `dropped`, `commit`, `open`), or the
    type of a message that leaves the node (`rpc:job.list`, `job:*`)."""
    node: str = Field(min_length=1)
    """The name of the node at which the event happens."""
    within: DurationNs = 0
    """How much later the fault begins at most: drawn anew for each seed from 0 to this duration. The default is at
    once."""
    later: DurationNs = 0
    """How much later the fault begins, exactly: a duration. The default is at once."""
    nth: int = Field(1, ge=1, le=1000)
    """Which event of the kind is meant, counted from 1 since the workload began. The default is the first."""


def _kind_of_time(value: object) -> str:
    return "event" if isinstance(value, (dict, Moment)) else "offset"


Begin = Annotated[Annotated[DurationNs, Tag("offset")] | Annotated[Moment, Tag("event")], Discriminator(_kind_of_time)]


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

    `at: {after: registered, node: desktop-1, within: 200ms}` waits for an event instead; when that does not come, or
    comes too late, there is no fault. Without `at` a fault begins with the workload, without `for` it lasts as long as
    the plan. `every` repeats it, from start to start; `occurs` is the probability of each occurrence. `after: NAME`
    begins when the fault of that name has healed, each time that it does. `mode` says how many of the links or nodes it
    is aimed at each occurrence takes, drawn anew: `one`, `all`, `fixed` (`value: 2`) or `percent` (`value: 50%`,
    rounded up).
    """

    action: str = ""
    """Which fault it is: the name of one that `harness list faults` shows."""
    name: str | None = Field(None, min_length=1, max_length=60)
    """What the fault is called in reports, in `after` and in its random draws. Left out, it is its action and what it
    is aimed at."""
    at: Begin | None = None
    """When it begins: a duration since the start of the workload (or since the fault of `after` healed), or an event
    that it waits for, `{after: registered, node: desktop-1}`. Left out, it begins with the workload."""
    for_: DurationNs | None = Field(None, alias="for", gt=0)
    """How long it lasts: a duration such as `3s`. Left out, it lasts as long as the plan does."""
    every: Annotated[Every, BeforeValidator(_every), OrShort(_DURATION_SCHEMA)] | None = None
    """Repeats it, from start to start: `10s` each, or `{mean: 10s, dist: exponential}`. Left out, it occurs once."""
    occurs: Probability = 1.0
    """The probability of each occurrence, from 0 to 1 or in percent. The default, 1, is always."""
    after: str | None = Field(None, min_length=1, max_length=200)
    """The name of another fault: this one begins when that one has healed, each time that it does. Left out, it waits
    for none."""
    mode: Mode = "all"
    """How many of the links or nodes that it is aimed at each occurrence takes, drawn anew: `one`, `all` (the default),
    `fixed` or `percent` of them; `value` says how many."""
    value: Annotated[int | float | None, WithJsonSchema(_VALUE_SCHEMA)] = None
    """How many targets: a whole number with `mode: fixed`, a share such as `50%` (rounded up) with `mode: percent`;
    otherwise it is left out."""

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

    @property
    def at_ns(self) -> int:
        """The offset; 0 for one that waits for an event."""
        return self.at if isinstance(self.at, int) else 0

    @property
    def moment(self) -> Moment | None:
        return self.at if isinstance(self.at, Moment) else None

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
    """The directions that it is about: `mobile-1->relay` is one way, `mobile-1<->relay` both, and `*` stands for any
    node."""


class OnNodes(Timed):
    """A fault of machines and processes: `nodes: [desktop-1]`, with `*` as a wildcard (`mobile-*`)."""

    nodes: list[str] = Field(min_length=1)
    """The nodes that it is about, by name; `*` is a wildcard: `mobile-*`."""


def check_slicer(average_size: int, size_variation: int) -> None:
    """Toxiproxy 2.12 recurses until it dies for an average of 0. Raises `ValueError`."""
    if average_size < 1:
        raise ValueError("a slicer's average_size is at least 1 byte")
    if size_variation >= average_size:
        raise ValueError("a slicer's size_variation is less than its average_size")
