"""A plan, a name or an option that is wrong: everything that is wrong is said, with its place; exit 254, no run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_rig import Harness, Said

WRONG = """\
version: 1
title: Wrong in several ways
duration: 30
topology: one-user
faults:
  - {action: dely, links: [mobile-1<->relay], latency: 300ms, at: 5s, for: 20s}
  - {action: delay, links: [mobile-1<->relay], latncy: 300ms, at: 5s, for: 20s}
"""
MEANINGLESS = """\
version: 1
title: Well written, and about nobody
duration: 30s
topology: one-user
faults:
  - {action: delay, links: [mobile-9<->relay], latency: 300ms, at: 5s, for: 20s}
checks: [convergance]
"""


@pytest.fixture
def wrong(harness: Harness) -> Path:
    file = harness.folder / "wrong.yaml"
    file.write_text(WRONG)
    return file


def _refused(said: Said, *parts: str) -> None:
    assert said.code == 254
    assert said.is_clean()
    assert not said.out
    for part in parts:
        assert part in said.err


@pytest.mark.parametrize("words", [("run",), ("hunt", "--seeds", "2"), ("plan", "validate"), ("plan", "expand")])
@pytest.mark.usefixtures("wrong")
def test_every_error_of_a_plan_is_shown_with_line_column_and_caret(harness: Harness, words: tuple[str, ...]) -> None:
    said = harness(*words, "wrong.yaml")
    _refused(said, "wrong.yaml:3:11: error: ", "wrong.yaml:6:14: error: ", "wrong.yaml:7:48: error: ")
    assert "^^^^ did you mean delay?" in said.err
    assert [path.name for path in harness.folder.iterdir()] == ["wrong.yaml"], "something was started"


@pytest.mark.usefixtures("wrong")
def test_under_github_actions_the_same_errors_are_annotations_too(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = harness("run", "wrong.yaml")
    assert "::error" not in plain.err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = harness("run", "wrong.yaml")
    _refused(said, "::error file=wrong.yaml,line=3,col=11,", "::error file=wrong.yaml,line=6,col=14,")
    told = re.findall(r"^wrong\.yaml:\d+:\d+: error", said.err, re.MULTILINE)
    assert len(re.findall(r"^::error ", said.err, re.MULTILINE)) == len(told)


def test_what_a_plan_means_is_checked_before_anything_starts(harness: Harness) -> None:
    (harness.folder / "nobody.yaml").write_text(MEANINGLESS)
    _refused(harness("run", "nobody.yaml"), "nobody.yaml:6:", "mobile-9", "nobody.yaml:7:", "convergence")
    assert not (harness.folder / "store").exists()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "p.yaml:1:1: error: the plan is empty"),
        (b"version: 1\ntitle: caf\xe9\n", "p.yaml:2: error: not UTF-8"),
        (b"\x00\x01\x02", "p.yaml:1"),
        (b"version: 1\ntitle: [unclosed\n", "p.yaml:"),
        (b"- a list\n", "p.yaml:1:1: error"),
        (b"version: 1\nversion: 1\n", "p.yaml:2:1: error"),
    ],
    ids=["empty", "not UTF-8", "binary", "no YAML", "no mapping", "a key twice"],
)
def test_a_file_that_is_no_plan_is_refused_with_its_line(harness: Harness, content: bytes, place: str) -> None:
    (harness.folder / "p.yaml").write_bytes(content)
    _refused(harness("run", "p.yaml"), place)
    _refused(harness.process("run", "-", stdin=content), "stdin" if b"\xe9" not in content else "standard input")


def test_a_plan_on_standard_input_runs_and_is_kept_with_the_run(harness: Harness) -> None:
    text = harness("plan", "new").out
    said = harness.process("run", "-", stdin=text.encode())
    assert said.code == 0
    assert said.out.startswith("stdin · seed 0 · hardened · sim\n")
    [run] = [line.split()[1] for line in said.out.splitlines() if line.startswith("run ")]
    assert (harness.folder / run / "plan.yaml").read_text().strip() == text.strip()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "quickstat"], "did you mean quickstart?"),
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "."], "is a directory"),
        (["run", "quickstart", "--profile", "hardned"], "did you mean hardened?"),
        (["run", "quickstart", "--runtime", "simm"], "did you mean sim?"),
        (["run", "quickstart", "--topology", "one-usr"], "did you mean one-user?"),
        (["run", "quickstart", "--without", "heads"], "did you mean lost-events.heads"),
        (["run", "quickstart", "--with", "nothing-like-it"], "unknown policy 'nothing-like-it'"),
        (["run", "quickstart", "--duration", "30"], "such as 250ms, 10s or 1m30s"),
        (["run", "quickstart", "--seed", "x"], "'--seed'"),
        (["run", "--fault", "partion at=5s"], "did you mean partition?"),
        (["run", "--fault", ""], "expected an action first"),
        (["run", "quickstart", "--fault", "delay"], "--fault:1:1: error: the key 'links' is missing here"),
        (["run"], "harness list plans"),
        (["runn"], "did you mean run?"),
        (["hunt", "quickstart", "--seeds", "5..5"], "no seed at all"),
        (["hunt", "quickstart", "--seeds", "many"], "a range (0..100)"),
        (["hunt", "quickstart", "--jobs", "0"], "'--jobs'"),
        (["hunt", "quickstart", "--known", "nowhere.json"], "nowhere.json"),
        (["list", "fults"], "did you mean faults?"),
        (["explain", "convergance"], "did you mean convergence?"),
        (["explain", "zzz"], "harness list"),
        (["plan", "new", "there.yaml"], "there.yaml is there already"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_word_is_answered_with_what_would_be_right(harness: Harness, words: list[str], said: str) -> None:
    (harness.folder / "there.yaml").write_text("mine")
    found = harness(*words)
    _refused(found, said)
    assert len(found.err.splitlines()) <= 5, "too long to be read"
    assert max(map(len, found.err.splitlines())) < 400
    assert (harness.folder / "there.yaml").read_text() == "mine"
    assert not (harness.folder / "store").exists()


def test_every_wrong_plan_of_several_is_named_and_the_right_ones_too(harness: Harness, wrong: Path) -> None:
    said = harness("plan", "validate", "quickstart", wrong.name, "nosuch")
    assert said.code == 254
    assert said.out.startswith("quickstart: a valid plan")
    assert "wrong.yaml:3:11" in said.err
    assert "nosuch" in said.err


def test_a_new_plan_is_valid_and_runs(harness: Harness) -> None:
    assert harness("plan", "new", "mine.yaml").code == 0
    assert harness("plan", "validate", "mine.yaml").code == 0
    assert harness("run", "mine.yaml").code == 0


@pytest.mark.parametrize("seed", ["-1", str(2**63), "x"])
@pytest.mark.parametrize("words", [("run",), ("plan", "expand")])
def test_a_seed_that_no_store_can_hold_is_refused_before_anything_starts(
    harness: Harness, words: tuple[str, ...], seed: str
) -> None:
    _refused(harness(*words, "quickstart", "--seed", seed), "'--seed'")
    assert not list(harness.folder.iterdir())


@pytest.mark.parametrize("seeds", ["-3..1", f"{2**63 - 1}..{2**63 + 1}"])
def test_seeds_beyond_what_a_store_can_hold_are_refused(harness: Harness, seeds: str) -> None:
    _refused(harness("hunt", "quickstart", "--seeds", seeds), "from 0 to 2**63 - 1")


def test_the_largest_seed_runs(harness: Harness) -> None:
    assert harness("run", "edge/missing-jobs", "--seed", str(2**63 - 1)).code == 0
