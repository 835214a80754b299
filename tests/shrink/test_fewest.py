"""Which of many things are needed: a subset that fails, and of which nothing single can be spared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.shrink.fewest import fewest

quick = settings(max_examples=200, deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize("needed", [set(), {0}, {99}, {3, 70}, {10, 11, 12, 80}])
def test_what_always_fails_together_is_all_that_is_left(needed):
    assert fewest(range(100), lambda kept: needed <= set(kept)) == sorted(needed)


def test_a_hundred_things_of_which_two_are_needed_take_few_tries():
    tried = []
    fewest(range(100), lambda kept: tried.append(kept) or {3, 70} <= set(kept))
    assert len(tried) < 60


@quick
@given(st.sets(st.integers(0, 20)), st.sets(st.frozensets(st.integers(0, 20), max_size=4), min_size=1, max_size=4))
def test_whatever_fails_nothing_single_can_be_spared(extra, causes):
    def fails(kept):
        return any(cause <= set(kept) for cause in causes)

    items = sorted(extra | next(iter(causes)))
    kept = fewest(items, fails)
    assert fails(kept)
    assert kept == [item for item in items if item in kept]
    assert not any(fails([k for k in kept if k != spared]) for spared in kept)


def test_what_failed_once_by_luck_is_never_believed():
    """Only subsets that were tried and failed are kept."""
    tried = [list(range(8))]

    def fails(kept):
        tried.append(kept)
        return len(kept) >= 5

    assert fewest(range(8), fails) in tried
