"""Other ways to build parts of the hardened system, each of them right: no checker says otherwise.

At length, one of them at a time: harness hunt variants/bursts --with WORDS --seeds 1000 --keep none
"""

from __future__ import annotations

import pytest

from harness import plan, registry
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.verdict import Verdict

SIM: Runtime = registry.find("runtime", "sim")
PLANS = ("variants/bursts", "variants/bursts", "quickstart", "machines")  # in turns, a seed each
SEEDS = 2  # of each variant, on plans in turns
VARIANTS = {
    "heads every 3 s": ["lost-events.heads=every-3s"],
    "a fetch instead of a buffer": ["order.revisions=fetch-instead"],
    "whole rows in events": ["option.payload=snapshots"],
    "only changed fields in events": ["option.payload=delta"],
    "chunks in batches": ["option.batching"],
    "batches of only changed fields": ["option.batching", "option.payload=delta"],
    "wishes shown at once": ["option.optimistic"],
    "a mailbox without limit": ["mailbox-full.gap=unbounded"],
    "bursts delivered in any order": ["transport.delivery-order"],
    "events kept for absent devices": ["transport.absent-devices"],
    "events kept for a dead link": ["transport.offline-queue"],
    "a list cache that events drop": ["list-cache.mobile-events"],
    "refreshes apart from fetches": ["refresh.shared"],
}


def run(name: str, seed: int, words: list[str]) -> RunResult:
    return execute(plan.expand(plan.load(name), seed, with_=words, runtime_verbs=SIM.VERBS), SIM)


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_way_to_be_right_is_right(variant: str) -> None:
    first = list(VARIANTS).index(variant)
    for seed in range(first, first + SEEDS):
        result = run(PLANS[seed % len(PLANS)], seed, VARIANTS[variant])
        assert result.verdict is Verdict.VALID, (seed, result.signatures, result.ailments)


def heads(words: list[str]) -> int:
    history = run("quickstart", 1, words).history
    assert history is not None
    return sum(tap.type == "sync:head" and tap.link == "desktop-1->relay" for tap in history.taps)


def test_heads_every_three_seconds_are_three_times_as_many() -> None:
    assert heads(["lost-events.heads=every-3s"]) >= 2.5 * heads([]) > 10
