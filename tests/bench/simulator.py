"""How fast the simulator is, and where the time goes.

    python tests/bench/simulator.py                  everything (a few minutes)
    python tests/bench/simulator.py kernel product   some parts of it

Figures are CPU time of this process, median of several rounds: on a machine that does other things as well they are
pessimistic, and the ratios are what to compare. A line ends with what is asked for and whether it is met.
"""

from __future__ import annotations

import cProfile
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import parts
import toy

from harness import plan as plans
from harness import registry
from harness.runs.run import execute
from harness.schedule import Schedule

SIM = registry.find("runtime", "sim")
ROUNDS = 5
RANDOM_PER_S, STANDARD_MS, PRODUCT_SHARE, SCALING = 100.0, 45.0, 1 / 3, 0.95
MEMORY_SEEDS, MEMORY_GROWTH = 3000, 1.05


def say(what: str, figure: str, asked: str = "", met: bool | None = None) -> None:
    mark = "" if met is None else ("   met" if met else "   NOT met")
    sys.stdout.write(f"  {what:<46} {figure:>16}   {asked}{mark}\n")
    sys.stdout.flush()


def cpu_s(work: Callable[[], Any]) -> float:
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


def median_s(work: Callable[[int], Any]) -> float:
    """Median CPU seconds of `work(round)`; the first round only warms up."""
    return statistics.median([cpu_s(lambda number=number: work(number)) for number in range(ROUNDS + 1)][1:])


# ---- kernel ---------------------------------------------------------------------------------------------------------


def _toys(first: int, count: int) -> None:
    for number in range(first, first + count):
        assert toy.play(toy.random_plan(number), number).right, number


def kernel() -> float:
    """Random toy plans a second."""
    per_s = 40 / median_s(lambda number: _toys(40 * number, 40))
    say("random 40 s toy plans", f"{per_s:.0f}/s", f">= {RANDOM_PER_S:.0f}/s on a quiet machine", per_s >= RANDOM_PER_S)
    standard = toy.standard_plan()
    ms = 1e3 * median_s(lambda number: toy.play(standard, number))
    say("60 s, 500 chunks, 3 reconnects, a partition", f"{ms:.1f} ms", f"<= {STANDARD_MS:.0f} ms", ms <= STANDARD_MS)
    return per_s


# ---- the whole product ----------------------------------------------------------------------------------------------

_ACTIONS: dict[str, dict[str, Any]] = {
    "hold": {"action": "partition", "links": ["{0}<->relay"]},
    "one-way": {"action": "partition", "links": ["relay->{0}"]},
    "delay": {"action": "delay", "links": ["{0}<->relay"], "latency": "100ms", "jitter": "30ms"},
    "duplicate": {"action": "duplicate", "links": ["relay->{0}"], "chance": "30%", "delay": "50ms"},
}


def product_plan(number: int) -> Schedule:
    """The toy's random plan as one of the product: 40 s, as many chunks and calls, the same faults."""
    drawn = toy.random_plan(number)
    words = {
        "version": 1,
        "duration": "40s",
        "topology": "one-user",
        "timing": {"scale": 6},  # pings every 5 s, as the toy's
        "workload": {"jobs": 3, "rate": f"{drawn.chunks / 40:g}/s", "mobile_rate": "15/m", "ends_in_fault": 0},
        "faults": [{"name": f"f{n}", **_fault(trouble)} for n, trouble in enumerate(drawn.faults)],
    }
    return plans.expand(plans.parse(json.dumps(words)), number, runtime_verbs=SIM.VERBS)


def _fault(trouble: toy.Trouble) -> dict[str, Any]:
    node, lasts = f"{trouble.client}-1", f"{round(trouble.for_s * 1000)}ms"
    at = {"at": f"{round(min(trouble.at_s, 29.0) * 1000)}ms"}
    if trouble.kind not in _ACTIONS:
        return {"action": "reconnect", "clients": [node], "how": trouble.kind, "downtime": lasts, **at}
    said = dict(_ACTIONS[trouble.kind])
    return {**said, "links": [link.format(node) for link in said["links"]], "for": lasts, **at}


