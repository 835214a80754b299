"""Every safeguard earns its place: taken out, a checker says INVALID; put back, the same plan is silent.

Each plan under `configs/ablations/` records a seed at which its loss shows. The base is played with 5 seeds, or with
as many as `HARNESS_ABLATION_SEEDS` says (200 in unattended runs), 20 to a test.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from harness import plan, registry
from harness.hunting import ablations
from harness.hunting.ablations import Ablation, NoAblation
from harness.plan import Plan
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.verdict import Verdict

SIM: Runtime = registry.find("runtime", "sim")
SEEDS = int(os.environ.get("HARNESS_ABLATION_SEEDS", "2"))
SHARD = 20
NAMES = list(ablations.planned())


def played(found: Ablation, without: tuple[str, ...], seed: int) -> RunResult:
    words = plan.load(found.plan)
    return execute(plan.expand(words, seed, without=without, runtime_verbs=SIM.VERBS), SIM)


def shards() -> Iterator[tuple[str, range]]:
    for name in NAMES:
        for first in range(0, SEEDS, SHARD):
            yield name, range(first, min(first + SHARD, SEEDS))


@pytest.mark.parametrize("name", NAMES)
def test_without_its_safeguard_the_checker_it_names_says_invalid(name: str) -> None:
    found = ablations.read(ablations.planned()[name])
    result = played(found, found.without, found.seed)
    assert result.verdict is Verdict.INVALID, result.results
    assert found.check in {check for check, _ in result.signatures}


@pytest.mark.parametrize(("name", "seeds"), list(shards()))
def test_with_its_safeguard_the_same_plan_is_silent(name: str, seeds: range) -> None:
    found = ablations.read(ablations.planned()[name])
    for seed in seeds:
        result = played(found, found.base, seed)
        assert result.verdict is Verdict.VALID, (seed, result.signatures, result.ailments)


def test_every_safeguard_has_a_plan_that_shows_its_loss() -> None:
    """One that nothing can show is dead code, or a gap in a checker."""
    assert len(NAMES) >= 65
    assert sorted(NAMES) == ablations.safeguards()


def test_what_a_base_leaves_out_is_a_safeguard_too() -> None:
    for found in ablations.shown().values():
        assert set(found.base) <= set(ablations.safeguards())


@pytest.mark.parametrize(
    ("seed", "expect"),
    [
        ("", "{hardened: {verdict: VALID}, hardened-length.bytes: {verdict: INVALID, check: monotonic}}"),
        ("seed: 200", "{hardened: {verdict: VALID}, hardened-length.bytes: {verdict: INVALID, check: monotonic}}"),
        ("seed: 1", "{hardened: {verdict: VALID}, hardened-order.set: {verdict: INVALID, check: monotonic}}"),
        ("seed: 1", "{hardened-order.set: {verdict: VALID}, hardened-length.bytes: {verdict: INVALID}}"),
        ("seed: 1", "{hardened: {verdict: UNKNOWN}, hardened-length.bytes: {verdict: INVALID, check: monotonic}}"),
        ("seed: 1", "{hardened: {verdict: VALID}, hardened-length.bytes: {verdict: INVALID}}"),
        ("seed: 1", "{hardened-length.bytes: {verdict: INVALID, check: monotonic}}"),
    ],
)
def test_a_plan_that_does_not_tell_a_base_from_its_ablation_is_refused(
    seed: str, expect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: Plan = plan.parse(f"version: 1\n{seed}\nexpect: {expect}\n")
    monkeypatch.setattr(ablations.plans, "load", lambda name: found)
    with pytest.raises(NoAblation):
        ablations.read.__wrapped__("ablations/length.bytes")
