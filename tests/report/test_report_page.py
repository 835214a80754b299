"""`report.html`: what a reader must find in it, whatever the run was."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from a_run import file_run
from page_reader import Page

from harness import registry, report
from harness.judging.checking import as_its_example
from harness.report import page
from harness.report.drawing import section
from harness.report.findings.story import Stories
from harness.report.told import words
from harness.store import rundir
from harness.verdict import CheckResult, Verdict

DOUBLED = 'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a@3'
ENOUGH = " m>get(a) m<ok" * 3
CHECKERS = registry.names("checker")


def written(tmp_path: Path, line: str, checks: tuple[str, ...] = (), title: str = "A plan") -> Page:
    return Page(page.render(file_run(tmp_path / "run", line, checks, title)))


def test_it_begins_with_the_verdict_and_says_what_happened(tmp_path):
    found = written(tmp_path, DOUBLED, ("stream-integrity",))
    assert found.open == []
    assert found.text.startswith("INVALID A chunk was appended twice.")
    assert "appended chunk" in found.text
    assert "desktop-1 wrote chunk 2" in found.text


def test_both_texts_stand_side_by_side_with_what_differs_marked(tmp_path):
    html = page.render(file_run(tmp_path / "run", DOUBLED, ("stream-integrity",)))
    assert "Written by the desktop" in html
    assert "Shown by the mobile" in html
    assert re.search(r"Hello<(ins|mark|span|del)[^>]*>.*?llo", html, re.DOTALL)


def test_the_smallest_plan_stands_in_it_with_its_command_that_of_the_failure_told_first(tmp_path):
    file_run(tmp_path / "run", DOUBLED, ("stream-integrity",))
    for check, reason in (("convergence", "text"), ("stream-integrity", "double-append")):
        name = rundir.MINIMAL.format(check=check, reason=reason)
        (tmp_path / "run" / name).write_text(f"version: 1\ntitle: '<{reason}>'\n")
    text = Page(page.render(rundir.read_run(tmp_path / "run"))).text
    assert "The smallest plan that fails like it" in text
    assert text.index("title: '<double-append>'") < text.index("title: '<text>'")
    assert "minimal-stream-integrity-double-append.yaml --profile documented" in text.replace("hardened", "documented")
    assert "harness shrink" not in text


def test_a_failed_run_without_it_says_how_to_find_it_and_a_valid_one_does_not(tmp_path):
    command = f"harness shrink {tmp_path / 'run'}"
    assert command in written(tmp_path, DOUBLED, ("stream-integrity",)).text
    assert "harness shrink" not in written(tmp_path, "d:+a m:a=1", ("monotonic",)).text


def test_a_valid_run_says_so_and_tells_no_failure(tmp_path):
    found = written(tmp_path, "d:+a m:a=1", ("monotonic",))
    assert found.text.startswith("VALID")
    assert "Nothing went wrong" in found.text
    assert "How it came about" not in found.text


def test_what_a_checker_measured_stands_beside_what_it_guards(tmp_path):
    found = written(tmp_path, "d:up m:up m:scope(s1) m:listed d:+a m:a=1(event:1)", ("latency", "staleness"))
    assert "Measured: hit, calm: n 1, p1 100.0 ms" in found.text
    assert "The least bounds that would hold: Δ 100.0 ms, k 2." in found.text


def test_a_checker_without_enough_evidence_is_listed_as_not_judged(tmp_path):
    found = written(tmp_path, "%level=0 d:+a m:a=1", ("monotonic",))
    assert "not judged" in found.text


def test_what_the_system_wrote_becomes_no_mark_up(tmp_path):
    evil = "</script><img src=x onerror=alert(1)><b>"
    line = f'd:+a d:a"{evil}" d:a"{evil}" m:a=1 m:a@2 m:a@3 m:a@3'
    html = page.render(file_run(tmp_path / "run", line, ("stream-integrity",), title=f"A plan {evil}"))
    found = Page(html)
    assert not found.all("img")
    assert not any("onerror" in attributes for _, attributes in found.elements)
    assert found.open == []
    assert "<img src=x onerror=alert(1)>" in found.text.replace(" ", " ")


def test_it_fetches_nothing_and_runs_only_what_its_sections_brought(tmp_path):
    run = file_run(tmp_path / "run", DOUBLED + " fault:f heal:f", ("stream-integrity",))
    html = page.render(run)
    found, brought = Page(html), section.draw(run)
    run_scripts = [a for a in found.all("script") if a.get("type") != "application/json"]
    assert run_scripts == [{}] * len(brought.scripts)
    assert all(f"<script>{script}</script>" in html for script in brought.scripts)
    assert [a["content"] for a in found.all("meta") if a.get("http-equiv")] == [brought.policy]
    assert not any(name.startswith("on") for _, attributes in found.elements for name in attributes)
    assert {a["href"] for a in found.all("link")} <= {"data:,"}  # no icon is asked for
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", html)
    assert "url(" not in html.replace("url(#", "")


def test_the_timeline_is_to_scale(tmp_path):
    """Time labels and fault bands stand where their times say, on one line from time to place."""
    line = "d:+a m:a=1 fault:one @4.0 heal:one fault:two @9.0 heal:two @10.0 m:a=1"
    found = written(tmp_path, line, ("monotonic",))
    wide = _of_picture(found, "wide")
    ticks = [(int(a["data-ns"]), float(a["x"])) for t, a in wide if t == "text" and "data-ns" in a]
    bands = [a for t, a in wide if t == "rect" and "data-begin-ns" in a]
    assert len(ticks) >= 3 and len(bands) == 2
    (t0, x0), (t1, x1) = ticks[0], ticks[-1]

    def place(ns: int) -> float:
        return x0 + (x1 - x0) * (ns - t0) / (t1 - t0)

    for ns, x in ticks:
        assert x == pytest.approx(place(ns), abs=0.3)
    for band in bands:
        assert float(band["x"]) == pytest.approx(place(int(band["data-begin-ns"])), abs=0.3)
        end = float(band["x"]) + float(band["width"])
        assert end == pytest.approx(place(int(band["data-end-ns"])), abs=0.3)
    first, second = sorted(bands, key=lambda b: int(b["data-begin-ns"]))
    assert float(second["width"]) > float(first["width"])


def _of_picture(found: Page, layout: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of the overview in that layout."""
    starts = [i for i, (t, a) in enumerate(found.elements) if t == "svg" and a.get("class") == layout]
    assert starts
    rest = found.elements[starts[-1] + 1 :]
    ends = [i for i, (t, _) in enumerate(rest) if t == "svg"]
    return rest[: ends[0]] if ends else rest


