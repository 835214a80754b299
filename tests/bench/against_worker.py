"""What `against` measures on one tree, in a process of its own: it prints figures as one line of JSON.

It speaks only to what trees of different ages have in common.
"""

from __future__ import annotations

import cProfile
import importlib
import inspect
import json
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import parts

from harness import plan as plans
from harness import registry, shrink
from harness.verdict import Verdict


def _room(*names: str) -> Any:
    """The module, by the first of its names that this tree knows."""
    for name in names[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(names[-1])


execute = _room("harness.runs.run", "harness.run").execute
check = _room("harness.judging.checking", "harness.checking").check
SIM = registry.find("runtime", "sim")
_RUNS = 4
_READY = (
    f"import time, {execute.__module__}; "
    "from harness import registry; [registry.find(k, n) for k in ('fault', 'checker') for n in registry.names(k)]; "
    "registry.find('runtime', 'sim'); print(time.process_time())"
)


def _schedule(plan: str, seed: int, profile: str | None = None) -> Any:
    return plans.expand(plans.load(plan), seed, profile=profile, runtime_verbs=SIM.VERBS)


def runs(plan: str) -> dict[str, float]:
    """CPU µs of a message, whole and of the judging alone."""
    execute(_schedule(plan, 100), SIM)
    spent_s = judged_s = 0.0
    messages = 0
    for seed in range(_RUNS):
        schedule = _schedule(plan, seed)
        began_s = time.process_time()
        result = execute(schedule, SIM)
        spent_s += time.process_time() - began_s
        assert result.history is not None
        began_s = time.process_time()
        check(result.history)
        judged_s += time.process_time() - began_s
        messages += sum(tap.side == "in" for tap in result.history.taps)
    return {plan: 1e6 * spent_s / messages, f"  {plan}, judging": 1e6 * judged_s / messages}


def shares(plan: str) -> dict[str, float]:
    """Shares of a run's CPU, in per cent, as a profiler sees them."""
    profile = cProfile.Profile()
    schedules = [_schedule(plan, seed) for seed in range(_RUNS)]
    execute(schedules[0], SIM)
    profile.runcall(lambda: [execute(schedule, SIM) for schedule in schedules])
    spent_s = parts.seconds(profile)
    return {name: 100 * part_s / sum(spent_s.values()) for name, part_s in spent_s.items()}


def command(*words: str) -> dict[str, float]:
    """CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "harness", *words], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def one(plan: str) -> dict[str, float]:
    """CPU seconds of a run by itself, everything imported."""
    schedule = _schedule(plan, 0)
    execute(schedule, SIM)
    began_s = time.process_time()
    execute(schedule, SIM)
    return {"s": time.process_time() - began_s}


def worker() -> dict[str, float]:
    """CPU seconds until a worker of a hunt could play."""
    done = subprocess.run([sys.executable, "-c", _READY], capture_output=True, text=True, check=True)
    return {"a worker is ready": float(done.stdout)}


def shrinking(count: str) -> dict[str, float]:
    """What it takes to make the failures of so many runs small, each kind once."""
    seen: set[tuple[str, str]] = set()
    needed: list[int] = []
    sizes: list[int] = []
    played_s = spent_s = 0.0
    for name in sorted(n for n in registry.names("plan") if n.startswith("nightly/"))[:: 96 // int(count)]:
        began_s = time.process_time()
        schedule = _schedule(name, 0, "documented")
        result = execute(schedule, SIM)
        played_s += time.process_time() - began_s
        new = [s for s in result.signatures if s not in seen] if result.verdict is Verdict.INVALID else []
        seen.update(new)
        began_s = time.process_time()
        for found in _smallest(name, schedule, result, new):
            needed.append(found.runs)
            sizes.append(found.calls + found.faults)
        spent_s += time.process_time() - began_s
    return {
        "kinds of failure": len(needed),
        "CPU seconds of their runs": played_s,
        "CPU seconds of shrinking": spent_s,
        "CPU seconds of a kind": spent_s / len(needed),
        "runs of a kind, median": statistics.median(needed),
        "calls and faults, mean": statistics.mean(sizes),
    }


def _smallest(name: str, schedule: Any, result: Any, new: list[tuple[str, str]]) -> list[Any]:
    text = plans.find(name).read_text(encoding="utf-8")
    knows = "tries" in inspect.signature(shrink.smallest).parameters
    tries = shrink.Tries(shrink.Wanted(*s) for s in new) if knows else None
    clues = shrink.clues(result.results, result.history) if knows else {}
    found = []
    for signature in new:
        more = {"tries": tries, "clue": clues.get(signature)} if knows else {}
        try:
            found.append(shrink.smallest(schedule, text, shrink.Wanted(*signature), SIM, most_runs=300, **more))
        except (shrink.NotShrinkable, shrink.Unwritable):
            continue
    return found


if __name__ == "__main__":
    measures = {f.__name__: f for f in (runs, shares, command, one, worker, shrinking)}
    sys.stdout.write(json.dumps(measures[sys.argv[1]](*sys.argv[2:])) + "\n")
