"""Plan after plan, from single faults to everything at once, steered by what earlier runs met."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from harness import plan as plans
from harness.hunting.generate.atlas import Atlas
from harness.hunting.generate.drafts import Draft, draft
from harness.seeds import spread, stream

_CANDIDATES = 6  # drafts among which the atlas chooses
_BLOCK = 32  # plans that are drawn with the same atlas
_PEACE = 0.2
_ATTEMPTS = 50


class Written(NamedTuple):
    """A plan as it is read: its name and its text."""

    name: str
    text: str


class Generator:
    """Writes the plan of each seed, in the order of a campaign's numbers.

    Plans know what earlier ones are made of. What runs met is known of the blocks before the last one, whose runs may
    be under way. So what is written depends on seeds alone, as long as no run takes longer than a whole block; and a
    plan is stored with its run, which never needs the atlas again.
    """

    def __init__(
        self, seeds: Sequence[int], *, guided: bool = True, staged: bool = True, topology: str | None = None
    ) -> None:
        """`staged`: single faults come first, then pairs, then everything at once; otherwise a plan's seed says that,
        too. Neither guided nor staged, a plan depends on its seed alone, whichever others there are."""
        self._seeds, self._guided, self._staged, self._topology = seeds, guided, staged, topology
        self.atlas = Atlas()  # of everything
        self._past = Atlas()  # what the plan that is written now knows
        self._block = 0
        self._features: dict[int, tuple[str, ...]] = {}  # by number, of runs that are under way
        self._met: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}  # by number, not yet in the past

    def plan(self, number: int) -> Written:
        """The plan of the run `number`."""
        self._turn_to(number // _BLOCK)
        seed = self._seeds[number]
        random = stream(seed, "generated")
        count = self._troubles(number, random)
        best = self._draft(count, random)
        self._features[number] = best.features
        return Written(f"generated-{seed}", best.text)

    def features_of(self, number: int) -> tuple[str, ...]:
        """What the plan of a run that is under way is made of."""
        return self._features[number]

    def learn(self, number: int, met: Sequence[str]) -> None:
        """What the run `number` came across, as cells (see `met`)."""
        features = self._features.pop(number, None)
        if features is not None:
            self.atlas.learn(features, met)
            self._met[number] = (features, tuple(met))

    def _turn_to(self, block: int) -> None:
        if block > self._block:
            self._block = block
            for number in sorted(n for n in self._met if n // _BLOCK < block - 1):
                self._past.learn(*self._met.pop(number))

    def _troubles(self, number: int, random: Random) -> int:
        """Single faults, then pairs, then everything for the last fifth; peace now and then."""
        several = random.randint(3, 6)
        seed = self._seeds[number]
        if spread("generated", "peace", seed) < _PEACE:
            return 0
        done = number / len(self._seeds) if self._staged else spread("generated", "stage", seed)
        return 1 if done < 0.5 else 2 if done < 0.8 else several

    def _draft(self, count: int, random: Random) -> Draft:
        """Of some drafts the one that is worth most; nearly all make sense."""
        for _ in range(_ATTEMPTS):
            drafts = [draft(count, random, self._topology) for _ in range(_CANDIDATES if self._guided else 1)]
            features = [one.features for one in drafts]
            for place in self._past.choose(features):
                if _makes_sense(drafts[place]):
                    self._past.chose(features, features[place])
                    return drafts[place]
        raise AssertionError(f"no plan in {_ATTEMPTS} drafts of {count} faults makes sense")


def _makes_sense(found: Draft) -> bool:
    try:
        plans.parse(found.text, "generated")
    except plans.PlanErrors:
        return False
    return True
