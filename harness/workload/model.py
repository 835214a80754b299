"""The words of a plan's `workload:`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from faults import DurationNs, Probability, Words

_RATE = re.compile(r"(\d+(?:\.\d+)?)/(s|m)")
_RATE_PATTERN = r"^\d+(\.\d+)?/(s|m)$"


def parse_rate(value: object) -> float:
    """`20/s`, `90/m` → calls a second. A float passes only when it was parsed before."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a rate such as 20/s or 90/m")
    rate = float(match[1]) / (60 if match[2] == "m" else 1)
    if not 0 < rate <= 10_000:
        raise ValueError("expected a rate above 0 and at most 10000/s")
    return rate


Rate = Annotated[float, BeforeValidator(parse_rate), WithJsonSchema({"type": "string", "pattern": _RATE_PATTERN})]
Weight = Annotated[float, Field(ge=0, le=1000)]


class Content(Words):
    """What streamed text is made of; each is the share of jobs whose stream has it, the rest is ASCII."""

    unicode: Probability = 0.3
    repeat: Probability = 0.2  # the same chunk twice in a row, and honestly so
    empty: Probability = 0.05  # a chunk of no bytes
    legacy: Probability = 0.0  # events without accumulatedLength, from old producers
    large: Probability = 0.0  # a response above 256 KB


class Mix(Words):
    """How likely each turn in a job's life is, relative to the others; 0 leaves it out."""

    chunk: Weight = 12
    status: Weight = 2
    progress: Weight = 2
    tokens: Weight = 1
    cost: Weight = 1
    metadata: Weight = 1
    error: Weight = 0.3


class Watch(Words):
    """What somebody does at each mobile, in calls over the whole run (each at a drawn time)."""

    list: int = Field(3, ge=0, le=1000)
    get: int = Field(3, ge=0, le=1000)
    switch: int = Field(0, ge=0, le=100)
    background: int = Field(0, ge=0, le=100)
    close: int = Field(0, ge=0, le=100)
    cancel: int = Field(0, ge=0, le=100)
    delete: int = Field(0, ge=0, le=100)


class ScriptStep(Words):
    """One explicit call. `job` is a name within the plan; `text` is a chunk; `value` is merged into the call's value."""

    at: DurationNs
    node: str
    do: str
    job: str | None = None
    text: str | None = None
    client: str = "user"
    value: dict[str, Any] = {}


class Workload(Words):
    """Either a drawn one (`jobs`, `rate`, …) or an explicit `script`; not both.

    `jobs` over all desktops; `rate` is the calls on desktops a second, all in all; `chunks` is the mean length of a stream.
    `finalized`, `deleted`, `retried` are shares of the jobs. `tail` is the share of seeds in which the last faults
    meet the last calls of all, and nobody touches anything afterwards.
    """

    jobs: int = Field(6, ge=1, le=10_000)
    rate: Rate = 20.0
    chunks: int = Field(8, ge=1, le=5_000)
    finalized: Probability = 0.8
    body: Probability = 0.5  # of the finalized ones: the event carries the whole response
    deleted: Probability = 0.1
    retried: Probability = 0.0
    tail: Probability = 0.3
    mix: Mix = Mix()
    content: Content = Content()
    watch: Watch = Watch()
    script: list[ScriptStep] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Workload:
        drawn = self.model_fields_set - {"script"}
        if self.script is not None and drawn:
            raise ValueError(f"a workload is either drawn or a script: remove script, or {', '.join(sorted(drawn))}")
        return self


DesktopCall = Literal[
    "create", "status", "chunk", "progress", "tokens", "cost", "metadata", "error", "finalize", "delete", "retry"
]
DESKTOP_CALLS: tuple[str, ...] = DesktopCall.__args__  # type: ignore[attr-defined]
MOBILE_CALLS: tuple[str, ...] = (
    "open",
    "close",
    "list",
    "get",
    "cancel",
    "delete",
    "switch",
    "background",
    "foreground",
)
