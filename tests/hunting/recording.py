"""The seeds that the plans under `configs/ablations/` record: the first at which the loss of their safeguard shows.

    python tests/hunting/recording.py [NAME…]        records them anew where they no longer hold (`make seeds`)

A seed moves whenever a run does: with the words of its plan, with the workload, with the system under test. A plan of
which no seed shows the loss is told, and left as it is.
"""

from __future__ import annotations

import re
import sys

from harness import plan as plans
from harness import registry
from harness.hunting import ablations
from harness.hunting.ablations import Ablation
from harness.runs.run import execute
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")


def shows(found: Ablation, seed: int) -> bool:
    """With this seed: is the base silent, and does the checker say INVALID without the safeguard?"""
    verdicts = []
    for without in (found.without, found.base):
        schedule = plans.expand(plans.load(found.plan), seed, without=without, runtime_verbs=SIM.VERBS)
        result = execute(schedule, SIM)
        verdicts.append(result.verdict)
        if without == found.without and found.check not in {
            r.check for r in result.results if r.verdict is Verdict.INVALID
        }:
            return False
    return verdicts == [Verdict.INVALID, Verdict.VALID]


def record(found: Ablation, seed: int) -> None:
    path = plans.find(found.plan)
    path.write_text(re.sub(r"(?m)^seed: \d+$", f"seed: {seed}", path.read_text(), count=1))


def main(names: list[str]) -> int:
    """How many plans no longer show anything."""
    lost = 0
    for name, found in ablations.shown().items():
        if (names and name not in names) or shows(found, found.seed):
            continue
        seed = next((seed for seed in ablations.SEEDS if shows(found, seed)), None)
        if seed is None:
            lost += 1
        else:
            record(found, seed)
        sys.stdout.write(f"{found.plan}: {found.seed} -> {'none' if seed is None else seed}\n")
        sys.stdout.flush()
    return lost


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
