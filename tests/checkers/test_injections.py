"""A true run with exactly one anomaly in it: the checker names exactly that one, and no other accuses anybody.

Always the same places, unless HARNESS_FUZZ asks for more.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from injections import Edit, Injection, load
from injections.scenes import PLANS, TIMES, Scene, scenes

from harness import registry
from harness.history import History
from harness.judging.checking import check
from harness.schedule import CheckSpec
from harness.verdict import Verdict

CHECKERS = registry.names("checker")
PARAMS = {"latency": {"within": "60ms"}}  # without a bound it accuses nobody
INJECTIONS = load()


def objections(history: History) -> dict[str, set[str]]:
    """What all checkers together have to say: check → reasons. What is said of the run as a whole is left out."""
    results = check(history, [CheckSpec(check=name, params=PARAMS.get(name, {})) for name in CHECKERS])
    return {
        r.check: {str(r.reason), *r.others}
        for r in results
        if r.verdict in (Verdict.INVALID, Verdict.UNKNOWN) and r.check in CHECKERS
    }


@lru_cache
def places(injection: Injection) -> list[tuple[Scene, list[Any]]]:
    """Where it can be put: runs, and the sites of each."""
    return [(scene, found) for scene in scenes() if (found := list(injection.sites(scene)))]


def test_true_runs_are_silent() -> None:
    for scene in scenes():
        assert objections(scene.run) == {}, scene


@pytest.mark.parametrize("injection", INJECTIONS, ids=str)
@settings(max_examples=TIMES, deadline=None, database=None, derandomize=TIMES == 1)
@given(st.data())
def test_one_anomaly_is_named_and_nothing_else_is(injection: Injection, data: st.DataObject) -> None:
    where = places(injection)
    assert where, f"no run of {', '.join(PLANS)} has a place for it: more seeds may"
    scene, sites = data.draw(st.sampled_from(where))
    edit = Edit(scene.run)
    injection.put(edit, data.draw(st.sampled_from(sites)))
    found = objections(edit.history())
    assert found.pop(injection.check, set()) - own(injection) == {injection.reason}
    said = {f"{check}/{reason}" for check, reasons in found.items() for reason in reasons}
    assert said <= injection.companions


def own(injection: Injection) -> set[str]:
    """Further reasons that the same checker may give."""
    return {c.partition("/")[2] for c in injection.companions if c.startswith(f"{injection.check}/")}


def test_every_reason_of_every_checker_can_be_injected() -> None:
    reasons = {f"{name}/{reason}" for name in CHECKERS for reason in registry.find("checker", name).REASONS}
    assert {str(injection) for injection in INJECTIONS} == reasons


def test_companions_are_reasons_and_are_explained() -> None:
    reasons = {f"{name}/{reason}" for name in CHECKERS for reason in registry.find("checker", name).REASONS}
    for injection in INJECTIONS:
        assert injection.companions <= reasons - {str(injection)}
        assert bool(injection.companions) == bool(injection.because), injection
