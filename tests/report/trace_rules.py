"""What the Trace Event Format (Google, 2016) asks of a file; `violations` tells what is not so.

Only the kinds of event that we write are known: any other is a violation.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
_OF_ALL = {"name": str, "ph": str, "pid": int}
_MORE = {
    "X": {"cat": str, "tid": int, "ts": (int, float), "dur": (int, float)},
    "i": {"cat": str, "tid": int, "ts": (int, float), "s": str},
    "b": {"cat": str, "tid": int, "ts": (int, float), "id": str},
    "e": {"cat": str, "tid": int, "ts": (int, float), "id": str},
    "M": {"args": dict},
}
_NAMES = ("process_name", "thread_name")


def violations(text: str) -> list[str]:
    trace = json.loads(text)
    if not isinstance(trace, dict) or not isinstance(trace.get("traceEvents"), list):
        return ["it is no JSON object with a list `traceEvents`"]
    events = trace["traceEvents"]
    found = [] if trace.get("displayTimeUnit") in ("ms", "ns") else ["displayTimeUnit is neither ms nor ns"]
    found += [said for event in events for said in _of_one(event)]
    return found or [*_named(events), *_pairs(events), *_nesting(events)]


def _of_one(event: Event) -> Iterator[str]:
    ph = event.get("ph")
    if ph not in _MORE:
        yield f"an unknown kind of event: {event}"
        return
    for key, type_ in {**_OF_ALL, **_MORE[ph]}.items():
        value = event.get(key)
        if not isinstance(value, type_) or isinstance(value, bool):
            yield f"{key} of {event}"
        elif key == "dur" and value < 0:
            yield f"an end before its begin: {event}"
    if ph == "i" and event.get("s") not in ("g", "p", "t"):
        yield f"the scope of an instant: {event}"
    if ph == "M" and event.get("name") not in _NAMES:
        yield f"metadata of an unknown name: {event}"
    if not isinstance(event.get("args", {}), dict):
        yield f"args of {event}"


def _named(events: list[Event]) -> Iterator[str]:
    """A viewer has only numbers, if nobody tells it the names."""
    processes = {e["pid"] for e in events if e["name"] == "process_name" and e["ph"] == "M"}
    threads = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["ph"] == "M"}
    for event in events:
        if event["ph"] != "M" and (event["pid"] not in processes or (event["pid"], event["tid"]) not in threads):
            yield f"a process or thread without a name: {event}"


def _pairs(events: list[Event]) -> Iterator[str]:
    """Every async `b` has one `e` of its category and id, of the same name, and not before it."""
    open_: dict[tuple[str, str], Event] = {}
    for event in events:
        key = (event.get("cat", ""), event.get("id", ""))
        if event["ph"] == "b" and open_.setdefault(key, event) is not event:
            yield f"an id is used twice at a time: {event}"
        elif event["ph"] == "e":
            began = open_.pop(key, None)
            if began is None or began["name"] != event["name"] or began["ts"] > event["ts"]:
                yield f"an end without its begin: {event}"
    yield from (f"a begin without an end: {event}" for event in open_.values())


def _nesting(events: list[Event]) -> Iterator[str]:
    """Slices of one thread lie within one another or apart: a viewer draws them as a stack."""
    threads: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            threads[event["pid"], event["tid"]].append(event)
    for slices in threads.values():
        ends: list[int] = []
        for event in sorted(slices, key=lambda e: (e["ts"], -e["dur"])):
            begin_ns, length_ns = round(event["ts"] * 1000), round(event["dur"] * 1000)
            while ends and ends[-1] <= begin_ns:
                ends.pop()
            if ends and begin_ns + length_ns > ends[-1]:
                yield f"a slice that lies half in another: {event}"
            ends.append(begin_ns + length_ns)
