"""What a night says: new, known, expired and gone; to people and to machines."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from night_rig import SMALL, least, made_up, summary

from harness.hunting.ablating import Caught
from harness.night.items import Shard
from harness.night.known import Known, KnownWords
from harness.night.ledger import Least, Ledger
from harness.night.morning import annotations, junit, sarif
from harness.night.morning import summary as summaries
from harness.night.morning.telling import Morning, told
from harness.night.words import parse
from harness.night.work import Outcome, Packed
from harness.verdict import Verdict

WRONG = ("convergence", "wrong-text")
WORDS = parse(SMALL, Path("n.yaml")).words
TODAY = "2026-12-01"


def known(shape: str | None = "open create", until: str = "2027-01-01") -> Known:
    entry = KnownWords(
        check=WRONG[0], reason=WRONG[1], shape=shape, why="hard", owner="somebody", until=date.fromisoformat(until)
    )
    return Known((entry,))


def morning(ledger: Ledger, night: str = "n2", knowing: Known | None = None) -> Morning:
    return told(ledger, night, WORDS, knowing or Known(), TODAY)


@pytest.fixture
def failing(tmp_path: Path) -> Ledger:
    """Three of four runs fail; two of them alike."""
    runs = [summary(0), summary(1, WRONG), summary(2, WRONG), summary(3, WRONG)]
    kinds = [least("n2", 1, "open create"), least("n2", 2, "open delete"), least("n2", 3, "open create")]
    return made_up(tmp_path, "n2", runs, kinds, begun="2026-12-01T02:00:00Z")


def test_a_new_bug_with_an_old_reason_is_new(failing: Ledger) -> None:
    found = morning(failing, knowing=known())
    assert [(f.standing, f.least.shape, f.runs, f.alike) for f in found.failures] == [
        ("new", "open delete", 1, 3),
        ("known", "open create", 2, 3),
    ]
    assert found.verdict is Verdict.INVALID and [f.seed for f in found.failures] == [2, 1]


def test_what_is_known_is_no_news_until_it_expires(tmp_path: Path) -> None:
    ledger = made_up(
        tmp_path, "n2", [summary(0), summary(1, WRONG)], [least("n2", 1, "open create")], begun="2026-12-01T02:00:00Z"
    )
    assert morning(ledger, knowing=known()).verdict is Verdict.VALID
    expired = morning(ledger, knowing=known(until="2026-11-30"))
    assert expired.failures[0].standing == "expired" and expired.verdict is Verdict.INVALID
    assert morning(ledger, knowing=known(until=TODAY)).verdict is Verdict.VALID, "on its last day it is not red yet"


def test_what_is_known_and_no_longer_seen_is_told(tmp_path: Path) -> None:
    ledger = made_up(tmp_path, "n2", [summary(0)], begun="2026-12-01T02:00:00Z")
    found = morning(ledger, knowing=known())
    assert [one.owner for one in found.unseen] == ["somebody"]
    assert "Known and not seen: convergence, wrong-text" in summaries.render(found)


def test_nights_are_compared_with_those_before(tmp_path: Path) -> None:
    made_up(tmp_path, "n1", [summary(0, WRONG)], [least("n1", 0, "open create")], begun="2026-11-30T02:00:00Z")
    ledger = made_up(
        tmp_path, "n2", [summary(0), summary(1, WRONG)], [least("n2", 1, "open delete")], begun="2026-12-01T02:00:00Z"
    )
    found = morning(ledger)
    assert [(row.night, row.runs, row.invalid, row.kinds, row.new, row.gone) for row in found.trend] == [
        ("n1", 1, 1, 1, 1, 0),
        ("n2", 2, 1, 1, 1, 1),
    ]
    assert found.gone == ["convergence/wrong-text: open create"] and found.failures[0].seen_before is None
    third = made_up(tmp_path, "n3", [summary(0, WRONG)], [least("n3", 0, "open create")], begun="2026-12-02T02:00:00Z")
    assert morning(third, "n3").failures[0].seen_before == "n1"


def test_a_failure_of_the_night_before_that_nobody_looked_at_is_not_forgotten(tmp_path: Path) -> None:
    made_up(tmp_path, "n1", [summary(0, WRONG)], begun="2026-11-30T02:00:00Z")
    found = morning(made_up(tmp_path, "n2", [summary(0)], begun="2026-12-01T02:00:00Z"))
    assert found.trend[0].kinds == 1 and found.gone == ["convergence/wrong-text: not shrunk"]


def test_a_failure_that_nobody_could_look_at_is_there_all_the_same(tmp_path: Path) -> None:
    ledger = made_up(tmp_path, "n2", [summary(0, WRONG)], begun="2026-12-01T02:00:00Z")
    (failure,) = morning(ledger).failures
    assert (failure.least.shape, failure.alike, failure.standing) == (None, 1, "new")
    assert "no files" in failure.least.why


@pytest.mark.parametrize(("unknown", "verdict"), [(1, Verdict.VALID), (3, Verdict.UNKNOWN)])
def test_too_many_unknown_runs_prove_nothing(tmp_path: Path, unknown: int, verdict: Verdict) -> None:
    doubt = {"verdict": Verdict.UNKNOWN, "doubts": [("evidence", "too-quiet")]}
    runs = [summary(n, **(doubt if n < unknown else {})) for n in range(100)]
    found = morning(made_up(tmp_path, "n2", runs, begun="2026-12-01T02:00:00Z"))
    assert found.verdict is verdict
    assert [(kind, n) for kind, n, _ in found.doubts] == [(("evidence", "too-quiet"), unknown)]


def test_a_night_of_nothing_proves_nothing(tmp_path: Path) -> None:
    assert morning(made_up(tmp_path, "n2", [], begun="2026-12-01T02:00:00Z")).verdict is Verdict.UNKNOWN


def test_a_run_that_came_out_otherwise_is_red(failing: Ledger, tmp_path: Path) -> None:
    ledger = made_up(tmp_path / "b", "n2", [summary(0)], begun="2026-12-01T02:00:00Z")
    (begun,) = ledger.nights()
    begun.about.again, begun.about.apart = 1, ["quickstart seed 0 is not deterministic\nevent 7 is the first"]
    ledger.update("n2", Shard(), begun.about)
    found = morning(ledger)
    assert found.verdict is Verdict.INVALID and "event 7 is the first" in summaries.render(found)
    assert ET.fromstring(junit.render(found)).find(".//testcase[@name='deterministic']/failure") is not None


def test_a_safeguard_that_nobody_misses_is_told(tmp_path: Path) -> None:
    ledger = made_up(tmp_path, "n2", [summary(0)], begun="2026-12-01T02:00:00Z")
    for number, by in ((1, "rpc"), (2, None)):
        caught = Caught(policy=f"policy.{number}", caught_by=by, runs=4)
        ledger.add("n2", Packed(outcome=Outcome(number=number, part="gone", kind="ablation", caught=caught)))
    found = morning(ledger)
    assert found.verdict is Verdict.UNKNOWN and found.runs == 1
    text = summaries.render(found)
    assert "1 of 2 safeguards are missed" in text and "policy.2 (4 runs)" in text.replace("\\", "")


def test_junit_has_a_case_for_each_plan_and_checker(failing: Ledger) -> None:
    root = ET.fromstring(junit.render(morning(failing)))
    (case,) = root.findall("testsuite[@name='written']/testcase")
    assert (case.get("classname"), case.get("name")) == ("edge/missing-jobs", "convergence")
    failure = case.find("failure")
    assert failure is not None and str(failure.get("message")).startswith(
        "INVALID in 3 of 4 runs; first edge/missing-jobs"
    )
    suite = root.find("testsuite[@name='written']")
    assert suite is not None and (suite.get("tests"), suite.get("failures")) == ("1", "1")


def test_annotations_are_no_more_than_are_shown(tmp_path: Path) -> None:
    shapes = [f"open {n}" for n in range(30)]
    runs = [summary(n, WRONG, message="a\nb 100%") for n in range(30)]
    kinds = [least("n2", n, shape) for n, shape in enumerate(shapes)]
    found = list(annotations.lines(morning(made_up(tmp_path, "n2", runs, kinds, begun="2026-12-01T02:00:00Z"))))
    assert len(found) == annotations.MOST and "21 more failures" in found[-1]
    assert all(line.startswith("::error title=") and "\n" not in line for line in found)


def test_the_summary_fits_whatever_there_is_and_tells_the_worst_first(tmp_path: Path) -> None:
    runs = [summary(n, WRONG, message="x" * 5000) for n in range(400)]
    kinds = [
        Least(
            check=WRONG[0],
            reason=WRONG[1],
            run=f"n2-run-{n}",
            shape=f"s{n}",
            plan="# " + "p" * 5900,
            message="m" * 9000,
        )
        for n in range(400)
    ]
    ledger = made_up(tmp_path, "n2", runs, kinds, begun="2026-12-01T02:00:00Z")
    text = summaries.render(morning(ledger, knowing=known("s399")))
    assert len(text.encode()) <= summaries.MOST_BYTES + 1
    assert "399 new, 0 expired, 1 known" in text and "| written | 400 | 400 | 0 |" in text
    assert text.index("New: convergence") < text.index("- known: convergence")


def test_text_from_a_run_is_no_markup(tmp_path: Path) -> None:
    evil = "``` <script>alert(1)</script> | [a](b)"
    one = Least(
        check=WRONG[0], reason=WRONG[1], run="n2-run-0", shape="s", plan=f"# {evil}", message=evil, story=[evil]
    )
    ledger = made_up(tmp_path, "n2", [summary(0, WRONG)], [one], begun="2026-12-01T02:00:00Z")
    text = summaries.render(morning(ledger))
    outside = "".join(text.split("```")[::2])
    assert "<script>" not in outside and text.count("```") % 2 == 0


def test_the_command_of_a_failure_plays_it_again() -> None:
    text = SMALL.replace("profile: documented", "profile: documented, with: [length.bytes]")
    parts = {part.name: part for part in parse(text, Path("n.yaml")).words.parts}

    def command(part: str, plan: str) -> str:
        failure = told_failure(part, plan)
        return summaries.command(failure, parts)

    assert command("broken", "edge/missing-jobs") == (
        "harness run edge/missing-jobs --seed 5 --profile documented --with length.bytes"
    )
    assert command("broken", "mine[rate=1]") == "harness replay store/mine/1"
    assert command("drawn", "generated-5") == "harness hunt --seeds 5..6 --no-guide --profile hardened"


def told_failure(part: str, plan: str) -> summaries.Failure:
    return summaries.Failure(
        least=least("n", 0, "s"),
        plan=plan,
        seed=5,
        part=part,
        runtime="sim",
        directory="store/mine/1",
        runs=1,
        alike=1,
        standing="new",
    )


def test_sarif_has_a_rule_for_each_reason_and_a_fingerprint_for_each_shape(failing: Ledger) -> None:
    (run,) = json.loads(sarif.render(morning(failing, knowing=known())))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["convergence/wrong-text"]
    assert [(one["level"], one["partialFingerprints"]["shape/v1"].rsplit("/")[-1]) for one in run["results"]] == [
        ("error", "open delete"),
        ("note", "open create"),
    ]
