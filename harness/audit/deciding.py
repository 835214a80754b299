"""What the runs of one claim decide, once all of them have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

from harness import measures
from harness import plan as plans
from harness.audit.audited import Audited, Counterexample, Decision, Measured, in_words
from harness.audit.claims import Claim
from harness.audit.shown import DOCUMENTED, FindingPlan, plan_size
from harness.hunting.mutants.task import Play, Played
from harness.hunting.pool import Died
from harness.verdict import Verdict

Which = Literal["decision", "sound", "broken"]
_EACH: tuple[Which, ...] = ("decision", "sound", "broken")


@dataclass(frozen=True)
class CountsAs:
    """What a run counts as. `finding`: as that; `at`: as a point of a growth; none of all: as what a ratio is to."""

    which: Which | None = None
    finding: FindingPlan | None = None
    at: float | None = None


@dataclass
class Open:
    """A claim whose runs have not all ended. `without`: what a ratio is to, by profile; `points`: of a growth;
    `smaller`: by finding."""

    left: int
    played: dict[Which, tuple[Play, Played | Died]] = field(default_factory=dict)
    without: dict[str, Played | Died] = field(default_factory=dict)
    points: dict[Which, dict[float, Played | Died]] = field(default_factory=dict)
    smaller: list[tuple[FindingPlan, Played | Died]] = field(default_factory=list)

    def add(self, counts_as: CountsAs, task: Play, played: Played | Died) -> None:
        if counts_as.which is not None and counts_as.at is not None:
            self.points.setdefault(counts_as.which, {})[counts_as.at] = played
        elif counts_as.which is not None:
            self.played[counts_as.which] = (task, played)
        elif counts_as.finding is not None:
            self.smaller.append((counts_as.finding, played))
        else:
            self.without[str(task.profile)] = played


def audited(claim: Claim, seed: int, one: Open) -> Audited:
    words = claim.words
    made = {which: _decided(claim, task, played, one, which) for which, (task, played) in one.played.items()}
    made.setdefault("sound", made["decision"])
    decision, sound, broken = (made[which] for which in _EACH)
    return Audited(
        id=words.id,
        says=words.says,
        section=words.section,
        plan=claim.name,
        strictly=words.strictly,
        unkeepable=words.unkeepable,
        seed=seed,
        decision=decision,
        sound=sound,
        broken=broken,
        smaller=_smallest(claim, one.smaller) if decision.status == "REFUTED" else None,
    )


def _smallest(claim: Claim, played: Sequence[tuple[FindingPlan, Played | Died]]) -> Counterexample | None:
    """Of the findings whose runs show it; None: the claim's own plan is as small as any."""
    own = plan_size(plans.parse(claim.text, claim.name).words)
    found = []
    for finding, result in played:
        check, reason = finding.signature
        if isinstance(result, Played) and (check, reason) in result.signatures and sum(finding.size) < sum(own):
            found.append((finding, result))
    if not found:
        return None
    finding, result = min(found, key=lambda one: (sum(one[0].size), one[0].name))
    check, _ = finding.signature
    return Counterexample(
        plan=finding.name,
        profile=DOCUMENTED,
        seed=0,
        calls=finding.size.calls,
        faults=finding.size.faults,
        by=finding.words.by,
        message=result.told.get(check, ""),
        story=result.stories.get(check, []),
    )


def _decided(claim: Claim, task: Play, played: Played | Died, beside: Open, which: Which) -> Decision:
    decision = Decision(
        status="UNDECIDED",
        profile=str(task.profile),
        runtime=task.runtime,
        with_=list(task.with_),
        without=list(task.without),
        mistake=task.mutant is not None,
    )
    if isinstance(played, Died) or played.refused is not None:
        decision.why = played.why if isinstance(played, Died) else played.refused
        return decision
    decision.measured = _measured(claim, played, beside.without.get(decision.profile), beside.points.get(which, {}))
    refuting = claim.refuting(played.signatures)
    wrong = next((one for one in decision.measured if one.value is not None and not one.holds), None)
    if refuting is not None:
        decision.status, decision.by = "REFUTED", "/".join(refuting)
        decision.message = played.told.get(refuting[0], "")
        decision.story = played.stories.get(refuting[0], [])
    elif wrong is not None:
        decision.status, decision.by, decision.message = "REFUTED", f"quantity/{wrong.figure}", in_words(wrong)
    else:
        unmeasured = next((f"no {one.figure} was measured" for one in decision.measured if one.value is None), None)
        decision.why = claim.missing(played.judged, played.delivered) or unmeasured or _doubt(played)
        decision.status = "UNDECIDED" if decision.why else "HOLDS"
    return decision


def _measured(
    claim: Claim, played: Played, without: Played | Died | None, sizes: Mapping[float, Played | Died]
) -> list[Measured]:
    found = []
    for quantity in claim.words.quantities:
        value, points = played.figures.get(quantity.figure), list[tuple[float, float]]()
        if quantity.growth is not None:
            points = [
                (at, one.figures[quantity.figure]) for at, one in sorted(sizes.items()) if _has(one, quantity.figure)
            ]
            value = measures.exponent(points) if len(points) == len(sizes) else None
        if quantity.ratio:
            base = without.figures.get(quantity.figure) if isinstance(without, Played) else None
            value = value / base if value is not None and base else None
        found.append(
            Measured(
                figure=quantity.figure,
                value=value,
                at_least=quantity.at_least,
                at_most=quantity.at_most,
                ratio=quantity.ratio,
                growth=quantity.growth,
                points=points,
            )
        )
    return found


def _has(played: Played | Died, figure: str) -> TypeGuard[Played]:
    return isinstance(played, Played) and played.figures.get(figure, 0.0) > 0.0


def _doubt(played: Played) -> str | None:
    """A run that shows nothing, or was not played to its end, proves nothing."""
    if played.stalled is not None:
        return f"the run came to no end ({played.stalled})"
    return "the run showed too little" if played.verdict is Verdict.UNKNOWN else None
