"""Fifty runs of the unattended plans on real sockets: a correct system stays VALID, and nothing is left over.

    .venv/bin/python tests/docker/fifty.py [--runtime NAME] [--runs N] [--keep DIRECTORY]     (make soak-docker)

One line a run. It ends with 1 if a run is INVALID, if more than one in fifty is UNKNOWN, or if something of a run is
left on the machine. The last lines say how long starting and stopping took.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from soak import told

from harness import plan, registry
from harness.runs.run import execute
from harness.runtimes import Diagnoses, Runtime, cannot_start
from harness.schedule import Schedule
from harness.verdict import Verdict

_MOST_UNKNOWN = 1 / 50


def schedules(runtime: Runtime) -> Iterator[tuple[str, int, Schedule]]:
    """Every plan that can be played there with one seed, then with the next."""
    names = sorted(name for name in registry.names("plan") if name.startswith("nightly/"))
    for seed in count():
        for name in names:
            try:
                found = plan.expand_on(runtime, plan.load(name), seed)
            except plan.PlanErrors:
                continue
            if not cannot_start(runtime, found.system):
                yield name, seed, found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--runtime", default="docker")
    options.add_argument("--runs", type=int, default=50)
    options.add_argument("--keep", type=Path, default=None)
    given = options.parse_args()
    runtime: Runtime = registry.find("runtime", given.runtime)
    verdicts: Counter[Verdict] = Counter()
    phases: dict[str, list[float]] = {"start": [], "stop": []}
    for name, seed, found in islice(schedules(runtime), given.runs):
        where = given.keep / f"{name}@{seed}@{time.time_ns()}".replace("/", "_") if given.keep is not None else None
        if where is not None:
            where.mkdir(parents=True)
        result = execute(found, runtime, directory=where)
        verdicts[result.verdict] += 1
        for phase, times in phases.items():
            times.append(result.phases.get(phase, 0.0))
        print(f"{name:42} seed {seed}  {told(result)}", flush=True)
    checks = runtime.diagnose() if isinstance(runtime, Diagnoses) else []
    left = [check for check in checks if check.is_leftover and not check.ok]
    for phase, times in phases.items():
        print(f"{phase}: {statistics.median(times):.2f} s in the middle, {max(times):.2f} s at most")
    print(", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()), *(f"left: {check.detail}" for check in left))
    spoilt = verdicts[Verdict.UNKNOWN] > max(1, given.runs * _MOST_UNKNOWN)
    return 1 if verdicts[Verdict.INVALID] or spoilt or left else 0


if __name__ == "__main__":
    sys.exit(main())
