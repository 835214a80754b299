"""Signatures of failures: which are known, and which come and go.

Flaky is what came out both ways for the same plan, seed, profile and runtime; or what a night has played again, and it
did not come again. Between two such runs the harness, or the text of the plan, may have changed: the pages say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from harness import registry
from harness.night import known as known_failures
from harness.night.known import Known, KnownWords
from harness.night.ledger import About, Least
from harness.night.words import parse
from harness.plan import PlanErrors
from harness.serve.looking import Index
from harness.serve.verdicts import Seen, Signature

SHIPPED = "known-failures.yaml"
_SAME_RUN = "plan, seed, profile, runtime"


@dataclass
class Flaky:
    """`both`: so many plans with a seed came out both ways; `example`: the last run with it, and the last without.
    `not_again`: so many runs of nights did not fail so again."""

    both: int = 0
    example: tuple[str, str] | None = None
    not_again: int = 0


@dataclass(frozen=True)
class Shape:
    """What the smallest plans of one signature look like, as nights have found: in how many runs, and whether known."""

    shape: str
    runs: int
    entry: KnownWords | None


@dataclass
class Standing:
    """All that is told of one signature."""

    seen: Seen
    entries: list[KnownWords] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    flaky: Flaky | None = None
    known: str = ""  # "known", "known in part", "expired", or nothing


@dataclass(frozen=True)
class KnownFiles:
    """All entries of all files; `files` are those that were read, `problems` why others were not."""

    entries: list[KnownWords]
    files: list[str]
    problems: list[str]


def standings(seen: Iterable[Seen], index: Index, known: KnownFiles, today: date) -> list[Standing]:
    flaky, shapes = flaky_signatures(index), shapes_of(index, known)
    found = []
    for one in seen:
        signature = (one.check, one.reason)
        entries = [entry for entry in known.entries if (entry.check, entry.reason) == signature]
        standing = Standing(one, entries, shapes.get(signature, []), flaky.get(signature))
        standing.known = _known(standing, today)
        found.append(standing)
    return found


def _known(standing: Standing, today: date) -> str:
    """By the shapes that nights have found; where nobody looked, by the plans."""
    if not standing.entries:
        return ""
    if standing.shapes:
        meant = [shape.entry for shape in standing.shapes]
    else:
        meant = [_of_plan(plan, standing.entries) for plan in standing.seen.plans]
    if not any(meant):
        return ""
    if any(entry is not None and entry.until < today for entry in meant):
        return "expired"
    return "known" if all(meant) else "known in part"


def _of_plan(plan: str, entries: Iterable[KnownWords]) -> KnownWords | None:
    return next((entry for entry in entries if fnmatchcase(plan, entry.plan)), None)


# ---- what comes and goes --------------------------------------------------------------------------------------------


def flaky_signatures(index: Index) -> dict[Signature, Flaky]:
    """Of runs that are UNKNOWN nobody knows whether they would have had it."""
    found: dict[Signature, Flaky] = {}
    for group in _same_runs(index):
        all_ = {signature for _, signatures in group for signature in signatures}
        for signature in all_:
            having = [run for run, signatures in group if signature in signatures]
            lacking = [run for run, signatures in group if signature not in signatures]
            if lacking:
                flaky = found.setdefault(signature, Flaky())
                flaky.both += 1
                flaky.example = (having[-1], lacking[-1])
    for least in _leasts(index):
        if least.repeated is False:
            found.setdefault((least.check, least.reason), Flaky()).not_again += 1
    return found


def _same_runs(index: Index) -> Iterator[list[tuple[str, set[Signature]]]]:
    """(id, signatures) of runs of the same plan, seed, profile and runtime, oldest first; of those that differ."""
    rows = index.read(
        f"SELECT {_SAME_RUN}, id, signatures FROM runs JOIN ("
        f"SELECT {_SAME_RUN} FROM runs GROUP BY {_SAME_RUN} "
        f"HAVING COUNT(DISTINCT signatures) > 1) USING ({_SAME_RUN}) "
        f"WHERE verdict <> 'UNKNOWN' ORDER BY {_SAME_RUN}, started, id"
    )
    groups: dict[tuple[object, ...], list[tuple[str, set[Signature]]]] = {}
    for *same, run, text in rows:
        signatures = {(check, reason) for check, reason in msgspec.json.decode(text)}
        groups.setdefault(tuple(same), []).append((run, signatures))
    yield from groups.values()


# ---- what nights have found -----------------------------------------------------------------------------------------


def shapes_of(index: Index, known: KnownFiles) -> dict[Signature, list[Shape]]:
    all_ = Known(tuple(known.entries))
    plans = (
        dict(index.read("SELECT id, plan FROM runs WHERE id IN (SELECT run FROM kinds)")) if index.has("kinds") else {}
    )
    counted: dict[tuple[Signature, str], tuple[int, KnownWords | None]] = {}
    for least in _leasts(index):
        key = ((least.check, least.reason), least.shape or "no smaller plan")
        runs, entry = counted.get(key, (0, None))
        counted[key] = (runs + 1, entry or all_.of(least, plans.get(least.run, "")))
    found: dict[Signature, list[Shape]] = {}
    for (signature, shape), (runs, entry) in sorted(counted.items(), key=lambda one: -one[1][0]):
        found.setdefault(signature, []).append(Shape(shape, runs, entry))
    return found


def _leasts(index: Index) -> Iterator[Least]:
    if index.has("kinds"):
        for (text,) in index.read("SELECT found FROM kinds ORDER BY night, run"):
            yield msgspec.json.decode(text, type=Least)


def known_files(index: Index) -> KnownFiles:
    """The shipped file, and those that the nights of this store have named."""
    entries: list[KnownWords] = []
    files: list[str] = []
    problems: list[str] = []
    shipped = (registry.configs_dir() / SHIPPED).resolve()
    for file in dict.fromkeys([*([shipped] if shipped.exists() else []), *_named(index, problems)]):
        try:
            read = known_failures.read(file)
        except PlanErrors as exc:
            problems.append(str(exc))
            continue
        entries += [one for one in read.failures if one not in entries]
        files.append(read.file)
    return KnownFiles(entries, files, problems)


def _named(index: Index, problems: list[str]) -> Iterator[Path]:
    if not index.has("nights"):
        return
    for text in dict.fromkeys(about for (about,) in index.read("SELECT about FROM nights ORDER BY begun")):
        about = msgspec.json.decode(text, type=About)
        try:
            words = parse(about.words, Path(about.file)).words
        except PlanErrors as exc:
            problems.append(str(exc))
            continue
        if words.known is not None:
            file = (Path(about.file).parent / words.known).resolve()
            if file.exists():
                yield file
            else:
                problems.append(f"{file}: a night names it as its list of known failures, and it is not there")
