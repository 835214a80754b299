"""The strongest consistency that a run has shown, and where it is told."""

from __future__ import annotations

import pytest

from checkers.notation import read
from harness.judging import ladder
from harness.judging.checking import check
from harness.verdict import CheckResult, Verdict

KEPT = ("agreement", "convergence", "monotonic", "no-resurrection", "stream-integrity")


def results(order: str | None = "linearizable", answers: int = 3, **verdicts: Verdict | None) -> list[CheckResult]:
    """All that counts is VALID but for `verdicts` (names with `_` for `-`)."""
    found = dict.fromkeys(KEPT, Verdict.VALID) | {k.replace("_", "-"): v for k, v in verdicts.items()}
    made = [CheckResult(check=name, verdict=verdict) for name, verdict in found.items()]
    if order is not None:
        details = {"order": order, "answers": answers}
        made.append(CheckResult(check="linearizable", verdict=Verdict.VALID, details=details))
    return made


@pytest.mark.parametrize(
    ("why", "found", "level"),
    [
        ("all is well", results(), "linearizable"),
        ("some answers were old", results("sequential"), "sequential"),
        ("some answers went back", results("none"), "monotonic prefix"),
        ("nobody asked", results(answers=0), "monotonic prefix"),
        ("answers were not judged", results(None), "monotonic prefix"),
        ("a replica went back", results(monotonic=Verdict.INVALID), "eventual"),
        ("a text was no prefix", results(stream_integrity=Verdict.INVALID), "eventual"),
        ("it is not known whether a replica went back", results(monotonic=None), "eventual"),
        ("it did not converge", results(convergence=Verdict.INVALID), "none"),
        ("it is not known whether it converged", results(convergence=Verdict.UNKNOWN), None),
        ("nothing was judged", [], None),
    ],
)
def test_the_strongest_level_is_the_one_below_which_all_was_kept(
    why: str, found: list[CheckResult], level: str | None
) -> None:
    assert ladder.strongest(found) == level


def test_the_levels_stand_from_the_strongest_to_the_weakest_and_each_is_explained() -> None:
    assert ladder.LEVELS == ("linearizable", "sequential", "monotonic prefix", "eventual", "none")
    assert len({ladder.means(level) for level in ladder.LEVELS}) == len(ladder.LEVELS)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("d:+a m:a=1 m>get(a) m<ok(a=1)", "linearizable"),
        ("d:+a d:+b m:a=1 m:b=2 m>list m<ok(a=1){source=cache}", "sequential"),
        ("d:+a d:+b m:a=1 m:b=2 m>get(b) m<ok(b=2) m>list m<ok(a=1){source=cache}", "monotonic prefix"),
        ("d:+a d:a{status=x} m:a=2 m:a=1 m:a=2 m>get(a) m<ok(a=2)", "eventual"),
        ("d:+a m>get(a) m<ok(a=1)", "none"),
    ],
)
def test_a_stored_result_says_its_level(line: str, level: str) -> None:
    found = check(read(f"{line} m:final d:final"))
    (answers,) = (r for r in found if r.check == "linearizable")
    assert answers.details["consistency"] == level == ladder.strongest(found)
