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
    """The weight of the call that a job's status changes, beside those of the other calls. The default is 3; 0 is
    never."""
    chunk: Weight = 5
    """The weight of the call that a chunk is appended to a job's text, beside those of the other calls. The default is
    5; 0 is never."""
    progress: Weight = 2
    """The weight of the call that a stream's progress is reported, beside those of the other calls. The default is 2; 0
    is never."""
    tokens: Weight = 2
    """The weight of the call that token counts are reported, beside those of the other calls. The default is 2; 0 is
    never."""
    cost: Weight = 1
    """The weight of the call that a cost is reported, beside those of the other calls. The default is 1; 0 is never."""
    metadata: Weight = 2
    """The weight of the call that a job's metadata are patched, beside those of the other calls. The default is 2; 0 is
    never."""
    error: Weight = 0.5
    """The weight of the call that details of an error are stored, beside those of the other calls. The default is 0.5;
    0 is never."""
    finalize: Weight = 1.5
    """The weight of the call that a job ends, beside those of the other calls. The default is 1.5; 0 is never."""
    delete: Weight = 0.4
    """The weight of the call that a job is deleted, beside those of the other calls. The default is 0.4; 0 is never."""
    retry: Weight = 1
    """The weight of the call that a failed job is tried again, beside those of the other calls. The default is 1; 0 is
    never."""


class MobileMix(Words):
    """How often a mobile's user does what, as weights; background and close are undone by the same user's next call;
    `reopen` opens the scope that is open."""

    list: Weight = 3
    """The weight of the call that the jobs of the screen are listed, beside those of the other calls. The default is 3;
    0 is never."""
    get: Weight = 4
    """The weight of the call that one job is fetched, beside those of the other calls. The default is 4; 0 is never."""
    switch: Weight = 1
    """The weight of the call that the screen shows another session or project, beside those of the other calls. The
    default is 1; 0 is never."""
    background: Weight = 0.7
    """The weight of the call that the app goes to the background, until the next call, beside those of the other calls.
    The default is 0.7; 0 is never."""
    close: Weight = 0.5
    """The weight of the call that the screen is closed, until the next call, beside those of the other calls. The
    default is 0.5; 0 is never."""
    cancel: Weight = 0.3
    """The weight of the call that a job is canceled from the phone, beside those of the other calls. The default is
    0.3; 0 is never."""
    delete: Weight = 0.3
    """The weight of the call that a job is deleted from the phone, beside those of the other calls. The default is 0.3;
    0 is never."""
    reopen: Weight = 0
    """The weight of the call that the scope which is open is opened again, beside those of the other calls. The default
    is 0; 0 is never."""


class Mix(Words):
    desktop: DesktopMix = DesktopMix()
    """How often a desktop's client does what, as weights; those left out keep their defaults."""
    mobile: MobileMix = MobileMix()
    """How often a mobile's user does what, as weights; those left out keep their defaults."""


class Content(Words):
    """What the streamed text is made of. What is left out keeps its default.

    Shares of jobs: `unicode` multi-byte text; `clusters`, of those, text whose grapheme clusters (combining marks,
    joined emoji, flags, CRLF) are split over chunks; `large` a response above 256 KB. Shares of chunks: `repeat` equal
    to the one before; `empty`; `legacy` without their accumulated length.
    """

    unicode: Probability = 0.4
    """The share of jobs with multi-byte text, from 0 to 1 or in percent. The default is 40%."""
    clusters: Probability = 0.5
    """Of the jobs with multi-byte text, the share whose grapheme clusters are split over chunks. The default is 50%."""
    large: Probability = 0.02
    """The share of jobs whose response is longer than 256 KB. The default is 2%."""
    repeat: Probability = 0.2
    """The share of chunks that are equal to the one before. The default is 20%."""
    empty: Probability = 0.05
    """The share of chunks that have no text at all. The default is 5%."""
    legacy: Probability = 0.03
    """The share of chunks that are sent without their accumulated length, as older desktops do. The default is 3%."""


class Lives(Words):
    """Shares of jobs with a life of a certain kind, spread evenly over the seeds; all others live as the mix has it.

    `again` fails in mid-stream, is retried under its id and streams once more, twice over; `patched` has its metadata
    changed between one progress of its stream and the next; `silent` is created, and nothing is ever done to it;
    `brief` is deleted before a list that was under way when it was created is answered.
    """

    again: Probability = 0.0
    """The share of jobs that fail in mid-stream and are retried under their id, twice over. The default is none."""
    patched: Probability = 0.0
    """The share of jobs whose metadata change between two reports of their stream's progress. The default is none."""
    silent: Probability = 0.0
    """The share of jobs that are created, and nothing is ever done to them. The default is none."""
    brief: Probability = 0.0
    """The share of jobs that are deleted before a list that was under way when they were created is answered. The
    default is none."""


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
    """How many jobs each desktop creates over the run. The default is 20; 0 is none."""
    rate: Rate = 20.0
    """How many calls a desktop's users make together, as `20/s` or `30/m`. The default is 20/s."""
    users: int = Field(default=1, ge=1, le=16)
    """How many users of each desktop call at once, from 1 to 16; they share `jobs` and `rate`. The default is 1."""
    mobile_rate: RateOrNone = 2.0
    """How many calls the user of each mobile makes, as `2/s`; `0` opens the screen and does nothing more. The default
    is 2/s."""
    spread: DurationNs | None = Field(default=None, gt=0)
    """Some job is at work until this time since the start: a duration. Left out, jobs follow each other at `rate`, and
    few are soon over."""
    stream: Lasting | None = None
    """Texts grow steadily, `{for: 30s, every: 500ms}`. Left out, they grow in short bursts."""
    mix: Mix = Mix()
    """How often which call is made, as weights. Left out, every weight is its default."""
    content: Content = Content()
    """What the streamed text is made of, as shares. Left out, every share is its default."""
    ends_in_fault: Probability = 0.25
    """The share of the seeds in which everything stops while a fault is active. The default is 25%."""
    lives: Lives = Lives()
    """Shares of jobs with an unusual life. Left out, every job lives as the mix has it."""
    fields: Literal["usual", "all"] = "usual"
    """From what the values of fields are drawn: `usual`, the default, is what clients send, `all` is everything that
    the protocol allows."""
    crossed: Probability = 0.0
    """The share of a mobile's calls that another call at the same phone meets. The default is none."""
    readers: Probability = 0.0
    """The share of changes to the set of jobs around which all phones list and get. The default is none."""
    script: list[Annotated[Call, AnyCall]] = Field(default=[], max_length=10_000)
    """Calls at exact times, one after the other. Without `jobs` it is all that is done, and `[]` is silence; left out,
    the workload is drawn."""

    @property
    def seeded(self) -> bool:
        """Is there more than the script?"""
        return "script" not in self.model_fields_set or "jobs" in self.model_fields_set

    def weights(self, mix: DesktopMix | MobileMix) -> dict[str, float]:
        dumped: dict[str, Any] = mix.model_dump()
        return {kind: float(weight) for kind, weight in dumped.items()}
