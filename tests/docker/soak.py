"""Every ablation, edge and regression on real sockets: the same answer as in the simulator, for every profile it names.

    .venv/bin/python tests/docker/soak.py [--runtime NAME] [--times N] [--keep DIRECTORY] [GLOB…]     (make soak)

One line a plan and profile. `same`: the verdict is the simulator's, and what is INVALID is so by a checker and a reason
that the simulator gives as well (a loaded machine may show more of what a weaker system does wrong). `UNKNOWN`: what
only real time can spoil, with its reason; such a run is repeated. `DIFFERS`: anything else, told with both answers;
then it ends with 1.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import plan, registry
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime, RuntimeUnavailable, cannot_start
from harness.verdict import Verdict

FOLDERS = ("ablations/", "edge/", "regressions/")
_REPEATED = 3  # times that a run is made when it is UNKNOWN
Signature = tuple[str, str]


@dataclass
class Case:
    """A plan under one of the profiles that it expects something of."""

    plan: str
    profile: str

    def play(self, runtime: Runtime, directory: Path | None = None) -> RunResult:
        loaded = plan.load(self.plan)
        profile, with_, without = plan.split_profile(self.profile)
        schedule = plan.expand(loaded, None, profile=profile, with_=with_, without=without, runtime_verbs=runtime.VERBS)
        if directory is not None:
            directory.mkdir(parents=True)
        return execute(schedule, runtime, directory=directory)


def cases(globs: list[str]) -> Iterator[Case]:
    for name in sorted(n for n in registry.names("plan") if n.startswith(FOLDERS)):
        if not globs or any(fnmatch.fnmatch(name, glob) for glob in globs):
            for profile in sorted(plan.load(name).words.expect, key=len):
                yield Case(name, profile)


def told(result: RunResult) -> str:
    found = [f"{check}: {reason}" for check, reason in result.signatures]
    if result.verdict is Verdict.UNKNOWN:
        found = [f"{r.check}: {r.reason} ({r.message})" for r in result.results if r.verdict is Verdict.UNKNOWN]
    return " ".join([str(result.verdict), *found])


def compared(real: RunResult, simulated: RunResult) -> str:
    if real.verdict is Verdict.UNKNOWN:
        return "UNKNOWN"
    mine, its = set(real.signatures), set(simulated.signatures)
    same = real.verdict is simulated.verdict and (bool(mine & its) or not mine | its)
    return "same" if same else "DIFFERS"


def judge(case: Case, runtime: str, times: int, keep: Path | None) -> list[str]:
    """What came of each run, in words."""
    sim, there = (registry.find("runtime", name) for name in ("sim", runtime))
    try:
        schedule = plan.expand(plan.load(case.plan), None, runtime_verbs=there.VERBS)
    except plan.PlanErrors as exc:
        return [f"cannot be run there: {exc}".splitlines()[0]]
    if refused := cannot_start(there, schedule.system):
        return [f"cannot be run there: {refused[0]}"]
    simulated, said, made = case.play(sim), [], 0
    while made < times:
        made += 1
        where = keep / f"{case.plan}@{case.profile}@{time.time_ns()}".replace("/", "_") if keep is not None else None
        began_s = time.monotonic()
        real = case.play(there, where)
        how = compared(real, simulated)
        more = f", not {told(simulated)}" if how == "DIFFERS" else ""
        said.append(f"{how}  {told(real)}{more}  [{time.monotonic() - began_s:.0f} s]")
        if how == "UNKNOWN" and made == times < _REPEATED:
            times += 1
    return said


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--runtime", default="docker")
    options.add_argument("--times", type=int, default=1)
    options.add_argument("--keep", type=Path, default=None)
    options.add_argument("globs", nargs="*")
    given = options.parse_args()
    differ = 0
    for case in cases(given.globs):
        try:
            lines = judge(case, given.runtime, given.times, given.keep)
        except RuntimeUnavailable as exc:
            lines = [f"DIFFERS  it does not start: {exc}"]
        for line in lines:
            differ += line.startswith("DIFFERS")
            print(f"{case.plan:42} {case.profile:55} {line}", flush=True)
    print(f"{differ} differ" if differ else "none differs")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
