"""Values for a reader: where two of them part, what is shown of long ones, and that none turns a sentence round."""

from __future__ import annotations

import pytest

from checkers.linearizability.values import Literal, parting, shown, visible

TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    ("one", "other", "at"),
    [
        ("abc", "abd", 2),
        ("abc", "ab", 2),
        ("", "a", 0),
        ("x", "abc", 0),
        ("abc", "abc", None),
        ((1, 2, 3), (1, 2, 4, 5), 2),
        ((1, 2), [1, 2, 3], 2),
        ((1, 2), [1, 2], None),
        ("a", 1, None),
        (None, (1,), None),
    ],
)
def test_where_two_texts_or_vectors_part(one: object, other: object, at: int | None) -> None:
    assert parting(one, other) == parting(other, one) == at


def test_where_they_part_is_found_anywhere() -> None:
    text = "same" * 25
    for at in range(len(text)):
        assert parting(text, f"{text[:at]}#{text[at + 1 :]}") == at
        assert parting(tuple(text), (*text[:at], "#", *text[at + 1 :])) == at


def test_of_a_long_value_something_is_shown_even_where_it_ends_before_the_place() -> None:
    assert shown("ab" * 50, 5_000) == f'…"{"ab" * 12}" (100 characters)'
    assert shown(tuple(range(100)), 5_000) == "[0 1 … 96 97 98 99] (100 elements)"


def test_nothing_that_is_shown_turns_what_stands_beside_it() -> None:
    escaped = "".join(f"\\u{ord(c):04x}" for c in TURNING)
    assert shown(TURNING) == f'"{escaped}"'
    assert shown((TURNING[:2], Literal(f":{TURNING[7]}"))) == '["\\u061c\\u200e" :\\u202e]'
    assert shown("a" * 70 + TURNING[:2], 70).endswith('\\u061c\\u200e" (72 characters)')
    assert visible(f"\0\n{TURNING}") == f"\\u0000\\u000a{escaped}"
    assert visible("é 日本 👩\u200d👧") == "é 日本 👩\u200d👧"