def test_pictures_say_in_words_what_they_show(tmp_path):
    found = written(tmp_path, DOUBLED, ("stream-integrity",))
    pictures = [a for a in found.all("svg") if a.get("role") == "img"]
    assert pictures
    ids = {a["id"] for _, a in found.elements if "id" in a}
    assert all(set(a["aria-labelledby"].split()) <= ids for a in pictures)
    assert len(ids) == sum("id" in a for _, a in found.elements), "an id stands twice"


def test_a_fault_that_met_nothing_is_told_from_one_that_did(tmp_path):
    found = written(tmp_path, "d:+a m:a=1 fault:busy fault:idle heal:busy inert:idle", ("monotonic",))
    assert "met nothing" in found.text
    assert len(found.all("rect", "inert")) == len(found.all("rect", "band")) / 2 > 0


def test_it_ends_with_what_repeats_the_run(tmp_path):
    run = file_run(tmp_path / "run", DOUBLED, ("stream-integrity",))
    found = Page(page.render(run))
    assert f"harness replay {run.directory}" in found.text
    for fact in ("seed", "a-plan", "profile", "runtime"):
        assert fact in found.text.split("The run", 1)[1]


def test_a_long_run_makes_no_large_page(tmp_path):
    chunks = " ".join(f'd:a"{"x" * 40}{n}" m:a@{n + 2}' for n in range(1500))
    faults = " ".join(f"fault:f{n} heal:f{n}" for n in range(200))
    html = page.render(file_run(tmp_path / "run", f"d:+a m:a=1 {chunks} {faults} m:a@1500"))
    assert len(html.encode()) < 1_000_000
    assert "Not drawn" in Page(html).text


def test_a_run_that_was_killed_says_that_nothing_has_judged_it(tmp_path):
    run = file_run(tmp_path / "run", DOUBLED, ("stream-integrity",))
    (run.directory / "results.json").unlink()
    record = json.loads((run.directory / "run.json").read_text())
    record |= {"verdict": None, "ended": None}
    (run.directory / "run.json").write_text(json.dumps(record))
    report.write(run.directory)
    found = Page((run.directory / "report.html").read_text())
    assert found.text.startswith("UNKNOWN")
    assert "No checker has judged this run" in found.text
    assert f"harness check {run.directory}" in found.text


