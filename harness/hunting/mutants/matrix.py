"""What became of mutants: mutant × first run, and what they add up to."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from harness.hunting.mutants.task import Mutant

Outcome = Literal["found", "crash", "stall", "survived", "does-not-start", "equivalent", "unfinished"]
NOTICED: frozenset[Outcome] = frozenset({"found", "crash", "stall"})
JUDGED: frozenset[Outcome] = frozenset({*NOTICED, "survived"})


class Fate(msgspec.Struct, kw_only=True):
    """What became of one mutant.

    `outcome`: `found` a checker said INVALID · `crash` a component broke, and no checker spoke · `stall` a run that
    never ended, or stood still · `survived` nothing of it in any run · `does-not-start` told at once, no mistake that
    a hunt is for · `equivalent` judged before to change nothing, with the `reason` · `unfinished` there was no time.
    `check`, `reason`, `message`, `plan` and `seed` are those of the run that showed it, `run` its place (from 1) in
    the campaign's order. `tries`: runs played that came to the line; `reaching`: how many of the campaign's do.
    """

    mutant: Mutant
    diff: str
    outcome: Outcome = "unfinished"
    check: str | None = None
    reason: str | None = None
    message: str = ""
    plan: str | None = None
    seed: int | None = None
    run: int | None = None
    tries: int = 0
    reaching: int = 0
    differing: int = 0
    seconds: float = 0.0


class Summary(msgspec.Struct, kw_only=True):
    """`judged`: found, crashed, stalled and survived; `percent`: of them, those that did not survive.
    `median_try`: of the first run that showed it, counting those that came to the line; None: none was found."""

    judged: int
    found: int
    crashed: int
    stalled: int
    survived: int
    equivalent: int
    not_starting: int
    unfinished: int
    percent: float
    median_try: float | None


def summary(fates: Sequence[Fate]) -> Summary:
    count = Counter(fate.outcome for fate in fates)
    judged = sum(count[outcome] for outcome in JUDGED)
    noticed = [fate.tries for fate in fates if fate.outcome in NOTICED]
    return Summary(
        judged=judged,
        found=count["found"],
        crashed=count["crash"],
        stalled=count["stall"],
        survived=count["survived"],
        equivalent=count["equivalent"],
        not_starting=count["does-not-start"],
        unfinished=count["unfinished"],
        percent=round(100 * len(noticed) / judged, 1) if judged else 0.0,
        median_try=statistics.median(noticed) if noticed else None,
    )
