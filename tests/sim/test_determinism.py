"""One seed gives one run: in this process, in others, under every hash seed, on every machine."""

from __future__ import annotations

import os

import pytest
import recording
from random_plans import listed, random_plan

from harness import plan, registry
from harness.runs.determinism import apart
from harness.runs.run import execute

SIM = registry.find("runtime", "sim")
PLANS = int(os.environ.get("HARNESS_FUZZ_PLANS", "10"))  # `make fuzz` takes 300
BLOCKS = 2


def test_one_seed_gives_one_trace_again_and_again_in_one_process() -> None:
    assert len({recording.hash_of(0) for _ in range(8)}) == 1


def test_another_seed_gives_another_trace() -> None:
    assert len({recording.hash_of(seed) for seed in range(5)}) == 5


def test_new_processes_give_the_same_trace_under_every_hash_seed() -> None:
    here = recording.hash_of(3)
    assert apart(recording.hash_of, [(3,)] * 3, ("0", "1", "random")) == [here] * 3


def test_a_run_before_leaves_nothing_that_the_next_one_could_see() -> None:
    alone = apart(recording.hash_of, [(7,)], ("0",))
    for name in ("edge/offline-gaps", "edge/duplicate-events"):
        execute(plan.expand(plan.load(name), 1, profile="documented"), SIM)
    assert [recording.hash_of(7)] == alone


def test_traces_are_those_recorded() -> None:
    """With the same libraries a trace changes only when somebody changed what a run does; `make hashes` says it was
    meant."""
    kept = recording.recorded()
    if kept["lock"] != recording.lock():
        pytest.skip(f"recorded for another lock file ({kept['lock']}): `make hashes` records them anew")
    hashes = {str(seed): recording.hash_of(seed) for seed in recording.SEEDS}
    assert kept["quickstart"] == hashes, "if a run was meant to change: `make hashes`"


# ---- random plans ---------------------------------------------------------------------------------------------------


def test_random_plans_use_every_fault_there_is() -> None:
    drawn = {fault["action"] for number in range(60) for fault in random_plan(number)["faults"]}
    assert drawn == set(registry.names("fault"))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_plans_give_equal_traces_under_different_hash_seeds(block: int) -> None:
    first, last = block * PLANS // BLOCKS, (block + 1) * PLANS // BLOCKS
    one, other = apart(listed, [(first, last)] * 2, ("0", "1"))
    assert len(one) == last - first
    assert [first + i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b] == []
    assert len(set(one)) == len(one)
