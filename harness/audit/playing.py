"""The runs of an audit, and what they decide.

A claim is played three times: on the profile that is audited, on `hardened`, and on a system in which it is broken.
That it `flips` means that it holds on `hardened` and is refuted where it is broken. One that no system of this shape
can keep is refuted everywhere. A ratio needs one more run of each profile: without the option that the claim is about.
Beside them each finding that refutes the claim is played: of those the smallest is the counter-example of a refuted
claim. On another runtime than the simulator claims are decided there; whether they flip is a matter of the simulator,
in whose workers' memory mistakes live.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

import msgspec

from harness import measures
from harness import plan as plans
from harness.audit.claims import Claim
from harness.audit.shown import DOCUMENTED, FindingPlan, plan_size
from harness.hunting.mutants import worker
from harness.hunting.mutants.task import Mutant, Play, Played
from harness.hunting.pool import Died, Pool
from harness.runs.keep import DEFAULT_RUNTIME
from harness.verdict import Verdict

Status = Literal["HOLDS", "REFUTED", "UNDECIDED"]
SOUND = "hardened"


class Measured(msgspec.Struct, kw_only=True):
    """A figure beside what is claimed of it. `value`: None if the run had none of it; `ratio`: to the run without;
    `growth`: with what the value is the exponent of, `points` being those that it comes of."""

    figure: str
    value: float | None
    at_least: float | None = None
    at_most: float | None = None
    ratio: bool = False
    growth: str | None = None
    points: list[tuple[float, float]] = []

    @property
    def holds(self) -> bool:
        value = self.value
        return value is not None and (value if self.at_least is None else self.at_least) <= value <= (
            value if self.at_most is None else self.at_most
        )


class Counterexample(msgspec.Struct, kw_only=True):
    """The smallest plan known that refutes a claim, in the simulator. `calls` of its script and `faults`; `by`,
    `message` and `story`, one sentence an operation: what its run finds."""

    plan: str
    profile: str
    seed: int
    calls: int
    faults: int
    by: str
    message: str
    story: list[str] = []

    @property
    def command(self) -> str:
        return f"harness run {self.plan} --profile {self.profile} --seed {self.seed}"


class Decision(msgspec.Struct, kw_only=True):
    """What one run says of a claim. `by`: the finding that refutes it, `CHECKER/REASON`, or the figure that does,
    `quantity/NAME`; `message`: in words, and `story`, one sentence an operation; `measured`: its figures; `why`: why
    nothing is decided."""

    status: Status
    profile: str
    runtime: str
    with_: list[str] = []
    without: list[str] = []
    mistake: bool = False
    by: str | None = None
    message: str = ""
    story: list[str] = []
    measured: list[Measured] = []
    why: str | None = None


class Audited(msgspec.Struct, kw_only=True):
    """One claim. `decision` is that of the audited profile; `sound` that of `hardened`; `broken` that of the system in
    which it is broken. `smaller`: a counter-example that is smaller than the claim's own plan."""

    id: str
    says: str
    section: str
    plan: str
    strictly: bool = False
    unkeepable: str | None = None
    seed: int
    decision: Decision
    sound: Decision
    broken: Decision
    smaller: Counterexample | None = None

    @property
    def flips(self) -> bool:
        """Is it decided as it should be, where the answer is known?"""
        kept = "REFUTED" if self.unkeepable else "HOLDS"
        return self.sound.status == kept and self.broken.status == "REFUTED"


Which = Literal["decision", "sound", "broken"]
_EACH: tuple[Which, ...] = ("decision", "sound", "broken")


@dataclass(frozen=True)
class _As:
    """What a run counts as. `finding`: as that; `at`: as a point of a growth; none of all: as what a ratio is to."""

    which: Which | None = None
    finding: FindingPlan | None = None
    at: float | None = None


@dataclass
class _Open:
    """A claim whose runs have not all ended. `without`: what a ratio is to, by profile; `points`: of a growth;
    `smaller`: by finding."""

    left: int
    played: dict[Which, tuple[Play, Played | Died]] = field(default_factory=dict)
    without: dict[str, Played | Died] = field(default_factory=dict)
    points: dict[Which, dict[float, Played | Died]] = field(default_factory=dict)
    smaller: list[tuple[FindingPlan, Played | Died]] = field(default_factory=list)

    def add(self, counts_as: _As, task: Play, played: Played | Died) -> None:
        if counts_as.which is not None and counts_as.at is not None:
            self.points.setdefault(counts_as.which, {})[counts_as.at] = played
        elif counts_as.which is not None:
            self.played[counts_as.which] = (task, played)
        elif counts_as.finding is not None:
            self.smaller.append((counts_as.finding, played))
        else:
            self.without[str(task.profile)] = played


