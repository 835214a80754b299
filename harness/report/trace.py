"""`trace.json`: the run for a trace viewer (Perfetto, chrome://tracing), in Chrome's Trace Event Format.

A node is a process of the trace, a process of the history is a thread of it. Calls and commits are slices (`X`), all
else that happened on a node is an instant (`i`); faults, and messages crossing a link, may overlap and are async pairs
(`b` … `e`). Times are microseconds since the first op.

Source of the format: Trace Event Format (Google, 2016).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from harness.history import History, Op, Tap
from harness.report.told import timeline
from harness.report.told.timeline import crossings
from harness.store.rundir import StoredRun

MOST_EVENTS = 200_000  # a viewer is of no use beyond
_FAULTS, _LINKS = "faults", "links"
Event = dict[str, Any]
Events = tuple[Event, ...]


def render(run: StoredRun) -> str:
    """Faults, then ops, then messages, as far as `MOST_EVENTS` goes; `otherData` says how many are left out."""
    events: list[Event] = []
    left_out = 0
    for group in _events(run.history) if run.history is not None else ():
        if left_out or len(events) + len(group) > MOST_EVENTS:
            left_out += len(group)
        else:
            events += group
    record = run.record
    about = {
        "plan": record.plan,
        "seed": record.seed,
        "profile": record.profile,
        "runtime": record.runtime,
        "verdict": record.verdict or "UNKNOWN",
        "events_left_out": left_out,
    }
    trace = {"displayTimeUnit": "ms", "otherData": about, "traceEvents": [*_names(events), *events]}
    return msgspec.json.encode(trace, enc_hook=str).decode() + "\n"


def _events(history: History) -> Iterator[Events]:
    """Events with names for `pid` and `tid`; `_names` gives them their numbers. What belongs together comes together:
    no begin is kept whose end is left out."""
    origin_ns = history.ops[0].time_ns if history.ops else 0
    yield from _faults(history, origin_ns)
    yield from _ops(history, origin_ns)
    yield from _messages(history, origin_ns)


def _faults(history: History, origin_ns: int) -> Iterator[Events]:
    for number, span in enumerate(timeline.spans(history)):
        where = [*span.directions, *span.nodes]
        both = {"name": span.name, "cat": "fault", "id": f"fault-{number}", "pid": _FAULTS, "tid": span.name}
        args = {"action": span.action, "where": where, "did": span.did, "exercised": span.exercised}
        yield _pair(both, span.begin_ns - origin_ns, span.end_ns - origin_ns, args)


def _ops(history: History, origin_ns: int) -> Iterator[Events]:
    """An invoke and the next op of its process and `f` are one slice; one that never returned is an instant."""
    open_: dict[tuple[str, str], Op] = {}
    for op in history.ops:
        if op.process == "nemesis":
            continue
        if op.type == "invoke":
            if (lost := open_.pop((op.process, op.f), None)) is not None:
                yield (_instant(lost, origin_ns),)
            open_[op.process, op.f] = op
        elif (began := open_.pop((op.process, op.f), None)) is not None:
            yield (_slice(began, op, origin_ns),)
        else:
            yield (_instant(op, origin_ns),)
    yield from ((_instant(op, origin_ns),) for op in open_.values())


def _slice(began: Op, ended: Op, origin_ns: int) -> Event:
    event = _instant(began, origin_ns) | {"ph": "X", "dur": (ended.time_ns - began.time_ns) / 1e3}
    del event["s"]
    event["args"] |= _args(ended) | {"index": began.index}
    return event


def _instant(op: Op, origin_ns: int) -> Event:
    kind = op.value.get("kind") if isinstance(op.value, dict) else None
    name = f"{op.f} {kind}" if isinstance(kind, str) else op.f
    return {
        "name": name if op.job is None else f"{name} {op.job}",
        "cat": op.f,
        "ph": "i",
        "s": "t",
        "ts": (op.time_ns - origin_ns) / 1e3,
        "pid": op.node or op.process.partition("/")[0],
        "tid": op.process,
        "args": _args(op),
    }


def _args(op: Op) -> dict[str, Any]:
    """What tells ops apart. Values are left to the history: texts would make the trace as long again."""
    found = {"index": op.index, "type": op.type, "job": op.job, "source": op.source, "cause": op.cause}
    if op.rev is not None:
        found["revision"] = op.rev.n
    return {name: value for name, value in found.items() if value is not None}


def _messages(history: History, origin_ns: int) -> Iterator[Events]:
    """By name and type: what answers a message may bear its name."""
    seen: dict[tuple[str, str, str], list[Tap]] = {}
    for tap in history.taps:
        if tap.msg is not None:
            seen.setdefault((tap.link, tap.msg, tap.type), []).append(tap)
    number = 0
    for taps in seen.values():
        for flight in crossings(taps, taps[0].type or "message"):
            end_ns = flight.sent_ns if flight.arrived_ns is None else flight.arrived_ns
            both = {
                "name": flight.label,
                "cat": "message",
                "id": f"message-{number}",
                "pid": _LINKS,
                "tid": flight.link,
            }
            args = {"lost": flight.arrived_ns is None, "again": flight.again}
            yield _pair(both, flight.sent_ns - origin_ns, end_ns - origin_ns, args)
            number += 1


def _pair(both: Event, begin_ns: int, end_ns: int, args: Event) -> Events:
    return {**both, "ph": "b", "ts": begin_ns / 1e3, "args": args}, {**both, "ph": "e", "ts": end_ns / 1e3}


def _names(events: list[Event]) -> list[Event]:
    """Number processes and threads (viewers want numbers), and tell the viewer their names."""
    pids: dict[str, int] = {}
    tids: dict[tuple[str, str], int] = {}
    found: list[Event] = []
    for event in events:
        pid, tid = event["pid"], event["tid"]
        if pid not in pids:
            pids[pid] = len(pids) + 1
            found.append({"name": "process_name", "ph": "M", "pid": pids[pid], "args": {"name": pid}})
        if (pid, tid) not in tids:
            tids[pid, tid] = len(tids) + 1
            about = {"pid": pids[pid], "tid": tids[pid, tid], "args": {"name": tid}}
            found.append({"name": "thread_name", "ph": "M", **about})
        event["pid"], event["tid"] = pids[pid], tids[pid, tid]
    return found
