"""The smallest plan that still fails in the same way.

`smallest` takes a run's schedule apart and away, run after run, and writes what the failure needs as a plan. Rooms:
`of_run` (all of it) · `explicit` (every call in a script, every occurrence a fault of its own) · `search` (tries, and
keeps the best, for all of a run's failures) · `clues` (what a finding tells of itself) · `narrow` (guesses by that) ·
`passes` (what is tried, in which order) · `fewest` (which of many things are needed) · `values`,
`steps`, `texts` (plainer calls and faults, shorter texts) · `times` (nearer and rounder) · `writing` (a schedule as
the plan that expands to it).

Everything is tried in the simulator, where a run is a function of its schedule: what fails once fails always.

May use: `harness/plan`, `harness/plan/text`, `harness/plan/times`, `harness/plan/words`, `harness/runs`,
`harness/runtimes`, `harness/workload`, `harness`, `faults`, `targets`.
"""

from __future__ import annotations

from harness.shrink.clues import Clue, clues
from harness.shrink.explicit import Unwritable
from harness.shrink.of_run import Minimal, NotShrinkable, OutOfTime, smallest
from harness.shrink.search import RUNS, Tries, Wanted

__all__ = [
    "RUNS",
    "Clue",
    "Minimal",
    "NotShrinkable",
    "OutOfTime",
    "Tries",
    "Unwritable",
    "Wanted",
    "clues",
    "smallest",
]
