"""The findings that there are: plans under `configs/findings/` with the word `finding`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness import plan as plans
from harness import registry
from harness.audit.claims import BadClaim, Claim
from harness.hunting.mutants.task import Play
from harness.plan.words.model import FindingWords, PlanWords

FOLDER = "findings/"
DOCUMENTED = "documented"  # the profile on which they show


class Size(NamedTuple):
    """Of a plan: calls of its script, and faults."""

    calls: int
    faults: int


def plan_size(words: PlanWords) -> Size:
    return Size(len(words.workload.script), len(words.faults))


@dataclass(frozen=True)
class FindingPlan:
    """One finding as its file has it."""

    name: str
    text: str
    words: FindingWords
    size: Size

    @property
    def signature(self) -> tuple[str, str]:
        check, _, reason = self.words.by.partition("/")
        return check, reason

    @property
    def refutes(self) -> list[str]:
        """Ids of claims."""
        return [self.words.claim, *self.words.also]

    def play(self, number: int, with_: tuple[str, ...] = (), text: str | None = None) -> Play:
        """A run of it, or of another `text` in its place."""
        return Play(
            number=number,
            runtime="sim",
            name=self.name,
            text=self.text if text is None else text,
            folder=None,
            seed=0,
            profile=DOCUMENTED,
            with_=with_,
        )


def read(claims: Sequence[Claim]) -> list[tuple[FindingPlan, Claim]]:
    """All findings, by name, each with the claim that it is told under. Raises `BadClaim`, `PlanErrors`."""
    known = {claim.id: claim for claim in claims}
    found = []
    for name in registry.names("plan"):
        if not name.startswith(FOLDER):
            continue
        plan = _read(name)
        for refuted in plan.refutes:
            claim = known.get(refuted)
            if claim is None:
                raise BadClaim(f"{name}: no plan of the audit decides {refuted}")
            if claim.refuting([plan.signature]) is None:
                raise BadClaim(f"{name}: {plan.words.by} does not refute {claim.id}; that do: {claim.words.refuted_by}")
        found.append((plan, known[plan.words.claim]))
    return found


def _read(name: str) -> FindingPlan:
    path = registry.find("plan", name)
    text = path.read_text(encoding="utf-8")
    plan = plans.parse(text, name)
    words = plan.words.finding
    if words is None:
        raise BadClaim(f"{path}: a plan of a finding says by `finding` what it shows")
    return FindingPlan(name, text, words, plan_size(plan.words))
