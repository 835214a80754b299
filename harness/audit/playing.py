"""The runs of an audit: which systems each claim is played on, and as what each run counts.

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
from collections.abc import Generator, Sequence
from contextlib import closing

import msgspec

from harness.audit.audited import Audited
from harness.audit.claims import Claim
from harness.audit.deciding import CountsAs, Open, Which, audited
from harness.audit.shown import DOCUMENTED, FindingPlan
from harness.hunting.mutants import worker
from harness.hunting.mutants.task import Mutant, Play, Played
from harness.hunting.pool import Pool
from harness.runs.keep import DEFAULT_RUNTIME

SOUND = "hardened"


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
        self._tasks: list[tuple[Claim, CountsAs, Play]] = [
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
        known = {name: Open(count) for name, count in counts.items()}
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
                        yield audited(claim, self._seed, one)
        except KeyboardInterrupt:
            self.interrupted = True

    def _of(self, claim: Claim) -> Generator[tuple[CountsAs, Play]]:
        """The runs of one claim, and as what they count."""
        words = claim.words
        for which, task in self._systems(claim):
            yield CountsAs(which), task
            for at, text in claim.sizes:
                yield CountsAs(which, at=at), msgspec.structs.replace(task, number=next(self._numbers), text=text)
        if any(quantity.ratio for quantity in words.quantities):
            for name in dict.fromkeys((self._profile, SOUND, claim.broken.profile or SOUND)):
                yield CountsAs(), self._task(claim, name)
        for finding in self._findings:
            if claim.id in finding.refutes:
                yield CountsAs(finding=finding), finding.play(next(self._numbers))

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
