"""Texts that are short ones over and over."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.shrink.texts import repeated, shorter

quick = settings(max_examples=200, deadline=None, database=None, derandomize=True)


@pytest.mark.parametrize(
    ("text", "part", "count"),
    [("", "", 1), ("a", "a", 1), ("abab", "ab", 2), ("aaaa", "a", 4), ("aba", "aba", 1), ("né" * 5000, "né", 5000)],
)
def test_a_text_is_its_shortest_part_so_many_times(text, part, count):
    assert repeated(text) == (part, count)


@quick
@given(st.text("ab", max_size=6), st.integers(1, 50))
def test_part_and_count_give_the_text_back(part, count):
    found, times = repeated(part * count)
    assert found * times == part * count
    assert len(found) <= max(1, len(part)) or not part


@quick
@given(st.text("abc", max_size=300))
def test_every_shorter_text_is_shorter(text):
    assert all(len(less) < len(text) for less in shorter(text))


def test_a_long_text_of_equal_parts_keeps_its_kind_and_takes_few_tries():
    candidates = list(shorter("né" * 5000))
    assert all(set(less) <= set("né") for less in candidates[1:])
    assert len(candidates) < 20
