"""`trace.json`: what a trace viewer shows of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from a_run import file_run
from simulated import played
from trace_rules import violations

from harness import report
from harness.history import Tap
from harness.report import trace

LINE = "d:+a m:a=1 m>get(a) m<ok fault:split @4.0 inert:split m>open"


def events_of(run: Any) -> list[dict[str, Any]]:
    return list(json.loads(trace.render(run))["traceEvents"])


def names(events: list[dict[str, Any]], kind: str) -> dict[int, str]:
    key = "pid" if kind == "process_name" else "tid"
    return {e[key]: e["args"]["name"] for e in events if e["name"] == kind}


def test_a_call_is_a_slice_as_long_as_the_call(tmp_path):
    events = events_of(file_run(tmp_path / "run", LINE))
    (call,) = [e for e in events if e["cat" if "cat" in e else "name"] == "get"]
    assert call["ph"] == "X"
    assert call["dur"] == 100_000  # a tenth of a second, in microseconds
    assert names(events, "process_name")[call["pid"]] == "mobile-1"


def test_a_call_without_an_end_is_kept(tmp_path):
    (call,) = [e for e in events_of(file_run(tmp_path / "run", LINE)) if e.get("cat") == "open"]
    assert call["ph"] == "i"


def test_a_call_that_begins_again_before_it_returned_is_kept_too(tmp_path):
    events = events_of(file_run(tmp_path / "run", "d:+a m>open m>open m<ok"))
    assert sorted(e["ph"] for e in events if e.get("cat") == "open") == ["X", "i"]


def test_a_fault_is_a_pair_that_says_what_it_did(tmp_path):
    run = file_run(tmp_path / "run", LINE)
    begin, end = (e for e in events_of(run) if e.get("cat") == "fault")
    assert (begin["ph"], end["ph"], begin["id"]) == ("b", "e", end["id"])
    assert begin["args"]["exercised"] is False
    ops = {op.f: op for op in run.history.ops}
    took_ns = ops["fault-heal"].time_ns - ops["fault-begin"].time_ns
    assert end["ts"] - begin["ts"] == took_ns / 1e3


def test_every_observation_is_an_event_at_its_time(tmp_path):
    run = file_run(tmp_path / "run", LINE + " m:a=1 m:a=1")
    seen = [e["ts"] for e in events_of(run) if e.get("cat") == "observe"]
    origin_ns = run.history.ops[0].time_ns
    assert seen == [(op.time_ns - origin_ns) / 1e3 for op in run.history.ops if op.f == "observe"]
    assert len(seen) == 3


def test_events_beyond_the_most_are_counted(tmp_path, monkeypatch):
    run = file_run(tmp_path / "run", LINE)
    total = sum(e["ph"] != "M" for e in events_of(run))
    monkeypatch.setattr(trace, "MOST_EVENTS", 4)
    told = json.loads(trace.render(run))
    assert told["otherData"]["events_left_out"] == total - 4
    assert sum(e["ph"] != "M" for e in told["traceEvents"]) == 4


def test_no_begin_is_kept_without_its_end(tmp_path, monkeypatch):
    run = file_run(tmp_path / "run", LINE)
    monkeypatch.setattr(trace, "MOST_EVENTS", 1)
    told = json.loads(trace.render(run))
    assert told["traceEvents"] == [] and told["otherData"]["events_left_out"] > 4


def test_a_run_that_never_started_has_an_empty_trace(tmp_path):
    run = file_run(tmp_path / "run", LINE)
    (run.directory / "history.jsonl.gz").unlink()
    report.write(run.directory)
    assert json.loads((run.directory / "trace.json").read_text())["traceEvents"] == []


# ---- the rules of the format ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "profile"), [("quickstart", "documented"), ("edge/duplicate-events", "documented")])
def test_the_trace_of_a_real_run_keeps_the_rules_of_its_format(tmp_path: Path, plan: str, profile: str) -> None:
    directory = played(tmp_path / "store", plan, profile=profile).directory
    assert directory is not None
    text = (directory / "trace.json").read_text(encoding="utf-8")
    assert violations(text) == []
    assert {e["ph"] for e in json.loads(text)["traceEvents"]} == {"X", "i", "b", "e", "M"}


@pytest.mark.parametrize("line", [LINE, "d:+a m>open m>open m<ok", "d:+a m:a=1 m>get(a) fault:split @4.0"])
def test_the_trace_of_what_never_ended_keeps_them_too(tmp_path: Path, line: str) -> None:
    assert violations(trace.render(file_run(tmp_path / "run", line))) == []


BEGIN = {"name": "n", "cat": "c", "id": "1", "ph": "b", "pid": 1, "tid": 1, "ts": 1.0}
SLICE = {"name": "n", "cat": "c", "ph": "X", "pid": 1, "tid": 1, "ts": 1.0, "dur": 5.0}


@pytest.mark.parametrize(
    "events",
    [
        [BEGIN],
        [{**BEGIN, "ph": "e"}],
        [BEGIN, {**BEGIN, "ph": "e", "ts": 0.5}],
        [BEGIN, BEGIN],
        [SLICE, {**SLICE, "ts": 3.0}],
        [{**SLICE, "pid": "1"}],
        [{**SLICE, "pid": 2}],
        [{**SLICE, "dur": -1.0}],
        [{**SLICE, "ph": "Z"}],
        [{**SLICE, "ph": "i", "s": "everywhere"}],
    ],
)
def test_a_trace_against_the_rules_is_seen(events: list[dict[str, Any]]) -> None:
    names = [{"name": n, "ph": "M", "pid": 1, "tid": 1, "args": {"name": "x"}} for n in ("process_name", "thread_name")]
    assert violations(json.dumps({"displayTimeUnit": "ms", "traceEvents": [*names, *events]}))
    assert not violations(json.dumps({"displayTimeUnit": "ms", "traceEvents": [*names, SLICE]}))


# ---- messages -------------------------------------------------------------------------------------------------------


def tap(time_us: int, side: Literal["in", "out"], type_: str = "registered") -> Tap:
    return Tap(time_ns=time_us * 1000, link="relay->mobile-1", side=side, conn=1, bytes=1, type=type_, msg="s")


def crossings(tmp_path: Path, *taps: Tap) -> list[tuple[str, float, float, bool, bool]]:
    """(type, from, to, lost, again) of what crossed a link."""
    run = file_run(tmp_path / "run", LINE)
    assert run.history is not None
    run.history.taps = list(taps)
    text = trace.render(run)
    assert violations(text) == []
    events = [e for e in json.loads(text)["traceEvents"] if e.get("cat") == "message"]
    ends = {e["id"]: e["ts"] for e in events if e["ph"] == "e"}
    origin_us = run.history.ops[0].time_ns / 1000
    return [
        (e["name"], e["ts"] + origin_us, ends[e["id"]] + origin_us, e["args"]["lost"], e["args"]["again"])
        for e in events
        if e["ph"] == "b"
    ]


def test_what_comes_out_once_more_is_a_copy_also_when_the_same_is_sent_again_later(tmp_path: Path) -> None:
    found = crossings(tmp_path, tap(1, "in"), tap(2, "out"), tap(3, "out"), tap(8, "in"), tap(9, "out"))
    assert found == [
        ("registered", 1, 2, False, False),
        ("registered", 1, 3, False, True),
        ("registered", 8, 9, False, False),
    ]


def test_an_answer_of_the_same_name_is_another_message(tmp_path: Path) -> None:
    found = crossings(tmp_path, tap(1, "in"), tap(2, "out"), tap(3, "out"), tap(5, "in", "resumed"), tap(6, "in"))
    assert found == [
        ("registered", 1, 2, False, False),
        ("registered", 1, 3, False, True),
        ("registered", 6, 6, True, False),
        ("resumed", 5, 5, True, False),
    ]
