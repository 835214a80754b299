"""What all runs so far came across, and where nobody has been.

A cell is looked at by its pairs: action and role with each of phase, job and call. Of all four at once there are tens
of thousands, of pairs some hundreds, which a night can fill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from harness.hunting.generate.troubles import TROUBLES
from harness.hunting.met import CALLS, JOBS, PHASES

_ROLES_OF_RELAY = ("relay",)
_NEVER_TOLD = 12  # of what was never met, so much is told


class Atlas:
    """`features` are what drafts were made of, `pairs` what their runs met; both are counted by runs."""

    def __init__(self) -> None:
        self.features: Counter[str] = Counter()
        self.pairs: Counter[str] = Counter()
        self._yields: Counter[str] = Counter()  # feature → pairs that were new in its runs

    def learn(self, features: Iterable[str], cells: Iterable[str]) -> None:
        """A run of a draft made of `features` met `cells`."""
        met = {pair for cell in cells for pair in pairs_of(cell)}
        new = sum(pair not in self.pairs for pair in met)
        self.pairs.update(met)
        for feature in set(features):
            self.features[feature] += 1
            self._yields[feature] += new

    def worth(self, features: Iterable[str]) -> float:
        """How much a draft promises: what was seldom tried counts most, then what led to news."""
        return sum((1 + self._yields[f] / (1 + self.features[f])) / (1 + self.features[f]) for f in set(features))

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
