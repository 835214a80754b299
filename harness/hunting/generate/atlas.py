"""What all runs so far came across, and where nobody has been.

A cell is looked at by its pairs: action and role with each of phase, job and call. Of all four at once there are tens
of thousands, of pairs some hundreds, which a night can fill.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from harness.hunting.generate.troubles import TROUBLES
from harness.hunting.met import CALLS, JOBS, PHASES

_ROLES_OF_RELAY = ("relay",)
_NEWS = 0.25  # what led to news weighs so much, beside 1 for what is overdue
_NEVER_TOLD = 12  # of what was never met, so much is told


class Atlas:
    """`pairs` counts what runs met, each pair once a run.

    Of the drafts among which one is chosen, `_drawn` counts every feature and `_chosen` those of the chosen ones, each
    in drafts. Without guidance both would grow alike; the difference is what chance left out so far.
    """

    def __init__(self) -> None:
        self.pairs: Counter[str] = Counter()
        self._drawn: defaultdict[str, float] = defaultdict(float)
        self._chosen: Counter[str] = Counter()
        self._runs: Counter[str] = Counter()  # feature → runs of drafts that have it
        self._news: Counter[str] = Counter()  # feature → pairs that were new in those runs

    def choose(self, drafts: Sequence[Sequence[str]]) -> list[int]:
        """Which of some drafts, each given by its features, to try first, second, …; does not count yet."""
        worths = [self.worth(features) for features in drafts]
        return sorted(range(len(drafts)), key=lambda one: worths[one], reverse=True)

    def chose(self, drafts: Sequence[Sequence[str]], chosen: Sequence[str]) -> None:
        """One of `drafts` will be played: what it is made of is less urgent from now on."""
        for features in drafts:
            for feature in set(features):
                self._drawn[feature] += 1 / len(drafts)
        self._chosen.update(set(chosen))

    def learn(self, features: Iterable[str], cells: Iterable[str]) -> None:
        """A run of a draft made of `features` met `cells`."""
        met = {pair for cell in cells for pair in pairs_of(cell)}
        new = sum(pair not in self.pairs for pair in met)
        self.pairs.update(met)
        for feature in set(features):
            self._runs[feature] += 1
            self._news[feature] += new

    def worth(self, features: Iterable[str]) -> float:
        """How much a draft promises, by the mean of its features: above 1 for what is overdue or led to news.

        What is rare by intention stays rare: a feature is overdue when it was chosen less often than it was drawn.
        """
        usual = (1 + sum(self._news.values())) / (1 + sum(self._runs.values()))
        each = [
            (1 + self._drawn[f]) / (1 + self._chosen[f])
            + _NEWS * (usual + self._news[f]) / (usual * (1 + self._runs[f]))
            for f in sorted(set(features))
        ]
        return sum(each) / len(each)

    def never(self) -> list[str]:
        """Pairs of the universe that nobody met, in a fixed order."""
        return [pair for pair in universe() if pair not in self.pairs]

    def told(self) -> str:
        """For people: how much was met, and what never was."""
        everything, never = list(universe()), self.never()
        share = (
            f"{len(everything) - len(never)} of {len(everything)} pairs of a fault and what it can fall upon were met"
        )
        if not never:
            return share
        shown = never[:: max(1, len(never) // _NEVER_TOLD)][:_NEVER_TOLD]
        more = f" and {len(never) - len(shown)} more" if len(never) > len(shown) else ""
        return f"{share}; never: {'; '.join(shown)}{more}"


def pairs_of(cell: str) -> Iterator[str]:
    action, phase, job, call = cell.split(" | ")
    yield f"{action} while {phase}"
    yield f"{action}, job {job}"
    yield f"{action} during {call}"


def universe() -> Iterator[str]:
    """What a hunt can hope to meet. Faults of stores befall desktops alone; a relay has no link of its own."""
    for action in dict.fromkeys(name.partition(" ")[0] for name in TROUBLES):
        for role in _BEFALLS.get(action, ("desktop", "mobile")):
            yield from (f"{action} {role} while {phase}" for phase in (PHASES if role != "relay" else ()))
            yield from (f"{action} {role}, job {job}" for job in JOBS[1:])
            yield from (f"{action} {role} during {call}" for call in CALLS[:7])


_BEFALLS = {
    **dict.fromkeys(("slow_disk", "disk_full"), ("desktop",)),
    **dict.fromkeys(("kill", "pause", "clock", "noise"), ("desktop", "mobile", *_ROLES_OF_RELAY)),
}
