"""Every checker keeps its contract: what it says of itself is true of the lines it brings along."""

from __future__ import annotations

import pytest
from telling import judge

from checkers import Checker, Level
from harness import registry
from harness.judging.checking import as_its_example
from harness.verdict import Verdict

CHECKERS = registry.names("checker")


@pytest.fixture(params=CHECKERS)
def checker(request: pytest.FixtureRequest) -> Checker:
    found: Checker = registry.find("checker", request.param)
    return found


def test_helpers_are_no_checkers() -> None:
    assert {"stream-integrity", "convergence", "agreement", "monotonic", "no-resurrection", "evidence"} <= set(CHECKERS)
    assert not {"truth", "ledger", "notation", "findings", "wording", "scope"} & set(CHECKERS)


def test_its_name_is_its_files(checker: Checker) -> None:
    assert registry.find("checker", checker.NAME) is checker


def test_it_finds_its_anomaly_and_gives_a_reason_of_its_own(checker: Checker) -> None:
    result = judge(checker.ANOMALY, checker.NAME, **as_its_example(checker).params)
    assert result.verdict not in (Verdict.VALID, None)
    assert result.reason in checker.REASONS
    assert result.message
    assert result.evidence == sorted(result.evidence) and result.evidence
    assert result.first in result.evidence


def test_it_is_silent_on_the_innocent_twin(checker: Checker) -> None:
    result = judge(checker.INNOCENT, checker.NAME, **as_its_example(checker).params)
    assert (result.verdict, result.reason, result.message) == (Verdict.VALID, None, "")


def test_it_judges_nothing_below_the_level_it_needs(checker: Checker) -> None:
    if checker.NEEDS is Level.L0:
        return
    result = judge(f"%level={checker.NEEDS - 1} {checker.ANOMALY}", checker.NAME)
    assert result.verdict is None
    assert f"needs evidence level L{int(checker.NEEDS)}" in result.message


def test_its_guarantee_is_one_sentence(checker: Checker) -> None:
    assert checker.GUARANTEE.endswith(".") and checker.GUARANTEE.count(". ") == 0
    assert all(what.endswith(".") for what in checker.REASONS.values())


def test_every_story_sentence_belongs_to_an_op_that_proves_it(checker: Checker) -> None:
    result = judge(checker.ANOMALY, checker.NAME, **as_its_example(checker).params)
    story = [line["index"] for line in result.details["story"] if line["index"] is not None]
    assert story and set(story) <= set(result.evidence)
