"""Plans drawn by a number: any registered faults, as their examples say, at any times, over a small workload."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import yaml

from harness import plan, registry
from harness.runs.run import execute
from harness.schedule import Schedule
from harness.seeds import stream

SIM = registry.find("runtime", "sim")
DURATION_MS = 3000


def random_plan(number: int) -> dict[str, Any]:
    """The same plan for a number in every process; one that validation refuses is drawn anew."""
    for attempt in range(100):
        words = _drawn(stream(number, f"plan:{attempt}"))
        try:
            plan.expand(plan.parse(json.dumps(words)), number, runtime_verbs=SIM.VERBS)
        except plan.PlanErrors:
            continue
        return words
    raise AssertionError(f"no valid plan for {number}")


def _drawn(draws: Random) -> dict[str, Any]:
    actions = draws.sample(registry.names("fault"), draws.randint(1, 4))
    return {
        "version": 1,
        "duration": f"{DURATION_MS}ms",
        "topology": draws.choice(["one-user", "two-mobiles"]),
        "timing": "fast",
        "workload": {"jobs": draws.randint(1, 6), "rate": "12/s", "ends_in_fault": draws.choice([0, 0.5])},
        "faults": [_timed(yaml.safe_load(registry.find("fault", action).EXAMPLE), draws) for action in actions],
        "settle": {"quiesce": "500ms"},
    }


def _timed(fault: dict[str, Any], draws: Random) -> dict[str, Any]:
    """The example of a fault at another time; what it says of its length stays, if it says it in other words."""
    begin_ms = draws.randint(0, DURATION_MS - 1000)
    fault = {key: value for key, value in fault.items() if key not in ("at", "every", "after")}
    if draws.random() < 0.3:
        fault["every"] = f"{draws.randint(700, 1500)}ms"
    if "for" in fault:
        fault["for"] = f"{draws.randint(50, min(600, DURATION_MS - begin_ms))}ms"
    if "downtime" in fault:
        fault["downtime"] = f"{draws.randint(50, 600)}ms"
    return {**fault, "at": f"{begin_ms}ms"}


def scheduled(number: int) -> Schedule:
    return plan.expand(plan.parse(json.dumps(random_plan(number))), number, runtime_verbs=SIM.VERBS)


def traces(numbers: Iterable[int]) -> Iterator[str]:
    """The trace hash of each plan's run."""
    for number in numbers:
        result = execute(scheduled(number), SIM)
        assert result.trace_hash is not None, (number, result.results)
        yield result.trace_hash


def listed(first: int, last: int) -> list[str]:
    return list(traces(range(first, last)))
