"""`junit.xml`: what a CI system counts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from a_run import file_run

from harness.report import junit

DOUBLED = 'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a@3'


def suite_of(directory: Path, *, as_expected: bool | None, killed: bool = False) -> ET.Element:
    run = file_run(directory, DOUBLED, ("stream-integrity", "monotonic"))
    run.record.as_expected = as_expected
    if killed:
        run.record.verdict, run.results = None, []
    return ET.fromstring(junit.render(run).partition("\n")[2])


def counts(suite: ET.Element) -> tuple[str | None, ...]:
    return tuple(suite.get(name) for name in ("tests", "failures", "errors", "skipped"))


def test_a_broken_promise_is_a_failure_with_its_steps_numbered(tmp_path):
    suite = suite_of(tmp_path, as_expected=None)
    assert counts(suite) == ("2", "1", "0", "0")
    (failure,) = suite.iter("failure")
    assert failure.get("type") == "double-append"
    assert (failure.text or "").startswith("1. desktop-1 wrote")


def test_a_failure_that_the_plan_expects_is_a_success_that_says_so(tmp_path):
    suite = suite_of(tmp_path, as_expected=True)
    assert counts(suite) == ("2", "0", "0", "0")
    (out,) = suite.iter("system-out")
    assert (out.text or "").startswith("INVALID, as the plan expects: double-append")


def test_a_verdict_that_the_plan_does_not_expect_fails_a_case_of_its_own(tmp_path):
    suite = suite_of(tmp_path, as_expected=False)
    assert counts(suite) == ("3", "2", "0", "0")
    assert [c.get("name") for c in suite.iter("testcase")][-1] == "verdict"


def test_a_run_without_a_verdict_is_an_error_never_green(tmp_path):
    assert counts(suite_of(tmp_path, as_expected=None, killed=True)) == ("1", "0", "1", "0")
