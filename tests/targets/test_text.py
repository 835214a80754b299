"""A response that grows: its lengths are those of the whole text, however it came."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from harness.report.told.textdiff import compare
from targets.mobile.text import Text, graphemes

FLAG_LETTERS = "🇦🇧🇨"
PIECES = st.text(alphabet=f"{FLAG_LETTERS}\u0301\u200d\r\n👨👍🏽ष\u0903\u0600a각ᄀ", max_size=12)


@given(st.lists(PIECES, max_size=8))
def test_chunks_count_like_the_whole(chunks: list[str]) -> None:
    text = Text()
    for chunk in chunks:
        text.append(chunk)
        assert text.graphemes >= 0  # counted at every step, as the document's replica does
    whole = "".join(chunks)
    assert text.graphemes == graphemes(whole) == len(regex.findall(r"\X", whole))
    assert (text.value, text.size_bytes) == (whole, len(whole.encode()))


@pytest.mark.parametrize("flags", [1, 1_000, 60_000])
def test_a_text_of_nothing_but_flags_counts_in_linear_time(flags: int) -> None:
    """Quadratic, the longest would take half a minute and the suite would show it; nothing is timed here."""
    assert graphemes("🇦🇧" * flags) == flags
    assert compare("🇦🇧" * flags, "🇦🇧" * flags).equal
