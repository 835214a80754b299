"""Whole runs of `documented`: what its caches are granted is no finding, what they do beyond that is."""

from __future__ import annotations

import pytest

from harness import plan, registry
from harness.judging.checking import check
from harness.plan import Plan
from harness.runs.run import execute
from harness.runtimes import Runtime
from harness.schedule import CheckSpec
from harness.verdict import CheckResult

SIM: Runtime = registry.find("runtime", "sim")


def answers(name: str) -> CheckResult:
    """What `linearizable` says of a plan, played by `documented`."""
    words: Plan = plan.load(name)
    history = execute(plan.expand(words, 0, profile="documented", runtime_verbs=SIM.VERBS), SIM).history
    assert history is not None
    (result,) = (r for r in check(history, [CheckSpec(check="linearizable")]) if r.check == "linearizable")
    return result


@pytest.mark.parametrize(
    "name", ["ablations/list-cache.project-key", "ablations/list-cache.hit-as-of", "ablations/list-cache.fill-checked"]
)
def test_a_list_that_is_stale_within_the_desktops_two_seconds_is_granted(name: str) -> None:
    result = answers(name)
    assert (result.reason, result.details["order"]) == (None, "sequential")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("ablations/list-cache.mobile-key", "not-asked-for"), ("ablations/list-cache.mobile-clock", "stale-cache")],
)
def test_what_the_documented_caches_do_beyond_that_is_found(name: str, reason: str) -> None:
    assert answers(name).reason == reason
