"""Every reason has a history on a line that shows it, an innocent twin, and one of which nobody can say."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from telling import judge

from checkers.notation.examples import examples, text
from harness import registry
from harness.judging.checking import as_its_example
from harness.verdict import CheckResult, Verdict

CASES = [asdict(example) for example in examples().values()]
NOT_ON_A_LINE = {  # what they need is no token of the language: histories in these files
    "evidence/idle-fault": "test_evidence.py",  # where a fault was
    "evidence/nothing-at-stake": "test_evidence.py",  # what other checkers judged
    "evidence/nothing-judged": "test_evidence.py",
    "isolation/expired-token": "test_isolation.py",  # a token's life, in the header
    "linearizable/undone": "test_linearizable.py",  # a commit that is answered by a failure later
    "liveness/unreachable": "test_liveness.py",  # the relay's final state
    "rpc/half-told": "test_rpc.py",  # an error of several words
    "resources/impatient": "test_resources.py",  # the codes of errors
    "resources/leak": "test_resources.py",  # gauges
    "resources/miscounted": "test_resources.py",
}
NOTHING_OWED = {  # innocent since the duty never arises: with nothing else in the line, nothing was judged
    "linearizable/failed-effect",
    *(f"reaction/{reason}" for reason in ("head", "hole", "presence", "forwarded-call")),
    *("replica/closed-screen", "replica/former-store", "resources/early-head"),
}


def found(case: dict[str, str], which: str) -> CheckResult:
    checker = registry.find("checker", case["check"])
    params = as_its_example(checker).params if case["check"] == "latency" else {}
    return judge(case[which], case["check"], **params)


def name(case: dict[str, str]) -> str:
    return f"{case['check']}/{case['reason']}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_reason_is_named_where_it_is_and_nowhere_else(case: dict[str, str]) -> None:
    anomaly = found(case, "anomaly")
    assert [anomaly.reason, *anomaly.others] == [case["reason"]]
    assert anomaly.verdict in (Verdict.INVALID, Verdict.UNKNOWN)
    innocent = found(case, "innocent")
    assert (innocent.verdict, innocent.reason) == (None if name(case) in NOTHING_OWED else Verdict.VALID, None)
    unknown = found(case, "unknown")
    assert unknown.verdict in (Verdict.VALID, None) and unknown.reason is None


def test_every_reason_has_its_lines() -> None:
    checkers = registry.names("checker")
    reasons = {f"{check}/{reason}" for check in checkers for reason in registry.find("checker", check).REASONS}
    assert [name(case) for case in CASES] == re.findall(r"^\[(.+)\]$", text(), re.M)
    assert {name(case) for case in CASES} | NOT_ON_A_LINE.keys() == reasons


@pytest.mark.parametrize(("reason", "file"), NOT_ON_A_LINE.items())
def test_what_fits_on_no_line_has_its_history_elsewhere(reason: str, file: str) -> None:
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    assert f'"{reason.partition("/")[2]}"' in text
