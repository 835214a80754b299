"""The page about the tiny language is right: its examples come out as it says, and it leaves no token out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from telling import judge

from checkers import notation

PAGE = (Path(__file__).parents[2] / "docs" / "histories.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^(?P<check>[\w-]+) (?P<verdict>VALID|INVALID)(?: (?P<reason>[\w-]+))? {2,}(?P<line>.+)$", re.M)
EXAMPLES = [match.groupdict() for match in EXAMPLE.finditer(PAGE)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e['check']} {e['verdict']}")
def test_an_example_is_judged_as_the_page_says(example: dict[str, str | None]) -> None:
    result = judge(str(example["line"]), str(example["check"]))
    assert result.verdict is not None
    assert (result.verdict.name, result.reason) == (example["verdict"], example["reason"])


def test_there_are_examples_of_both_kinds() -> None:
    assert {example["verdict"] for example in EXAMPLES} == {"VALID", "INVALID"}


def test_every_token_of_the_reader_s_own_description_stands_on_the_page() -> None:
    _, table, _ = re.split(r"^=+ +=+$", notation.__doc__ or "", flags=re.M)
    tokens = re.findall(r"^(`[^`]+`)", table, re.M)
    assert len(tokens) > 15
    assert [token for token in tokens if token not in PAGE] == []
