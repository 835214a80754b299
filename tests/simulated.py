"""Shipped plans, played in the simulator and kept in a store."""

from __future__ import annotations

from pathlib import Path

from harness import plan as plans
from harness import registry
from harness.runs.keep import Kept, run_and_keep
from harness.store.index import Store


def played(store: Path, plan: str, *, seed: int = 0, profile: str = "hardened", text: str = "") -> Kept:
    """`text`: a plan that does not ship, by this name."""
    runtime = registry.find("runtime", "sim")
    if text:
        file = store.parent / f"{plan}.yaml"
        file.write_text(text, encoding="utf-8")
        plan = str(file)
    found = plans.load(plan)
    schedule = plans.expand(found, seed, profile=profile, runtime_verbs=runtime.VERBS)
    return run_and_keep(schedule, runtime, store=Store(store), plan_text=found.source.text, argv=["run", plan])