class Audit:
    """`runs`: how many were played."""

    def __init__(
        self,
        claims: Sequence[Claim],
        profile: str,
        *,
        seed: int = 0,
        runtime: str = "sim",
        findings: Sequence[FindingPlan] = (),
    ) -> None:
        """`findings` are taken as counter-examples on their own profile alone. Raises `BadClaim` for a mistake without
        a place."""
        self._claims, self._profile, self._seed, self._runtime = claims, profile, seed, runtime
        self._findings = findings if profile == DOCUMENTED else ()
        self._numbers = itertools.count()
        self._tasks: list[tuple[Claim, _As, Play]] = [
            (claim, counts, task) for claim in claims for counts, task in self._of(claim)
        ]
        self.runs = 0
        self.interrupted = False

    @property
    def planned(self) -> int:
        return len(self._tasks)

    def play(self, jobs: int) -> Generator[Audited]:
        """Every claim when all its runs have ended. Ctrl-C ends it: what was decided stays."""
        of = {task.number: (claim, counts) for claim, counts, task in self._tasks}
        counts = Counter(claim.id for claim, _, _ in self._tasks)
        known = {name: _Open(count) for name, count in counts.items()}
        pool: Pool[Play, Played] = Pool(worker.play, min(jobs, max(1, self.planned)), home=lambda task: task.home)
        tasks = sorted((task for _, _, task in self._tasks), key=lambda task: (task.mutant is not None, task.number))
        try:
            with closing(pool.results(tasks)) as results:
                for task, played in results:
                    claim, counts_as = of[task.number]
                    self.runs += 1
                    one = known[claim.id]
                    one.left -= 1
                    one.add(counts_as, task, played)
                    if not one.left:
                        yield self._audited(claim, one)
        except KeyboardInterrupt:
            self.interrupted = True

    def _of(self, claim: Claim) -> Generator[tuple[_As, Play]]:
        """The runs of one claim, and as what they count."""
        words = claim.words
        for which, task in self._systems(claim):
            yield _As(which), task
            for at, text in claim.sizes:
                yield _As(which, at=at), msgspec.structs.replace(task, number=next(self._numbers), text=text)
        if any(quantity.ratio for quantity in words.quantities):
            for name in dict.fromkeys((self._profile, SOUND, claim.broken.profile or SOUND)):
                yield _As(), self._task(claim, name)
        for finding in self._findings:
            if claim.id in finding.refutes:
                yield _As(finding=finding), finding.play(next(self._numbers))

    def _systems(self, claim: Claim) -> Generator[tuple[Which, Play]]:
        """On what a claim is decided."""
        broken, about = claim.broken, tuple(claim.words.with_)
        yield "decision", self._task(claim, self._profile, about)
        if self._profile != SOUND or self._runtime != DEFAULT_RUNTIME:
            yield "sound", self._task(claim, SOUND, about, runtime=DEFAULT_RUNTIME)
        profile = broken.profile or SOUND
        with_ = tuple(broken.with_) if broken.with_ else about
        without = tuple(broken.without)
        yield "broken", self._task(claim, profile, with_, without, claim.mutant, runtime=DEFAULT_RUNTIME)

    def _task(
        self,
        claim: Claim,
        profile: str,
        with_: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
        mutant: Mutant | None = None,
        runtime: str | None = None,
    ) -> Play:
        return Play(
            number=next(self._numbers),
            runtime=runtime or self._runtime,
            name=claim.name,
            text=claim.text,
            folder=None,
            seed=self._seed,
            profile=profile,
            with_=with_,
            without=without,
            mutant=mutant,
            judged_as=SOUND if claim.words.strictly else None,
            figures=tuple(quantity.figure for quantity in claim.words.quantities),
        )

    def _audited(self, claim: Claim, one: _Open) -> Audited:
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
            seed=self._seed,
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


def _decided(claim: Claim, task: Play, played: Played | Died, beside: _Open, which: Which) -> Decision:
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


def in_words(one: Measured) -> str:
    """`latency/hit_p50_ms is 71.2, claimed at least 50 and at most 150`."""
    bounds = {"at least": one.at_least, "at most": one.at_most}
    claimed = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
    value = "not measured" if one.value is None else f"{one.value:.4g}"
    if one.growth is None:
        return f"{one.figure} is {value}{' of that without' if one.ratio else ''}, claimed {claimed}"
    seen = f" ({', '.join(f'{y:.4g} at {x:g}' for x, y in one.points)})" if one.points else ""
    return f"{one.figure} grows as {one.growth} to the power of {value}{seen}, claimed {claimed}"


def _doubt(played: Played) -> str | None:
    """A run that shows nothing, or was not played to its end, proves nothing."""
    if played.stalled is not None:
        return f"the run came to no end ({played.stalled})"
    return "the run showed too little" if played.verdict is Verdict.UNKNOWN else None
