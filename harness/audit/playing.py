"""The runs of an audit, and what they decide.

A claim is played three times: on the profile that is audited, on `hardened`, and on a system in which it is broken.
That it `flips` means that it holds on `hardened` and is refuted where it is broken.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Literal

import msgspec

from harness.audit.claims import Claim
from harness.hunting.mutants import worker
from harness.hunting.mutants.task import Mutant, Play, Played
from harness.hunting.pool import Died, Pool
from harness.verdict import Verdict

Status = Literal["HOLDS", "REFUTED", "UNDECIDED"]
SOUND = "hardened"


class Decision(msgspec.Struct, kw_only=True):
    """What one run says of a claim. `by`: the finding that refutes it, `CHECKER/REASON`; `message`: in words; `why`:
    why nothing is decided."""

    status: Status
    profile: str
    with_: list[str] = []
    without: list[str] = []
    mistake: bool = False
    by: str | None = None
    message: str = ""
    why: str | None = None


class Audited(msgspec.Struct, kw_only=True):
    """One claim. `decision` is that of the audited profile; `sound` that of `hardened`; `broken` that of the system in
    which it is broken."""

    id: str
    says: str
    section: str
    plan: str
    strictly: bool = False
    seed: int
    decision: Decision
    sound: Decision
    broken: Decision

    @property
    def flips(self) -> bool:
        return self.sound.status == "HOLDS" and self.broken.status == "REFUTED"


Which = Literal["decision", "sound", "broken"]
_EACH: tuple[Which, ...] = ("decision", "sound", "broken")


class Audit:
    """`runs`: how many were played."""

    def __init__(self, claims: Sequence[Claim], profile: str, *, seed: int = 0, runtime: str = "sim") -> None:
        """Raises `BadClaim` for a mistake without a place."""
        self._claims, self._profile, self._seed, self._runtime = claims, profile, seed, runtime
        self._numbers = itertools.count()
        self._tasks: list[tuple[Claim, Which, Play]] = [
            (claim, which, task) for claim in claims for which, task in self._of(claim)
        ]
        self.runs = 0
        self.interrupted = False

    @property
    def planned(self) -> int:
        return len(self._tasks)

    def play(self, jobs: int) -> Generator[Audited]:
        """Every claim when all its runs have ended. Ctrl-C ends it: what was decided stays."""
        known: dict[str, dict[Which, Decision]] = {}
        of = {task.number: (claim, which) for claim, which, task in self._tasks}
        pool: Pool[Play, Played] = Pool(worker.play, min(jobs, max(1, self.planned)), home=lambda task: task.home)
        tasks = sorted((task for _, _, task in self._tasks), key=lambda task: (task.mutant is not None, task.number))
        try:
            with closing(pool.results(tasks)) as results:
                for task, played in results:
                    claim, which = of[task.number]
                    self.runs += 1
                    decisions = known.setdefault(claim.id, {})
                    decisions[which] = _decided(claim, task, played)
                    if which == "decision" and self._profile == SOUND:
                        decisions["sound"] = decisions[which]
                    if len(decisions) == 3:
                        yield self._audited(claim, decisions)
        except KeyboardInterrupt:
            self.interrupted = True

    def _of(self, claim: Claim) -> list[tuple[Which, Play]]:
        broken = claim.broken
        found: list[tuple[Which, Play]] = [("decision", self._task(claim, self._profile))]
        if self._profile != SOUND:
            found.append(("sound", self._task(claim, SOUND)))
        swaps = tuple(broken.with_), tuple(broken.without)
        found.append(("broken", self._task(claim, broken.profile or SOUND, *swaps, claim.mutant)))
        return found

    def _task(
        self,
        claim: Claim,
        profile: str,
        with_: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
        mutant: Mutant | None = None,
    ) -> Play:
        return Play(
            number=next(self._numbers),
            runtime=self._runtime,
            name=claim.name,
            text=claim.text,
            folder=None,
            seed=self._seed,
            profile=profile,
            with_=with_,
            without=without,
            mutant=mutant,
            judged_as=SOUND if claim.words.strictly else None,
        )

    def _audited(self, claim: Claim, decisions: dict[Which, Decision]) -> Audited:
        words, (decision, sound, broken) = claim.words, (decisions[w] for w in _EACH)
        return Audited(
            id=words.id,
            says=words.says,
            section=words.section,
            plan=claim.name,
            strictly=words.strictly,
            seed=self._seed,
            decision=decision,
            sound=sound,
            broken=broken,
        )


def _decided(claim: Claim, task: Play, played: Played | Died) -> Decision:
    decision = Decision(
        status="UNDECIDED",
        profile=str(task.profile),
        with_=list(task.with_),
        without=list(task.without),
        mistake=task.mutant is not None,
    )
    if isinstance(played, Died) or played.refused is not None:
        decision.why = played.why if isinstance(played, Died) else played.refused
        return decision
    refuting = claim.refuting(played.signatures)
    if refuting is not None:
        decision.status, decision.by = "REFUTED", "/".join(refuting)
        decision.message = played.told.get(refuting[0], "")
        return decision
    decision.why = claim.missing(played.judged, played.delivered) or _doubt(played)
    decision.status = "UNDECIDED" if decision.why else "HOLDS"
    return decision


def _doubt(played: Played) -> str | None:
    """A run that shows nothing, or was not played to its end, proves nothing."""
    if played.stalled is not None:
        return f"the run came to no end ({played.stalled})"
    return "the run showed too little" if played.verdict is Verdict.UNKNOWN else None
