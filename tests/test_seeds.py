"""Named streams, and shares that are spread over the seeds."""

from __future__ import annotations

import pytest

from harness.plan import identity
from harness.seeds import Dice, root_of, spread


@pytest.mark.parametrize("first", [0, 64, 1024])
@pytest.mark.parametrize("power", [1, 2, 4, 6])
def test_each_block_of_seeds_meets_each_part_of_the_interval_once(first: int, power: int) -> None:
    parts = 2**power
    met = [int(spread("plan", "share", seed) * parts) for seed in range(first, first + parts)]
    assert sorted(met) == list(range(parts))


def test_sequences_of_different_names_are_independent() -> None:
    """Of two shares of a quarter, both come about once in sixteen seeds; were they tied, in four or never."""
    both = [all(spread(f"plan {n}", name, seed) < 0.25 for name in "ab") for n in range(40) for seed in range(16)]
    assert 20 < sum(both) < 60


def test_different_plans_begin_elsewhere() -> None:
    assert len({spread(f"plan {n}", "share", 0) for n in range(50)}) == 50


def test_without_draws_the_seed_alone_is_the_root() -> None:
    """So a schedule that was stored before plans had draws gives the same run."""
    assert root_of("", 17) == 17
    assert len({root_of(draws, 17) for draws in ("", "a", "b")}) == 3


def test_what_each_seed_has_several_of_is_spread_over_all_of_them() -> None:
    shares = [Dice("plan", seed).spread("large", job, 8) < 1 / 64 for seed in range(8) for job in range(8)]
    assert sum(shares) == 1


def test_half_a_character_that_yaml_can_spell_has_an_identity_as_well() -> None:
    half = identity._encoded({"attributes": {"\ud800": 1}})
    assert half == identity._encoded({"attributes": {"\ud800": 1}})
    assert half != identity._encoded({"attributes": {"\ud801": 1}})
