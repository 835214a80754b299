"""No history takes the machine down: what does not fit is left out and said so, and a pass ends."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from checkers.notation import read
from harness.history import Header, History, Op, Tap, read_history
from harness.judging.bearing import Budget, Limits
from harness.judging.checking import check
from harness.verdict import Verdict

LINE = "d:up m:up m:scope(s1) m:listed d:+a m:a=1 m:final d:final"


def replaced(history: History, op: Op) -> History:
    return History(header=history.header, ops=[*history.ops[:-1], op], taps=history.taps)


@pytest.mark.parametrize("time_ns", [2**63, -(2**63), 2**64 - 1])
def test_a_time_that_no_clock_says_is_left_out_and_said(time_ns: int) -> None:
    history = read(LINE)
    results = check(replaced(history, msgspec.structs.replace(history.ops[-1], time_ns=time_ns)))
    assert next((r.check, r.reason, r.verdict) for r in results) == ("history", "malformed", Verdict.UNKNOWN)
    assert not [r for r in results if r.reason == "crashed"]


def test_a_tap_of_a_connection_that_nobody_counts_is_left_out_and_said() -> None:
    history = read(LINE)
    history.taps = [Tap(time_ns=0, link="relay->mobile-1", side="out", conn=2**63, bytes=1, type="sync:gap")]
    results = check(history)
    assert (results[0].check, results[0].reason) == ("history", "malformed")
    assert not [r for r in results if r.reason == "crashed"]


@pytest.mark.parametrize("seconds", [1e308, float("inf"), float("nan")])
def test_a_timer_without_end_is_as_if_the_header_did_not_say_it(seconds: float) -> None:
    history = read(LINE)
    known = {name: getattr(history.header, name) for name in Header.__struct_fields__}
    timing = dict.fromkeys(history.header.timing, seconds)
    results = check(History(header=Header(**{**known, "timing": timing}), ops=history.ops))
    assert not [r for r in results if r.reason == "crashed"]
    assert next(r for r in results if r.check == "staleness").verdict is None


def test_texts_that_are_no_unicode_are_malformed_and_crash_nobody() -> None:
    history = read('d:+a d:a"He" m:a=1 m:a@2 m:final d:final')
    torn = next(op for op in history.ops if op.f == "observe")
    torn.value["kind"] = "\ud800"
    results = check(history)
    assert not [r for r in results if r.reason == "crashed"]
    assert next(r for r in results if r.check == "evidence").reason == "malformed"


def test_past_its_budget_a_checker_is_unknown_and_says_how_far_it_got() -> None:
    results = check(read(LINE), limits=Limits(steps=0))
    assert {(r.verdict, r.reason) for r in results if r.judged} == {(Verdict.UNKNOWN, "budget")}
    assert "at op 0 of" in results[0].message


def test_only_outside_the_simulator_a_pass_is_held_to_time_and_memory() -> None:
    limits = Limits(seconds=-1.0, bytes=0)
    assert Budget(limits, simulated=True).spent(1) == ""
    assert Budget(limits, simulated=False).spent(1) == "-1 s"
    assert "memory" in Budget(Limits(bytes=0), simulated=False).spent(1)


def test_a_line_that_nests_without_end_is_named_and_does_not_break_the_reader(tmp_path: Path) -> None:
    header = msgspec.json.encode({"header": read(LINE).header})
    deep = b'{"index":0,"time_ns":1,"process":"p","type":"ok","f":"x","value":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    path = tmp_path / "history.jsonl"
    path.write_bytes(header + b"\n" + deep + b"\n")
    assert read_history(path).problem == "line 2 is cut off"
