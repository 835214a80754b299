"""Two parsers read a plan: the quick one in C where both read alike, the other for every complaint. Nobody may tell."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import plan, registry
from harness.hunting.generate.generator import Generator
from harness.plan.text import source
from harness.plan.text.errors import PlanErrors, Source
from harness.plan.text.source import Document, read

in_c = pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="this PyYAML was built without libyaml")

PIECES = (
    *(
        "version: 1",
        "faults:",
        "  - ",
        "- ",
        "{action: delay, for: 2s}",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        ":",
        ",",
        "\n",
    ),
    *(
        "  ",
        "'",
        '"',
        "#",
        " #",
        "|",
        ">",
        "|#",
        "mobile-1->relay",
        "*",
        "&a ",
        "!",
        "? ",
        "\t",
        "~",
        "yes",
        "1_0",
        "é",
    ),
    *(
        "text: 'it''s'",
        'text: "a\\u00e9"',
        "|\n  two\n  lines",
        ">-\n  folded",
        "---",
        "...",
        "\u2028",
        "\ufeff",
        "\r\n",
    ),
)


def slowly(text: str) -> Document:
    """By the parser in Python alone. Raises `PlanErrors`."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delattr(yaml, "CSafeLoader", raising=False)
        return read(Source("p", text))


def assert_alike(text: str) -> bool:
    """Is it read by the parser in C, and alike by both?"""
    found = source._quickly(Source("p", text))
    if found is None:
        return False
    other = slowly(text)
    assert repr(found.data) == repr(other.data)
    assert (found.values, found.keys) == (other.values, other.keys)
    return True


@in_c
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["", "version: 1\n", "a: "]))
def test_pieces_of_plans_are_read_alike(pieces: list[str], head: str) -> None:
    assert_alike(head + "".join(pieces) + "\n")


@in_c
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_shipped_plans_with_a_slip_are_read_alike(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(registry.names("plan")))
    text = plan.find(name).read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text)))
    assert_alike(text[:at] + data.draw(st.sampled_from(PIECES)) + text[at + data.draw(st.integers(0, 3)) :])


@pytest.mark.parametrize("text", ["a: {b: ,c: 1}\n", "a: [(: ]\n", "a: {at: 1s, node: , do: open}\n"])
def test_a_value_that_is_left_out_stands_where_it_always_did(text: str) -> None:
    found, other = read(Source("p", text)), slowly(text)
    assert (found.data, found.values, found.keys) == (other.data, other.values, other.keys)


@in_c
def test_nearly_all_plans_are_read_quickly() -> None:
    names = registry.names("plan")
    quick = [name for name in names if assert_alike(plan.find(name).read_text(encoding="utf-8"))]
    assert len(quick) > 0.8 * len(names)


@in_c
def test_plans_that_are_generated_are_read_quickly() -> None:
    generator = Generator(range(24), guided=False)
    assert all(assert_alike(generator.plan(number).text) for number in range(24))


@in_c
@pytest.mark.parametrize("text", ["a: [1", "a: 1\na: 2\n", "a: |#x\n", "on: 1\n", "a: ,\n", "a:\tb\n"], ids=repr)
def test_complaints_are_the_same_with_and_without_it(text: str) -> None:
    with pytest.raises(PlanErrors) as caught:
        read(Source("p", text))
    with pytest.raises(PlanErrors) as caught_slowly:
        slowly(text)
    assert str(caught.value) == str(caught_slowly.value)
