"""One suite of stories says the same on every runtime, and what the table grants somewhere is proven there."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import pytest
from stories import PLAN, STORIES, TOPOLOGY, Told

from harness import plan, registry
from harness.runs.run import execute
from harness.runtimes import Runtime

SEED = 3
RUNTIMES = {"sim": [], "process": [pytest.mark.toxiproxy], "docker": [pytest.mark.docker]}
ONLY_THERE = {"cut_power", "clock_rate", "disturb", "fill_disk"}  # in the simulator; each has tests of its own


@lru_cache
def told(name: str) -> Told:
    """The run, once for all of its stories."""
    runtime: Runtime = registry.find("runtime", name)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "all.yaml").write_text(TOPOLOGY)
        found = plan.parse(PLAN, "stories", beside=Path(folder))
        return Told(execute(plan.expand_on(runtime, found, SEED), runtime))


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize(
    "runtime",
    [pytest.param(n, marks=[*marks, pytest.mark.xdist_group(f"stories-{n}")]) for n, marks in RUNTIMES.items()],
)
def test_a_story_is_true(runtime: str, name: str) -> None:
    holds, _ = STORIES[name]
    run = told(runtime)
    said = [(r.check, r.reason, r.message) for r in run.result.results if r.verdict not in (None, "VALID")]
    assert holds(run), (said, run.result.ailments)


@pytest.mark.parametrize("name", RUNTIMES)
def test_what_a_runtime_grants_is_in_a_story(name: str) -> None:
    runtime: Runtime = registry.find("runtime", name)
    proven = frozenset[str]().union(*(verbs for _, verbs in STORIES.values()))
    assert proven >= runtime.VERBS - ONLY_THERE
    assert name == "sim" or not runtime.VERBS & ONLY_THERE
