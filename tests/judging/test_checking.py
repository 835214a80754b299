"""One pass for all judges: who is asked, who crashes, what cannot be judged, how answers add up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from telling import judge

from checkers import Judge, Level
from checkers.notation import read
from checkers.past.ledger import Ledger
from harness import registry
from harness.history import Header, Op, Tap
from harness.judging.checking import check, overall
from harness.schedule import CheckSpec
from harness.verdict import CheckResult, Verdict

LINE = 'd:+a tap:m=1 d:a"x" m:a=1 m:a@2 m:final d:final'


class _Probe:
    """A checker and its judge in one, that notes what it is given and crashes where it is told to."""

    NAME = "probe"
    GUARANTEE = "It notes."
    NEEDS = Level.L0
    REASONS: Mapping[str, str] = {}
    EXAMPLE = ANOMALY = INNOCENT = ""

    def __init__(self, feeds: frozenset[str] | None = None, crash: str = "") -> None:
        self.FEEDS = feeds
        self.crash = crash
        self.seen: list[str] = []
        self.taps: list[tuple[str, str]] = []
        self.params: Mapping[str, Any] = {}
        self.ledger: Ledger | None = None
        self.sights: list[str | None] = []

    def _step(self, what: str) -> None:
        self.seen.append(what)
        if what == self.crash:
            raise RuntimeError(f"no {what}")

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        self.params = params
        self._step("begin")
        return self

    def reads(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def tap(self, tap: Tap) -> None:
        self.taps.append((tap.side, tap.type))
        self._step("tap")

    def feed(self, op: Op) -> None:
        assert self.ledger is not None
        self.sights.append(self.ledger.sight.seen.kind if self.ledger.sight else None)
        self._step(op.f)

    def finish(self) -> CheckResult:
        self._step("finish")
        return CheckResult(check="probe", verdict=Verdict.VALID)


Planted = Callable[..., _Probe]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Makes `probe` a checker that the registry finds."""
    real = registry.find

    def planted(feeds: frozenset[str] | None = None, crash: str = "") -> _Probe:
        probe = _Probe(feeds, crash)
        monkeypatch.setattr(registry, "find", lambda kind, name: probe if name == "probe" else real(kind, name))
        return probe

    return planted


def _check(line: str, *names: str) -> list[CheckResult]:
    return check(read(line), [CheckSpec(check=n) for n in names])


def test_by_default_all_checkers_are_asked_in_the_order_of_their_names() -> None:
    assert [r.check for r in check(read(LINE))] == registry.names("checker")


def test_named_checkers_answer_in_the_order_they_are_named() -> None:
    assert [r.check for r in _check(LINE, "monotonic", "agreement")] == ["monotonic", "agreement"]


def test_a_judge_sees_taps_first_then_only_the_kinds_it_asked_for(plant: Planted) -> None:
    probe = plant(frozenset({"observe", "final"}))
    _check(LINE, "probe")
    assert probe.seen == ["begin", "tap", "observe", "observe", "final", "final", "finish"]


def test_a_judge_hears_the_taps_that_it_chose_and_no_others(plant: Planted) -> None:
    probe = plant(frozenset())
    setattr(probe, "HEARS", {"out": ("job:", "sync:h")})  # noqa: B010  (an attribute that most judges lack)
    history = read(LINE)
    history.taps = [
        Tap(time_ns=0, link="relay->mobile-1", side="in", conn=1, bytes=1, type="job:chunk"),
        *(
            Tap(time_ns=1, link="relay->mobile-1", side="out", conn=1, bytes=1, type=kind)
            for kind in ("job:chunk", "sync:head", "sync:gap", "")
        ),
    ]
    check(history, [CheckSpec(check="probe")])
    assert probe.taps == [("out", "job:chunk"), ("out", "sync:head")]


def test_a_judge_that_crashed_over_a_tap_hears_no_other(plant: Planted) -> None:
    probe = plant(None, crash="tap")
    _check("d:+a tap:m=1 tap:m=2 m:a=1 m:final d:final", "probe")
    assert probe.seen == ["begin", "tap"]


def test_a_judge_without_a_choice_sees_every_op(plant: Planted) -> None:
    probe = plant(None)
    history = read(LINE)
    check(history, [CheckSpec(check="probe", params={"within": 2})])
    assert probe.seen == ["begin", "tap", *(op.f for op in history.ops), "finish"]
    assert probe.params == {"within": 2}


