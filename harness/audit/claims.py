"""The claims there are: plans with the word `claim`."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from harness import measures, registry
from harness import plan as plans
from harness.hunting.mutants.task import Mutant
from harness.plan.words.model import Broken, ClaimWords, Mistake

FOLDER = "audit/"


class BadClaim(ValueError):
    """A plan of an audit that is no claim, or whose mistake has no place; says which and what to do."""


@dataclass(frozen=True)
class Claim:
    """A claim and the plan that decides it. `name` is the plan's, `text` what stands in its file."""

    name: str
    text: str
    words: ClaimWords

    @property
    def id(self) -> str:
        return self.words.id

    @property
    def checks(self) -> list[str]:
        """Those that could refute it."""
        return list(dict.fromkeys(said.partition("/")[0] for said in self.words.refuted_by))

    def refuting(self, signatures: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
        """The first of these findings that refutes it."""
        names = ((check, reason) for check, reason in signatures)
        return next((one for one in names if any(fnmatchcase("/".join(one), s) for s in self.words.refuted_by)), None)

    def missing(self, judged: Sequence[str], delivered: Sequence[str]) -> str | None:
        """What a run did not have without which it decides nothing; None: it has all."""
        idle = [check for check in self.checks if check not in judged]
        unsent = [kind for kind in self.words.messages if kind not in delivered]
        said = [f"{check} judged nothing" for check in idle] + [f"no {kind} was delivered" for kind in unsent]
        return " and ".join(said) or None

    @cached_property
    def sizes(self) -> list[tuple[float, str]]:
        """Of a claim about growth: each number of its plan's matrix, and the plan with it."""
        key = next((quantity.growth for quantity in self.words.quantities if quantity.growth is not None), None)
        if key is None:
            return []
        plan = plans.parse(self.text, self.name)
        each = zip(plan.words.matrix[key], plans.variants(plan), strict=True)
        return [(float(number), plans.dump(variant)) for number, variant in each]

    @cached_property
    def mutant(self) -> Mutant | None:
        """The mistake that breaks it. Raises `BadClaim`."""
        mistake = self.words.broken.mistake
        return None if mistake is None else _mutant(self.name, mistake)

    @property
    def broken(self) -> Broken:
        return self.words.broken


def found(only: Sequence[str] = ()) -> list[Claim]:
    """All claims, or those of the ids `only`, in their order. Raises `BadClaim`, `PlanErrors`."""
    claims = [_read(name) for name in registry.names("plan") if name.startswith(FOLDER)]
    ids = [claim.id for claim in claims]
    if twice := {one for one in ids if ids.count(one) > 1}:
        raise BadClaim(f"{', '.join(sorted(twice))}: two plans have one id; give each claim its own")
    if unknown := [one for one in only if one not in ids]:
        raise BadClaim(f"there is no claim {', '.join(unknown)}; there are: {', '.join(sorted(ids))}")
    return sorted((c for c in claims if not only or c.id in only), key=lambda claim: claim.id)


def _read(name: str) -> Claim:
    path: Path = registry.find("plan", name)
    text = path.read_text(encoding="utf-8")
    words = plans.parse(text, name).words.claim
    if words is None:
        raise BadClaim(f"{path}: a plan of the audit says by `claim` what it decides")
    for quantity in words.quantities:
        if quantity.figure not in measures.names():
            raise BadClaim(f"{path}: nothing measures {quantity.figure}; there are: {', '.join(measures.names())}")
    return Claim(name, text, words)


def _of_package(file: str) -> Path:
    """A file below one of our packages, wherever that is installed; the package is not imported."""
    package, _, rest = file.partition("/")
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders)), rest) if folders else Path(file)


def _mutant(name: str, mistake: Mistake) -> Mutant:
    path = _of_package(mistake.file)
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise BadClaim(f"{name}: the mistake's file {mistake.file} cannot be read: {exc.strerror or exc}") from exc
    removes, puts = mistake.removes.removesuffix("\n").encode(), mistake.puts.removesuffix("\n")
    if data.count(removes) != 1:
        raise BadClaim(
            f"{name}: what its mistake removes has to stand once in {mistake.file}, not {data.count(removes)} times"
        )
    start = data.index(removes)
    line = data[:start].count(b"\n") + 1
    edit = (start, start + len(removes), puts)
    return Mutant(file=str(path), kind="claim", function="", line=line, edits=(edit,))
