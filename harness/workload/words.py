"""What a plan may say of its workload."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from faults import DurationNs, Probability, Words
from harness.workload.calls import AnyCall, Call
from harness.workload.lasting import Lasting

_RATE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)/(s|m)")
_PER_S = {"s": 1.0, "m": 1 / 60}
_FASTEST_PER_S = 1000.0


def parse_rate(value: object) -> float:
    """`20/s` or `30/m` → calls a second. Raises `ValueError` for anything else."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a rate such as 20/s or 30/m")
    per_s = float(match[1]) * _PER_S[match[2]]
    if not 0 < per_s <= _FASTEST_PER_S:
        raise ValueError(f"expected a rate above 0 and at most {_FASTEST_PER_S:.0f}/s")
    return per_s


def format_rate(per_s: float) -> str:
    """The unit in which it is read as the same number again, if there is one."""
    in_words = [f"{per_s:g}/s", f"{per_s * 60:g}/m"] if per_s >= 1 else [f"{per_s * 60:g}/m", f"{per_s:g}/s"]
    return next((said for said in in_words if parse_rate(said) == per_s), in_words[0])


_RATE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": r"^[0-9]{1,5}(\.[0-9]{1,6})?/[sm]$",
    "examples": ["20/s", "30/m"],
}
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    PlainSerializer(format_rate, return_type=str, when_used="json"),
    WithJsonSchema(_RATE_SCHEMA),
]


def parse_rate_or_none(value: object) -> float:
    """A rate, or `0`: never. Raises `ValueError`."""
    return 0.0 if value in (0, "0/s", "0/m") and not isinstance(value, bool) else parse_rate(value)


RateOrNone = Annotated[
    float,
    BeforeValidator(parse_rate_or_none),
    PlainSerializer(lambda per_s: format_rate(per_s) if per_s else 0, when_used="json"),
    WithJsonSchema({"anyOf": [_RATE_SCHEMA, {"const": 0}]}),
]
Weight = Annotated[float, Field(ge=0, le=1000)]


class DesktopMix(Words):
    """How often a desktop's client does what, as weights. `jobs` says how many jobs it creates."""

    status: Weight = 3
    chunk: Weight = 5
    progress: Weight = 2
    tokens: Weight = 2
    cost: Weight = 1
    metadata: Weight = 2
    error: Weight = 0.5
    finalize: Weight = 1.5
    delete: Weight = 0.4
    retry: Weight = 1


class MobileMix(Words):
    """How often a mobile's user does what, as weights; background and close are undone by the same user's next call;
    `reopen` opens the scope that is open."""

    list: Weight = 3
    get: Weight = 4
    switch: Weight = 1
    background: Weight = 0.7
    close: Weight = 0.5
    cancel: Weight = 0.3
    delete: Weight = 0.3
    reopen: Weight = 0


class Mix(Words):
    desktop: DesktopMix = DesktopMix()
    mobile: MobileMix = MobileMix()


class Content(Words):
    """What the streamed text is made of. What is left out keeps its default.

    Shares of jobs: `unicode` multi-byte text; `clusters`, of those, text whose grapheme clusters (combining marks,
    joined emoji, flags, CRLF) are split over chunks; `large` a response above 256 KB. Shares of chunks: `repeat` equal
    to the one before; `empty`; `legacy` without their accumulated length.
    """

    unicode: Probability = 0.4
    clusters: Probability = 0.5
    large: Probability = 0.02
    repeat: Probability = 0.2
    empty: Probability = 0.05
    legacy: Probability = 0.03


class Lives(Words):
    """Shares of jobs with a life of a certain kind, spread evenly over the seeds; all others live as the mix has it.

    `again` fails in mid-stream, is retried under its id and streams once more, twice over; `patched` has its metadata
    changed between one progress of its stream and the next; `silent` is created, and nothing is ever done to it;
    `brief` is deleted before a list that was under way when it was created is answered.
    """

    again: Probability = 0.0
    patched: Probability = 0.0
    silent: Probability = 0.0
    brief: Probability = 0.0


class Workload(Words):
    """Client calls of a run.

    With a `script` and without `jobs`, the script is all there is; `script: []` is silence.

    `jobs` and `rate` are per desktop, shared by its `users`; `mobile_rate` is per mobile, and `0` is a phone whose user
    opens its screen and does nothing more. A job ends when its turn comes, and few jobs are soon over: with
    `spread: 50s` some job is at work until then. `stream: {for: 30s, every: 500ms}` lets texts grow steadily, for so
    long, instead of in short bursts. In the share `ends_in_fault` of the seeds everything stops while a fault is
    active, so that it meets the last messages of all.

    `fields: all` draws every optional and union field from its whole domain. A share `crossed` of a mobile's calls is
    met by another call at the same phone, a little before or after: also while its screen is closed, changes, or is
    open and not registered yet. Around a share `readers` of what changes the set of jobs, or restarts one (create,
    delete, retry, cancel, legacy chunks), all phones of that desktop list and get.
    """

    jobs: int = Field(default=20, ge=0, le=10_000)
    rate: Rate = 20.0
    users: int = Field(default=1, ge=1, le=16)
    mobile_rate: RateOrNone = 2.0
    spread: DurationNs | None = Field(default=None, gt=0)
    stream: Lasting | None = None
    mix: Mix = Mix()
    content: Content = Content()
    ends_in_fault: Probability = 0.25
    lives: Lives = Lives()
    fields: Literal["usual", "all"] = "usual"
    crossed: Probability = 0.0
    readers: Probability = 0.0
    script: list[Annotated[Call, AnyCall]] = Field(default=[], max_length=10_000)

    @property
    def seeded(self) -> bool:
        """Is there more than the script?"""
        return "script" not in self.model_fields_set or "jobs" in self.model_fields_set

    def weights(self, mix: DesktopMix | MobileMix) -> dict[str, float]:
        dumped: dict[str, Any] = mix.model_dump()
        return {kind: float(weight) for kind, weight in dumped.items()}
