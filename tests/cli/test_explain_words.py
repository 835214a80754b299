"""The words of a plan, and the reasons of checkers, are explained as plug-ins are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checkers.notation.examples import examples
from harness import plan as plans
from harness import registry
from harness.cli import main
from harness.cli.naming import catalogue, plan_words, reason_codes


def explained(name: str, capfd: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["explain", name])
    assert ended.value.code == 0
    return capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("workload", ["spread", "mobile_rate", "default: 2/s", "stream: {for: 30s, every: 500ms}"]),
        ("stream", ["for required", "every required"]),
        ("chunk", ["do: chunk", "repeat default: 1", "stream"]),
        ("content", ["unicode default: 0.4", "The share of jobs with multi-byte text"]),
        ("plan", ["duration default: 1m", "version required"]),
        ("at", ["within default: 0s", "later default: 0s"]),
        ("settle", ["quiesce default: 1s", "the least that the topology's timing allows"]),
        ("timing", ["scale required", "`timing: fast` twenty times as fast"]),
        ("match", ["type default: '*'", "Stands in a fault of whole messages"]),
        ("topology", ["users required", "dialect default: jobsync"]),
        ("script", ["Calls at exact times", "`harness explain chunk`"]),
        ("pick", ["drawn anew: a whole number"]),
        ("matrix", ["Every combination is a plan"]),
        ("expect", ["verdict required", "`hardened-order.revisions`"]),
        ("UNKNOWN", ["exits with 2", "inert-fault A fault at a fixed time met nothing", "What helps:"]),
    ],
)
def test_a_word_of_the_workload_says_what_may_stand_there(
    name: str, said: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    told = " ".join(explained(name, capfd).split())
    assert all(part in told for part in said), told
    assert "Undefined" not in told


@pytest.mark.parametrize(
    "word", [word for word in plan_words.TOPICS if not word.startswith("do: ") and word != "UNKNOWN"]
)
def test_every_word_has_an_example_that_can_be_played(
    word: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    example = plan_words.EXAMPLES[word]
    assert example.splitlines()[-1] in explained(word, capfd)
    if word in ("topology", "node"):
        (tmp_path / "mine.yaml").write_text(example)
        assert plans.load_topology(str(tmp_path / "mine.yaml")).users
        return
    plan = plans.parse(f"version: 1\n{example}\n", "example")
    assert plans.expand(plan).steps


@pytest.mark.parametrize("kind", [*plan_words.NAMES])
def test_every_word_that_may_be_said_is_explained(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    told = explained(kind.removeprefix("do: "), capfd)
    lines = told.splitlines()
    for key, field in plan_words.NAMES[kind].model_fields.items():
        at = next(n for n, line in enumerate(lines) if re.match(rf"  {field.alias or key} +(required|default:)", line))
        assert lines[at + 1].startswith("      "), f"{key} says nothing"


def test_a_reason_is_explained_with_its_checker_its_meaning_and_a_history(capfd: pytest.CaptureFixture[str]) -> None:
    told = explained("double-append", capfd)
    assert told.startswith("double-append, a reason of stream-integrity\n  A chunk was appended twice.")
    assert examples()["stream-integrity", "double-append"].anomaly in told
    assert re.search(r"appended chunk \d of job a twice", told)
    assert "harness explain findings/length.bytes" in told


def test_a_reason_of_several_checkers_is_explained_for_each_and_may_be_named_with_one(
    capfd: pytest.CaptureFixture[str],
) -> None:
    both = explained("gap", capfd)
    assert "gap, a reason of reaction" in both
    assert "gap, a reason of stream-integrity" in both
    assert "a reason of reaction" not in explained("stream-integrity/gap", capfd)
    assert "reorder, a fault" in explained("reorder", capfd)
    assert "reorder, a reason of stream-integrity" in explained("reorder", capfd)


@pytest.mark.parametrize("which", ["replica/row-not-shown", "convergence/apart", "rpc/done-twice"])
def test_a_reason_comes_with_its_own_history_and_its_innocent_twin(
    which: str, capfd: pytest.CaptureFixture[str]
) -> None:
    check, _, reason = which.partition("/")
    lines, told = examples()[check, reason], explained(which, capfd)
    assert all(f"  {line}\n" in told for line in (lines.anomaly, lines.innocent, lines.unknown)) and lines.why in told


def test_what_fits_on_no_line_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    assert "none fits on a line" in explained("resources/leak", capfd)


def test_every_reason_is_known() -> None:
    assert {r for n in registry.names("checker") for r in registry.find("checker", n).REASONS} == {
        *reason_codes.codes()
    }
    assert all(reason_codes.named(code) for code in reason_codes.codes())


def test_a_reason_that_is_mistyped_is_answered_with_what_is_meant(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", "double-apend"])
    assert ended.value.code == 254
    assert "did you mean double-append?" in capfd.readouterr().err


def test_no_policy_points_to_a_section_that_its_reader_does_not_have() -> None:
    for name, slot in catalogue.slots().items():
        for choice in ("documented", "hardened", *slot.variants):
            told = catalogue.told(slot, choice)
            assert told, name
            assert not told.startswith(("Document,", "Document:")), name
            assert "section says" not in told, name
