"""What the benchmarks measure is right and repeatable; how fast it is, they say themselves."""

from __future__ import annotations

import pytest
import simulator
import toy

from harness import registry
from harness.run import execute


@pytest.mark.parametrize("kind", toy.KINDS)
def test_the_toy_converges_after_every_kind_of_fault(kind: str) -> None:
    jobs = toy.random_plan(1).jobs
    plan = toy.ToyPlan(40.0, jobs, [toy.Trouble(10.0 + 3 * n, kind, "mobile", 2.5) for n in range(3)])
    first, second = toy.play(plan, 1), toy.play(plan, 1)
    assert first.right
    assert first == second


def test_a_toy_that_loses_a_chunk_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "_SETTLES_WITHIN_S", 5.0)
    monkeypatch.setattr(toy.Mobile, "connected", toy.Device.connected)  # it never asks
    assert not toy.play(toy.standard_plan(), 1).right


def test_the_products_plan_has_the_toys_faults_and_is_valid() -> None:
    sim = registry.find("runtime", "sim")
    for number in range(3):
        schedule = simulator.product_plan(number)
        assert len(schedule.faults) == len(toy.random_plan(number).faults)
        assert not execute(schedule, sim).signatures


def test_every_part_of_the_product_has_a_cost(capsys: pytest.CaptureFixture[str]) -> None:
    simulator.cost(runs=1)
    said = capsys.readouterr().out
    for part in ("websockets", "network", "components", "journals", "checkers"):
        assert part in said
    shares = [int(line.split("%")[0].split()[-1]) for line in said.splitlines()]
    assert 95 <= sum(shares) <= 105
