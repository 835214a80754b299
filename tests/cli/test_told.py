"""What the terminal says: every failure, no colours for who wants none, nothing torn that may be pasted."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from cli_rig import LIMIT_S, Harness, command

import faults
from checkers.words.wording import value
from harness import registry
from harness.cli.telling import say
from harness.report.told import words
from harness.verdict import CheckResult, Verdict


def test_every_checker_that_says_invalid_is_named_with_a_sentence_and_the_first_with_its_story(
    harness: Harness,
) -> None:
    said = harness("run", "quickstart", "--profile", "documented")
    table, _, rest = said.out.partition("\n\n")[2].partition("\n\n")
    invalid = [line.split()[:3] for line in table.splitlines() if " INVALID " in line]
    assert len(invalid) > 1
    for check, _, reason in invalid:
        assert re.search(rf"^{check}: {reason}(: \S+ \S+|$)", rest, re.MULTILINE), check
    first = rest.split(":")[0]
    assert rest.index("  1. ") < min(rest.index(f"\n{check}: ") for check, _, _ in invalid if check != first)


def test_a_checker_without_a_message_is_told_by_what_its_reason_means() -> None:
    result = CheckResult(check="rpc", verdict=Verdict.INVALID, reason="completed-twice")
    assert words.one_sentence(result) == "A call ended, and ended again."
    assert words.one_sentence(CheckResult(check="rpc", verdict=Verdict.INVALID, message="a\n b")) == "a b"


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"processes_killed": 1}, "1 process killed"),
        ({"processes_killed": 2}, "2 processes killed"),
        ({"copies": 1}, "1 copy"),
        ({"connections_cut": 1, "bytes_held": 3}, "1 connection cut, 3 bytes held"),
        ({"batches_lost": 1}, "1 batch lost"),
        ({"store_bytes_lost": 1}, "1 store byte lost"),
        ({"messages_lost": 1, "nothing": 0}, "1 message lost"),
    ],
)
def test_one_of_a_thing_is_said_in_the_singular(counts: dict[str, int], told: str) -> None:
    assert words.effect(counts) == told


def test_every_count_of_every_fault_has_a_singular() -> None:
    """A count that a fault makes becomes words: none may end as `processe` does."""
    root = Path(faults.__file__).parents[1]
    sources = [*(root / "faults").glob("*.py"), *(root / "harness").rglob("*.py")]
    counted = {name for s in sources for name in re.findall(r"\b(?:met|note)\((\w+)=", s.read_text(encoding="utf-8"))}
    assert {"processes_killed", "messages_duplicated", "closes_slowed"} <= counted
    nouns = "byte callback clock close connection copy message process reading segment slice statement store task write"
    for name in counted:
        assert set(words.effect({name: 1}).split()) & {*nouns.split(), "died"}, words.effect({name: 1})


# ---- terminals ----------------------------------------------------------------------------------------------------


def on_a_terminal(folder: Path, *args: str, **env: str) -> str:
    """Everything that a command writes to a terminal."""
    ours, theirs = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM", "COLUMNS")}
    process = subprocess.Popen(
        command(*args), cwd=folder, env={**clean, **env}, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    found = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        found += part
    process.wait(timeout=LIMIT_S)
    os.close(ours)
    return found.decode()


@pytest.mark.parametrize(
    "env", [{"TERM": "dumb"}, {"TERM": "xterm-256color", "NO_COLOR": "1"}], ids=["dumb", "NO_COLOR"]
)
def test_who_wants_no_colours_gets_none(harness: Harness, env: dict[str, str]) -> None:
    for args in (("run", "regressions/unicode-double-append"), ("list", "profiles"), ("run", "nowhere")):
        said = on_a_terminal(harness.folder, *args, **env)
        assert not re.search(r"\x1b\[[0-9;]*m", said), args
        assert "\x1b" not in said or env["TERM"] != "dumb"


def test_a_terminal_that_can_gets_colours(harness: Harness) -> None:
    """Or the test above would claim nothing."""
    assert "\x1b[" in on_a_terminal(harness.folder, "list", "profiles", TERM="xterm-256color")


@pytest.mark.parametrize("width", [20, 40, 41, 57, 80, 99, 200])
def test_what_may_be_pasted_is_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    whole = [
        "`harness run --fault 'partition links=mobile-1<->relay at=5s for=9s' --duration 60s`",
        "/a/very/long/path/with-hyphens/" + "x" * 90 + "/report.html",
        "'/a path/with blanks/and more of them/report.html'",
        "store/quickstart/20260101T000000Z-0-abcdef/minimal-no-resurrection-vanished.yaml",
    ]
    for thing in whole:
        say.paragraph(f"Something long enough to be wrapped somewhere says {thing} and goes on for a while after it.")
        assert thing in capsys.readouterr().out


@pytest.mark.parametrize("columns", ["80", "43"])
def test_no_command_is_broken_in_any_help(harness: Harness, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for words_ in (("--help",), ("run", "--help"), ("hunt", "--help"), ("check", "--help"), ("doctor", "--help")):
        for line in harness(*words_).out.splitlines():
            assert line.count("`") % 2 == 0, line


# ---- plug-ins in their own words ------------------------------------------------------------------------------------

_PYTHON = re.compile(
    r"PydanticUndefined|\bNone\b|\bTrue\b|\bFalse\b|<class|<function|<object|\w+\(\w*='|default: \w+='"
)


@pytest.mark.parametrize("kind", ["fault", "checker", "profile", "runtime", "topology"])
def test_nothing_is_explained_in_python(harness: Harness, kind: str) -> None:
    for name in registry.names(kind):
        said = harness("explain", name)
        assert said.code == 0
        assert not _PYTHON.search(said.out), name


def test_no_policy_is_explained_in_python(harness: Harness) -> None:
    from harness.cli.naming import catalogue  # noqa: PLC0415

    for name in catalogue.slots():
        assert not _PYTHON.search(harness("explain", name).out), name


def test_the_runtimes_are_told_by_faults_that_there_are(harness: Harness) -> None:
    said = harness("list", "runtimes").out
    named = re.findall(r"^  ([\w, ]+) on (?:a |docker|sim|\w+:)", said, re.MULTILINE)
    assert len(named) > 6
    there_are = set(registry.names("fault")) | {"nodes"}
    assert {name for names in named for name in names.split(", ")} - there_are == set()
    assert "kill on a mobile: partly: no `wipe: true`: it keeps no store" in said
    for runtime in registry.names("runtime"):
        told = harness("explain", runtime).out
        assert "disk_full" in told
        assert "fill_disk" not in told


def test_the_default_of_a_fault_is_what_a_plan_may_write(harness: Harness) -> None:
    assert re.search(r"^  attributes +default: \{\}$", harness("explain", "toxic").out, re.MULTILINE)
    assert re.search(r"^  power +default: false$", harness("explain", "kill").out, re.MULTILINE)
    assert re.search(r"^  match +default: \{type: '\*', job: '\*'\}$", harness("explain", "loss").out, re.MULTILINE)
    assert not re.search(r"^  for\b", harness("explain", "kill").out, re.MULTILINE), "it is refused"


def test_no_finding_shows_a_value_in_python() -> None:
    assert value({"kept": None, "gone": [True, "é"]}) == '{"kept": null, "gone": [true, "é"]}'
    assert value(False) == "false"
    assert value(None) == "no value"


def test_a_run_without_answers_is_told_alike_by_its_table_and_as_jobs(harness: Harness) -> None:
    head = "version: 1\nduration: 2s\ntiming: fast\n"
    text = f"{head}workload: {{jobs: 3, rate: 5/s, mobile_rate: 0.01/s}}\nchecks: [linearizable]\n"
    (harness.folder / "p.yaml").write_text(text)
    said = harness("run", "p.yaml")
    assert re.search(r"^  linearizable +not judged", said.out, re.MULTILINE)
    alone = harness("check", "latest", "--model", "job")
    assert (alone.code, "verdict  UNKNOWN" in alone.out) == (2, True)
    assert harness("check", "latest", "--check", "linearizable").code == 2