def _executed(schedules: Iterable[Schedule]) -> None:
    for schedule in schedules:
        result = execute(schedule, SIM)
        assert not result.ailments and not result.signatures, (schedule.seed, result.signatures, result.ailments)


def quickstart(seed: int) -> Schedule:
    return plans.expand(plans.load("quickstart"), seed, runtime_verbs=SIM.VERBS)


def product(kernel_per_s: float | None) -> None:
    toys = kernel_per_s or 40 / median_s(lambda number: _toys(40 * number, 40))
    schedules = [product_plan(number) for number in range(20 * (ROUNDS + 1))]
    per_s = 20 / median_s(lambda number: _executed(schedules[20 * number : 20 * number + 20]))
    share = per_s / toys
    say("the same plans, whole, recorded and checked", f"{per_s:.0f}/s")
    say("  of the kernel's rate", f"{share:.2f}", f">= {PRODUCT_SHARE:.2f}", share >= PRODUCT_SHARE)
    ten = [quickstart(seed) for seed in range(10)]
    say("quickstart", f"{10 / median_s(lambda number: _executed(ten)):.0f}/s")


# ---- cost by part ---------------------------------------------------------------------------------------------------


def cost(runs: int = 20) -> None:
    """cProfile of quickstart runs; it makes small functions look dearer than they are."""
    schedules = [quickstart(seed) for seed in range(runs)]
    _executed(schedules[:1])
    profile = cProfile.Profile()
    profile.runcall(_executed, schedules)
    seconds = parts.seconds(profile)
    whole_s = sum(seconds.values())
    for name, spent_s in sorted(seconds.items(), key=lambda item: -item[1]):
        say(name, f"{100 * spent_s / whole_s:.0f} %")


# ---- several processes ----------------------------------------------------------------------------------------------


def _count(_: int) -> None:
    total = 0
    for number in range(3_000_000):
        total += number % 7


def _quickstarts(first: int) -> None:
    _executed(quickstart(seed) for seed in range(first, first + 25))


def scaling() -> None:
    """Two processes at once against one, for the product and for a loop that needs nothing but the processor."""
    control, ours = _speed_up(_count), _speed_up(_quickstarts)
    ratio = ours / control
    say("two processes against one: a counting loop", f"{control:.2f}")
    say("  quickstart runs", f"{ours:.2f}")
    say("  of the loop's", f"{ratio:.2f}", f">= {SCALING:.2f}", ratio >= SCALING)


def _speed_up(work: Callable[[int], None]) -> float:
    """Turns of one process and of two alternate, so that both meet the same machine."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(work, [0, 0], chunksize=1)
        alone, both = [], []
        for turn in range(ROUNDS):
            alone.append(_wall_s(lambda turn=turn: pool.map(work, [turn], chunksize=1)))
            both.append(_wall_s(lambda turn=turn: pool.map(work, [turn, turn], chunksize=1)))
    return 2 * statistics.median(alone) / statistics.median(both)


def _wall_s(work: Callable[[], Any]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


# ---- memory ---------------------------------------------------------------------------------------------------------


def memory() -> None:
    found = plans.load("edge/duplicate-events")
    after: dict[int, float] = {}
    for seed in range(MEMORY_SEEDS):
        _executed([plans.expand(found, seed, runtime_verbs=SIM.VERBS)])
        if seed + 1 in (MEMORY_SEEDS // 10, MEMORY_SEEDS):
            after[seed + 1] = _resident_mb()
    first, last = after.values()
    say(f"resident memory after {MEMORY_SEEDS // 10} seeds", f"{first:.1f} MB")
    say(f"  after {MEMORY_SEEDS}", f"{last:.1f} MB", f"<= {MEMORY_GROWTH:.2f} times", last <= MEMORY_GROWTH * first)


def _resident_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main(chosen: list[str]) -> None:
    kernel_per_s: float | None = None
    for name in chosen or ["kernel", "product", "cost", "scaling", "memory"]:
        sys.stdout.write(f"{name}\n")
        if name == "kernel":
            kernel_per_s = kernel()
        elif name == "product":
            product(kernel_per_s)
        else:
            {"cost": cost, "scaling": scaling, "memory": memory}[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
