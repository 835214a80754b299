"""Tasks of a disturbed node overtake each other; what one task does keeps its order, and so does everybody else."""

from __future__ import annotations

import asyncio

import pytest

from faults import Effect
from harness import plan, registry
from harness.runs.run import execute
from harness.runtimes.sim.stage import SimStage
from harness.runtimes.sim.world import World
from harness.verdict import Verdict

SIM = registry.find("runtime", "sim")


def order(disturbed: str | None, seed: int = 1, *, skew_ms: float = 0.0) -> tuple[list[str], Effect]:
    """What four tasks of a node note, of three steps each, all of them ready at once. Its clock may be wrong."""
    world, noted, effect = World(seed), [], Effect()
    node = world.add_node("desk")

    async def steps(name: str) -> None:
        for n in range(3):
            noted.append(f"{name}{n}")
            await asyncio.sleep(0)

    async def program() -> None:
        await asyncio.gather(*(steps(name) for name in "abcd"))
        await asyncio.Event().wait()

    async def play() -> None:
        stage = SimStage(world, {})
        if disturbed is None:
            world.spawn(node, program)
            await asyncio.sleep(1)
            return
        async with stage.skew("desk", skew_ms, 1.0, Effect()), stage.disturb(disturbed, 0.5, 5.0, "fault:n", effect):
            world.spawn(node, program)
            await asyncio.sleep(1)

    world.run(play)
    return noted, effect


def test_without_it_tasks_take_turns() -> None:
    noted, _ = order(None)
    assert noted == [f"{name}{n}" for n in range(3) for name in "abcd"]


def test_tasks_overtake_each_other_and_keep_their_own_order() -> None:
    calm, _ = order(None)
    noted, effect = order("desk")
    assert sorted(noted) == sorted(calm)
    assert noted != calm
    for name in "abcd":
        assert [one for one in noted if one[0] == name] == [f"{name}{n}" for n in range(3)]
    assert effect.counts["tasks_kept_waiting"] > 0
    assert effect.candidates >= 12


def test_equal_seeds_give_equal_orders_and_others_give_others() -> None:
    orders = [tuple(order("desk", seed)[0]) for seed in (1, 1, 2, 3)]
    assert orders[0] == orders[1]
    assert len(set(orders)) == 3


def test_a_wrong_clock_changes_nothing_about_it() -> None:
    assert order("desk", skew_ms=3_600_000.0)[0] == order("desk")[0]


PLAN = """
version: 1
duration: 3s
topology: two-mobiles
timing: fast
workload: {jobs: 6, rate: 25/s, mobile_rate: 5/s}
faults:
  - {action: noise, nodes: ["*"], chance: 30%, delay: 3ms, at: 0s, for: 3s}
"""


def test_a_disturbed_system_is_right_and_replays() -> None:
    hashes = []
    for seed in (0, 0, 1):
        result = execute(plan.expand(plan.parse(PLAN, "p"), seed, runtime_verbs=SIM.VERBS), SIM)
        assert result.verdict is Verdict.VALID, (seed, result.signatures, result.ailments)
        hashes.append(result.trace_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_elsewhere_it_is_refused_with_the_reason() -> None:
    where = registry.find("runtime", "docker")
    with pytest.raises(plan.PlanErrors, match="only the simulator has all of them in one loop"):
        plan.expand_on(where, plan.parse(PLAN, "p"), 0)