def test_the_ledger_has_seen_the_op_that_is_fed(plant: Planted) -> None:
    probe = plant(frozenset({"observe", "commit"}))
    _check(LINE, "probe")
    assert probe.sights == [None, None, None, None, "row", "append"]


@pytest.mark.parametrize("step", ["begin", "tap", "observe", "finish"])
def test_a_crashing_checker_is_unknown_with_its_traceback_and_hurts_no_other(plant: Planted, step: str) -> None:
    plant(None, crash=step)
    crashed, other = _check('d:+a d:a"x" tap:m=1 m:a=1 m:a@2 m:a@2', "probe", "stream-integrity")
    assert (crashed.verdict, crashed.reason) == (Verdict.UNKNOWN, "crashed")
    assert f"RuntimeError: no {step}" in crashed.message
    assert f"no {step}" in crashed.details["traceback"] and "Traceback" in crashed.details["traceback"]
    assert other.reason == "double-append"


def test_a_crash_in_an_op_names_the_op_and_ends_the_feeding(plant: Planted) -> None:
    probe = plant(frozenset({"observe"}), crash="observe")
    (result,) = _check(LINE, "probe")
    assert "feed of op 4" in result.message
    assert probe.seen.count("observe") == 1 and "finish" not in probe.seen


def test_without_the_shared_ledger_everything_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ledger: Ledger, op: Op) -> None:
        raise RuntimeError("no ledger")

    monkeypatch.setattr(Ledger, "feed", broken)
    results = _check(LINE, "convergence", "agreement")
    assert [(r.verdict, r.reason) for r in results] == [(Verdict.UNKNOWN, "crashed")] * 2


def test_a_checker_that_does_not_exist_is_unknown_and_says_what_was_meant() -> None:
    (result,) = _check(LINE, "convergance")
    assert (result.verdict, result.reason) == (Verdict.UNKNOWN, "unknown-checker")
    assert "convergence" in result.message


def test_a_prefix_of_a_history_is_never_valid() -> None:
    history = read('d:+a d:a"x" m:a=2 m:final d:final')
    assert overall(check(history)) is Verdict.VALID
    history.complete, history.problem = False, "line 7 is cut off"
    results = check(history)
    assert (results[0].check, results[0].verdict, results[0].reason) == ("history", Verdict.UNKNOWN, "incomplete")
    assert "line 7 is cut off" in results[0].message
    assert overall(results) is Verdict.UNKNOWN


def test_a_prefix_can_still_prove_a_violation() -> None:
    history = read('d:+a d:a"x" m:a=1 m:a@2 m:a@2')
    history.complete = False
    assert overall(check(history)) is Verdict.INVALID


def test_an_empty_history_is_never_valid() -> None:
    results = check(read(""))
    assert (results[0].check, results[0].reason) == ("history", "empty")
    assert overall(results) is Verdict.UNKNOWN


def test_what_is_not_judged_does_not_count_and_nothing_judged_is_unknown() -> None:
    valid = CheckResult(check="a", verdict=Verdict.VALID)
    skipped = CheckResult(check="b", verdict=None)
    assert overall([valid, skipped]) is Verdict.VALID
    assert overall([skipped]) is Verdict.UNKNOWN
    assert overall([]) is Verdict.UNKNOWN


def test_a_level_too_low_is_named_with_its_node() -> None:
    history = read('d:+a d:a"x" m:a=1 m:a@2 m:a@2')
    history.header.nodes["desktop-1"]["level"] = 0
    result = judge(history, "stream-integrity")
    assert result.verdict is None
    assert result.message == "not judged: needs evidence level L1, which desktop-1 does not give"


def test_one_mobile_that_journals_is_judged_though_another_does_not() -> None:
    history = read('d:+a d:a"x" m:a=1 m:a@2 m:a@2 m2:final')
    history.header.nodes["mobile-2"]["level"] = 0
    assert judge(history, "stream-integrity").reason == "double-append"
    history.header.nodes["mobile-1"]["level"] = 0
    assert judge(history, "stream-integrity").verdict is None


def test_the_relays_level_does_not_matter() -> None:
    history = read('d:+a d:a"x" m:a=1 m:a@2 m:a@2')
    history.header.nodes["relay"]["level"] = 0
    assert judge(history, "stream-integrity").reason == "double-append"


def test_checking_changes_nothing_in_the_history() -> None:
    line = f"{LINE} m:a@2 m:-a m:a=2{{status=x}}"
    history = read(line)
    first = check(history)
    assert list(history.ops) == read(line).ops
    assert check(history) == first
