"""`trace.json`: what a trace viewer shows of a run."""

from __future__ import annotations

import json
from typing import Any

from a_run import file_run

from harness import report
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


def test_a_run_that_never_started_has_an_empty_trace(tmp_path):
    run = file_run(tmp_path / "run", LINE)
    (run.directory / "history.jsonl.gz").unlink()
    report.write(run.directory)
    assert json.loads((run.directory / "trace.json").read_text())["traceEvents"] == []
