"""What the file of a night says. A mistake in it is told with file, line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from faults import DurationNs, Probability, Words
from harness import registry
from harness.plan import find, members
from harness.plan.text.errors import PlanError, PlanErrors, Source, did_you_mean, one_a_place, raise_errors
from harness.plan.text.files import SUFFIXES, shown, text_of
from harness.plan.text.salvage import salvage
from harness.plan.text.source import Document, read_with_errors
from harness.plan.text.source import Path as Place
from harness.registry import UnknownName, close_matches
from targets import profiles
from targets.policy import UnknownPolicy

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _bytes(value: Any) -> Any:
    """`2GB` → 2000000000."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(KB|MB|GB|TB|)", value)
    if match is None:
        raise ValueError("expected a size such as 500MB or 2GB")
    return round(float(match[1]) * _UNITS[match[2]])


Size = Annotated[int, BeforeValidator(_bytes), Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class PartWords(Words):
    """Runs with something in common: `plans` (names, folders, patterns), each with so many `seeds`; or with
    `generated` so many plans that nobody wrote. `fresh`: other seeds every night, those of its `--number`. With
    `ablations` the plans are played without each safeguard until that is noticed, `seeds` at most. On other runtimes
    than `sim`, `jobs` of them run at a time."""

    name: Name
    plans: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(default=[], max_length=100)
    generated: bool = False
    ablations: bool = False
    seeds: int = Field(1, ge=1, le=10_000_000)
    fresh: bool = False
    runtime: str = "sim"
    jobs: int = Field(1, ge=1, le=64)
    profile: str = "hardened"
    with_: list[str] = Field(default=[], alias="with", max_length=50)
    without: list[str] = Field(default=[], max_length=50)


class KeepWords(Words):
    """Of which `runs` the files are kept, and how much the store may hold at `most`: then the oldest go first, never a
    failing one of this night."""

    runs: Literal["all", "failed", "none"] = "failed"
    most: Size = 5 * 10**9


class LimitWords(Words):
    """For one `run`: wall-clock time, and `memory` of the process that simulates it."""

    run: DurationNs = 600 * 10**9
    memory: Size = 4 * 10**9


class NightWords(Words):
    """A night. `budget` is for all of it, looking for smallest plans included. `again` is the share of simulated runs
    that are played a second time in another process. More than the share `unknown` of UNKNOWN runs spoils the night.
    `known` is a file of failures that are known, beside this one."""

    version: Literal[1]
    title: str = Field("", max_length=200)
    budget: DurationNs | None = Field(None, gt=0)
    parts: list[PartWords] = Field(min_length=1, max_length=100)
    known: str | None = Field(None, min_length=1, max_length=400)
    keep: KeepWords = KeepWords()
    limits: LimitWords = LimitWords()
    again: Probability = 0.01
    unknown: Probability = 0.02


@dataclass(frozen=True)
class Night:
    """A night as its file has it. `text` is the file's."""

    words: NightWords
    text: str
    path: Path


def read(path: Path) -> Night:
    """Raises `PlanErrors`."""
    text = text_of(path)
    return parse(text, path)


def parse(text: str, path: Path) -> Night:
    """Raises `PlanErrors` with all that is wrong."""
    document, errors = read_with_errors(Source(shown(path), text))
    salvaged = salvage(document, NightWords)
    raise_errors(one_a_place([*errors, *salvaged.errors]))
    if salvaged.words is None:
        raise AssertionError("nothing was salvaged, and nothing is wrong")
    raise_errors(one_a_place(_problems(salvaged.words, document)))
    return Night(words=salvaged.words, text=text, path=path)


def _problems(words: NightWords, document: Document) -> list[PlanError]:
    found = []
    names = [part.name for part in words.parts]
    for at, part in enumerate(words.parts):
        where = document.value(("parts", at))
        if part.name in names[:at]:
            found.append(PlanError(document.value(("parts", at, "name")), f"two parts are called {part.name!r}"))
        if bool(part.plans) == part.generated:
            found.append(PlanError(where, "a part has `plans`, or is `generated`", "say one of the two"))
        if part.ablations and (part.generated or part.runtime != "sim"):
            said = "safeguards are taken out of written plans, in the simulator"
            found.append(PlanError(document.key(("parts", at, "ablations")), said))
        found += _unknown_names(part, ("parts", at), document)
    return found


def _unknown_names(part: PartWords, at: Place, document: Document) -> Iterator[PlanError]:
    """Plans, a runtime, a profile, policies that there are not."""
    for i, word in enumerate(part.plans):
        try:
            for named in members(word):
                if named.endswith(SUFFIXES):
                    text_of(Path(named))
                else:
                    find(named)
        except (PlanErrors, UnknownName) as exc:
            yield PlanError(document.value((*at, "plans", i)), _said(exc))
    for key, kind, name in (("runtime", "runtime", part.runtime), ("profile", "profile", part.profile)):
        if name not in (known := registry.names(kind)):
            hint = did_you_mean(close_matches(name, known)) or f"there are: {', '.join(known)}"
            yield PlanError(document.value((*at, key)), f"unknown {kind} {name!r}", hint)
    for key, names in (("with", part.with_), ("without", part.without)):
        for i, name in enumerate(names):
            try:
                profiles.load(with_=(name,) if key == "with" else (), without=(name,) if key == "without" else ())
            except UnknownPolicy as exc:
                near = did_you_mean(close_matches(exc.word, exc.known))
                yield PlanError(document.value((*at, key, i)), str(exc), near)


def _said(exc: PlanErrors | UnknownName) -> str:
    if isinstance(exc, UnknownName):
        return str(exc)
    first = exc.errors[0]
    return f"{first.message} ({first.hint})" if first.hint else first.message