@pytest.mark.parametrize("name", CHECKERS)
def test_every_checkers_anomaly_can_be_read(tmp_path, name):
    checker = registry.find("checker", name)
    run = file_run(tmp_path / "run", checker.ANOMALY + ENOUGH, (as_its_example(checker),))
    (result,) = [r for r in run.results if r.check == name]
    found = Page(page.render(run))
    assert result.verdict in (Verdict.INVALID, Verdict.UNKNOWN)
    assert words.reason(name, result.reason) in found.text
    assert checker.GUARANTEE.rstrip(".") in found.text


def test_every_reason_is_a_sentence():
    for name in CHECKERS:
        for code, meaning in registry.find("checker", name).REASONS.items():
            assert meaning[:1].isupper() and meaning.rstrip().endswith("."), (name, code)


def test_the_summary_begins_with_the_verdict_and_junit_counts_the_failure(tmp_path):
    run = file_run(tmp_path / "run", DOUBLED, ("stream-integrity", "monotonic"))
    report.write(run.directory)
    summary = (run.directory / "summary.md").read_text()
    assert "INVALID" in summary.splitlines()[0]
    assert "stream-integrity" in summary and "harness replay" in summary
    (suite,) = ET.parse(run.directory / "junit.xml").iter("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = suite.iter("failure")
    assert "chunk" in (failure.get("message") or "") + (failure.text or "")


def test_what_no_node_did_is_said_once_and_without_an_empty_chart(tmp_path):
    found = file_run(tmp_path / "run", DOUBLED, ("evidence",))
    last = found.history.ops[-1]
    quiet = CheckResult(
        check="evidence",
        verdict=Verdict.UNKNOWN,
        reason="too-quiet",
        message="too quiet: 1 of 9",
        evidence=[last.index],
        details={"story": [{"index": last.index, "what": "too quiet: 1 of 9"}]},
    )
    ops = [*found.history.ops[:-1], msgspec.structs.replace(last, node=None)]
    nowhere = msgspec.structs.replace(found.history, ops=ops)
    assert words.sentences(quiet) == []
    assert Stories(nowhere).of(quiet).marks == []
    assert [m.what for m in Stories(found.history).of(quiet).marks] == ["too quiet: 1 of 9"]


@pytest.mark.parametrize(
    ("history", "said"),
    [(None, "The history of this run is missing"), ("cut short", "The history is incomplete (cut short)")],
)
def test_what_is_told_of_less_than_there_was_says_so_at_the_top(tmp_path: Path, history: str | None, said: str) -> None:
    run = file_run(tmp_path / "run", 'd:+a d:a"Hi" m:a=1 m:a@2 m:a@2', ("stream-integrity",))
    assert said not in Page(page.render(run)).text
    if history is None:
        run.history = None
    else:
        run.history.problem = history
    assert said in Page(page.render(run)).text.partition("What happened")[0]


def test_a_sentence_begins_with_a_capital_letter_and_a_name_does_not() -> None:
    assert words.sentence("in the end mobile-1 shows it") == "In the end mobile-1 shows it"
    assert words.sentence("mobile-1 shows it") == "mobile-1 shows it"


@pytest.mark.parametrize("verdict", [Verdict.VALID, Verdict.INVALID])
def test_a_run_whose_results_are_missing_is_neither_explained_nor_praised(tmp_path: Path, verdict: Verdict) -> None:
    run = file_run(tmp_path / "run", "d:+a m:a=1 m:final d:final", ("convergence",))
    run.results, run.record.verdict, run.record.as_expected = [], verdict, True
    for text in (Page(page.render(run)).text, report.FORMS["summary.md"](run)):
        assert "What the checkers said" in text and "is missing" in text
        assert "as the plan expects" not in text and "that the plan expects" not in text
        assert "Nothing went wrong" not in text and "No checker has judged" not in text


def test_the_page_allows_the_scripts_that_it_has_and_no_other(tmp_path: Path) -> None:
    html = page.render(file_run(tmp_path / "run", "d:+a m:a=1 m:final d:final", ("convergence",)))
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    allowed = re.search(r"script-src ([^\"]*)\"", html)
    assert scripts and allowed is not None
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert allowed[1].replace("&#39;", "'").split() == [f"'sha256-{each}'" for each in hashes]
