"""`harness check --model … --report`: the page that shows a verdict, beside the same words and the same exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_rig import Harness

from harness.cli.linear import judged
from harness.terminal import harmless

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
    page = (harness.folder / "history.html").read_text(encoding="utf-8")
    assert "Some order explains every answer" in page and "from standard input · 2 operations" in page
    assert "See it again" not in page and "/dev/stdin" not in page


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


@pytest.mark.parametrize("model", ["register", "job"])
def test_a_place_that_is_not_there_is_refused_before_anything_is_judged(
    harness: Harness, stale: str, model: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(judged, "decide_all", lambda *_: pytest.fail("judged"))
    said = harness("check", stale, "--model", model, "--report", "nowhere/out.html")
    assert (said.code, said.is_clean(), said.out) == (254, True, "")
    assert "--report nowhere/out.html: there is no folder nowhere" in said.err
    (harness.folder / "folder.html").mkdir()
    said = harness("check", stale, "--model", model, "--report", "folder.html")
    assert (said.code, said.out) == (254, "") and "folder.html: this is a folder" in said.err


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["words", "json"])
def test_where_a_page_cannot_be_written_the_verdict_is_told_all_the_same(
    harness: Harness, stale: str, more: tuple[str, ...]
):
    """A link to nowhere: it cannot be written, whoever tries."""
    (harness.folder / "out.html").symlink_to(harness.folder / "nowhere" / "out.html")
    plain = harness("check", stale, "--model", "register", *more)
    said = harness("check", stale, "--model", "register", "--report", "out.html", *more)
    assert (said.code, said.is_clean(), said.out) == (255, True, plain.out)
    assert "out.html: cannot be written: No such file or directory; --report OUT.html names another" in said.err


def test_what_helps_a_reader_stands_on_the_page_as_on_the_terminal(harness: Harness):
    (harness.folder / "h.edn").write_text("".join((STALE % "5").splitlines(keepends=True)[2:]))
    said = harness("check", "h.edn", "--model", "register", "--report")
    hint = "No write of 5 has happened: if it is there at first, say so with --initial 5"
    assert hint in said.out and hint in (harness.folder / "h.html").read_text(encoding="utf-8")
    assert hint not in harness("check", "h.edn", "--model", "register", "--initial", "5").out


def test_of_long_values_both_say_where_they_part(harness: Harness):
    same = "A" * 1000
    text = (STALE % f'"{same}yB"').replace(":value 1}", f':value "{same}xB"}}')
    (harness.folder / "h.edn").write_text(text)
    said = harness("check", "h.edn", "--model", "register", "--report")
    page = (harness.folder / "h.html").read_text(encoding="utf-8").replace("&#34;", '"')
    for told in (said.out, page):
        assert "(what was read and what was there part at character 1000, counted from 0)" in told
        assert f'read → …"{"A" * 24}yB"' in told and f'the value was then …"{"A" * 24}xB"' in told


def test_nothing_of_a_history_turns_a_line_round(harness: Harness):
    evil = "\u202e\u2066\u200f\u061c"
    text = (STALE % f'"{evil}"').replace(":process 1", f':process "{evil}"')
    (harness.folder / "h.edn").write_text(text, encoding="utf-8")
    said = harness("check", "h.edn", "--model", "register", "--report")
    page = (harness.folder / "h.html").read_text(encoding="utf-8")
    assert said.code == 1 and not set(evil) & set(said.out + page)
    assert "\\u202e\\u2066\\u200f\\u061c: read" in said.out
    assert harmless(f"a{evil}b\x1b") == "a\\u202e\\u2066\\u200f\\u061cb\\x1b"


@pytest.mark.parametrize(("keys", "last"), [("abcd", "1 more key; --json tells it"), ("abcde", "2 more keys; ")])
def test_keys_that_are_not_told_are_counted(harness: Harness, keys: str, last: str):
    (harness.folder / "h.jsonl").write_text("".join(KEYED % {"key": key, "value": "y"} for key in keys))
    assert f"\nand {last}" in harness("check", "h.jsonl", "--model", "kv").out


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["words", "json"])
def test_of_a_run_too_the_verdict_is_told_whatever_becomes_of_the_page(harness: Harness, more: tuple[str, ...]):
    run = json.loads(harness("run", "edge/missing-jobs", "--json").out)["run"]
    (harness.folder / "out.html").symlink_to(harness.folder / "nowhere" / "out.html")
    plain = harness("check", run, "--model", "job", *more)
    said = harness("check", run, "--model", "job", "--report", "out.html", *more)
    assert (said.code, said.is_clean(), said.out) == (255, True, plain.out)
