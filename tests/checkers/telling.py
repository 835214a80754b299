"""Judging a line of the tiny language, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from checkers.notation import read
from harness.history import History
from harness.judging.checking import check
from harness.schedule import CheckSpec
from harness.verdict import CheckResult, Verdict

OF_JOURNALS = ("agreement", "monotonic", "no-resurrection", "stream-integrity")


def judge(line: str | History, name: str, **params: Any) -> CheckResult:
    """The result of one checker."""
    history = read(line) if isinstance(line, str) else line
    (result,) = (r for r in check(history, [CheckSpec(check=name, params=params)]) if r.check == name)
    return result


def named(line: str | History, *names: str) -> dict[str, list[str]]:
    """What the named checkers (default: all that read journals, and convergence) object to: check → reasons."""
    history = read(line) if isinstance(line, str) else line
    results = check(history, [CheckSpec(check=n) for n in names or (*OF_JOURNALS, "convergence")])
    return {r.check: [r.reason, *r.others] for r in results if r.verdict is not Verdict.VALID and r.reason is not None}
