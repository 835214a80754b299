"""`harness check --model … --report`: the page that shows a verdict, beside the same words and the same exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_rig import Harness

STALE = """\
{:process 0, :type :invoke, :f :write, :value 1}
{:process 0, :type :ok, :f :write, :value 1}
{:process 1, :type :invoke, :f :read, :value nil}
{:process 1, :type :ok, :f :read, :value %s}
"""
KEYED = """\
{"process": 0, "type": "invoke", "f": "append", "value": "x", "key": "%(key)s"}
{"process": 0, "type": "ok", "f": "append", "value": "x", "key": "%(key)s"}
{"process": 1, "type": "invoke", "f": "get", "key": "%(key)s"}
{"process": 1, "type": "ok", "f": "get", "value": "%(value)s", "key": "%(key)s"}
"""


@pytest.fixture
def stale(harness: Harness) -> str:
    (harness.folder / "history.old.edn").write_text(STALE % "nil")
    return "history.old.edn"


def test_the_page_is_written_where_it_was_wanted_and_its_path_is_the_last_line(harness: Harness, stale: str):
    plain = harness("check", stale, "--model", "register")
    said = harness("check", stale, "--model", "register", "--report", "out.html")
    assert (said.code, plain.code, said.is_clean()) == (1, 1, True)
    assert said.out == f"{plain.out}report   out.html\n"
    page = (harness.folder / "out.html").read_text(encoding="utf-8")
    assert "process 1: read → nil (lines 3 to 4)" in page and "cannot follow" in page
    assert f"harness check {Path(harness.folder / stale)} --model register" in page


def test_without_a_name_it_is_called_as_the_history(harness: Harness, stale: str):
    assert harness("check", stale, "--report", "--model", "register").out.endswith("report   history.html\n")
    assert (harness.folder / "history.html").is_file()


def test_of_a_pipe_it_is_called_history(harness: Harness):
    said = harness.process("check", "-", "--model", "register", "--report", stdin=(STALE % "1").encode())
    assert said.code == 0 and said.out.endswith("report   history.html\n")
    assert "Some order explains every answer" in (harness.folder / "history.html").read_text(encoding="utf-8")


def test_a_machine_is_told_where_it_is(harness: Harness, stale: str):
    said = harness("check", stale, "--model", "register", "--json", "--report", "out.html")
    assert (said.code, json.loads(said.out)["report"]) == (1, "out.html")
    assert "report" not in json.loads(harness("check", stale, "--model", "register", "--json").out)


def test_the_value_at_first_stands_in_the_command_that_judges_it_again(harness: Harness, stale: str):
    harness("check", stale, "--model", "register", "--initial", "[1 2]", "--report", "out.html")
    assert "--initial &#39;[1 2]&#39;" in (harness.folder / "out.html").read_text(encoding="utf-8")


def test_failing_keys_are_shown_and_of_many_the_first(harness: Harness):
    text = "".join(KEYED % {"key": key, "value": "x" if key == "a" else "y"} for key in "abcde")
    (harness.folder / "h.jsonl").write_text(text)
    assert harness("check", "h.jsonl", "--model", "kv", "--report").code == 1
    page = (harness.folder / "h.html").read_text(encoding="utf-8")
    assert [f"<h2>Key &#34;{key}&#34;</h2>" in page for key in "abcde"] == [False, True, True, True, False]
    assert "1 more key, not linearizable either" in page


def test_an_empty_history_has_a_page_without_a_picture(harness: Harness):
    (harness.folder / "h.edn").write_text("\n")
    assert harness("check", "h.edn", "--model", "register", "--report").code == 2
    page = (harness.folder / "h.html").read_text(encoding="utf-8")
    assert "UNKNOWN" in page and "<svg" not in page


def test_what_a_run_answered_wrongly_is_drawn_and_what_it_answered_rightly_told(harness: Harness):
    run = harness("run", "ablations/list-cache.project-key", "--without", "list-cache.project-key", "--json")
    said = harness("check", json.loads(run.out)["run"], "--model", "job", "--report", "bad.html")
    assert (said.code, said.is_clean(), said.out.endswith("report   bad.html\n")) == (1, True, True)
    page = (harness.folder / "bad.html").read_text(encoding="utf-8")
    assert "cannot follow" in page and "mobile-2&#39;s list" in page
    assert harness("run", "edge/missing-jobs").code == 0
    said = harness("check", "latest", "--model", "job", "--json", "--report", "good.html")
    assert json.loads(said.out)["report"] == "good.html"
    assert "<svg" not in (harness.folder / "good.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--report",), "--report goes with --model"),
        (("--report", "--check", "rpc"), "--report goes with --model"),
        (("--model", "register", "--report", "--export", "edn"), "--report does not go with --export"),
        (("--model", "register", "--report", "other.edn"), "--report writes a page: name it OUT.html, not 'other.edn'"),
    ],
)
def test_where_it_would_be_passed_over_or_write_over_something_it_is_refused(
    harness: Harness, stale: str, words: tuple[str, ...], why: str
):
    (harness.folder / "other.edn").write_text("mine")
    said = harness("check", stale, *words)
    assert (said.code, said.is_clean(), said.out) == (254, True, "")
    assert why in said.err
    assert (harness.folder / "other.edn").read_text() == "mine"


def test_a_page_that_cannot_be_written_is_no_verdict(harness: Harness, stale: str):
    said = harness("check", stale, "--model", "register", "--report", "nowhere/out.html")
    assert (said.code, said.is_clean()) == (255, True)
    assert "nowhere/out.html: cannot be written: No such file or directory; --report OUT.html names another" in said.err
