"""A run's timeline as columns of JSON, small enough for a page: strings are told once, times as steps of microseconds.

Every column of `ops` (and of `flights`) has one number for each of them, in time order. `whole.01_data.js` reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from harness.history import History
from harness.report.sections import _whole_caps as caps
from harness.report.sections._whole_ops import Kind, Mark, marks, messages
from harness.report.sections._whole_states import State
from harness.report.sections._whole_wire import Crossing, crossings
from harness.report.told import timeline, words
from harness.store.rundir import StoredRun
from harness.verdict import CheckResult, Verdict

MOST_BYTES = 6_000_000
_SIZES = ((60_000, 160), (60_000, 60), (60_000, 24), (30_000, 24), (10_000, 24), (2_000, 24))  # operations, letters
_LONG = 8_000  # operations; beyond, values are shorter from the beginning
_MOST_NAME = 80
_MOST_FINDINGS, _MOST_BANDS = 40, 2_000
_MOST_SENTENCE = 300


@dataclass
class Strings:
    """Every string once; the empty one is 0."""

    places: dict[str, int] = field(default_factory=lambda: {"": 0})

    def __call__(self, text: str | None) -> int:
        return self.places.setdefault(text[:_MOST_NAME], len(self.places)) if text else 0

    def long(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))


@dataclass
class _Columns:
    """Rows of numbers, kept by column; equal rows of `states` are told once."""

    names: tuple[str, ...]
    rows: list[tuple[int, ...]] = field(default_factory=list)
    places: dict[tuple[int, ...], int] = field(default_factory=dict)

    def place(self, row: tuple[int, ...]) -> int:
        found = self.places.setdefault(row, len(self.rows))
        if found == len(self.rows):
            self.rows.append(row)
        return found

    def told(self) -> dict[str, list[int]]:
        columns: list[list[int]] = [list(c) for c in zip(*self.rows, strict=True)] or [[] for _ in self.names]
        return dict(zip(self.names, columns, strict=True))


OPS = ("i", "e", "t", "d", "l", "p", "k", "f", "y", "j", "r", "c", "m", "v", "b", "a")
STATES = ("status", "progress", "bytes", "tail", "rev", "attempt", "fate")
FLIGHTS = ("t", "d", "l", "y", "j", "m", "g")


@dataclass(frozen=True, slots=True)
class Finding:
    """One anomaly that can be shown: `evidence` and `first` are indices of the history."""

    check: str
    verdict: Verdict
    reason: str
    told: str
    evidence: list[int]
    first: int


def findings(results: Sequence[CheckResult]) -> list[Finding]:
    """The first of each checker that failed, as the page orders them, and then what else these have told."""
    firsts, further = [], []
    for r in words.in_order(results):
        if r.verdict in (Verdict.INVALID, Verdict.UNKNOWN):
            at = r.first if r.first is not None else -1
            firsts.append(Finding(r.check, r.verdict, r.reason or "", words.one_sentence(r), r.evidence, at))
            further += [_further(r.check, r.verdict, told) for told in _list(r.details.get("further"))]
    return firsts + further


def _further(check: str, verdict: Verdict, told: dict[str, Any]) -> Finding:
    evidence = [i for i in told.get("evidence") or [] if isinstance(i, int)]
    first = told.get("first")
    reason, message = str(told.get("reason") or ""), str(told.get("message") or "")
    return Finding(check, verdict, reason, message, evidence, first if isinstance(first, int) else -1)


def _list(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def encoded(run: StoredRun) -> dict[str, Any] | None:
    """The data of the timeline, no larger than `MOST_BYTES`; None when there is nothing to draw."""
    history = run.history
    if history is None or not history.ops:
        return None
    whole = _Whole(history, run.results)
    found: dict[str, Any] = {}
    for most, letters in _SIZES[len(whole.marks) > _LONG :]:
        found = whole.told(most, letters)
        if len(msgspec.json.encode(found)) <= MOST_BYTES:
            break
    return found


class _Whole:
    """What is told of a run, before it is known how much of it fits."""

    def __init__(self, history: History, results: Sequence[CheckResult]) -> None:
        self.history = history
        self.origin_ns = history.ops[0].time_ns
        self.marks = marks(history)
        self.messages = messages(self.marks)
        self.crossings = crossings(history.taps)
        self.by_op = {op.index: at for at, m in enumerate(self.marks) for op in (m.op, m.last)}
        told = [f for f in findings(results) if any(i in self.by_op for i in f.evidence)]
        self.findings = told[:_MOST_FINDINGS]
        self.end_ns = max(history.ops[-1].time_ns, self.origin_ns + 1)

    def told(self, most: int, letters: int) -> dict[str, Any]:
        strings = Strings()
        lanes = _Lanes(self.history, self.marks)
        centres = [self.by_op[i] for f in self.findings for i in f.evidence if i in self.by_op]
        kept = caps.nearest(range(len(self.marks)), centres, most)
        states = _Columns(STATES)
        states.place((0,) * len(STATES))
        ops = self._ops(kept, lanes, strings, states, letters)
        sent = [c.sent_ns for c in self.crossings]
        flown = caps.nearest(sent, [self.marks[at].last.time_ns for at in centres], most)
        place = {at: number for number, at in enumerate(kept)}
        times = [self._us(mark.op.time_ns) for mark in self.marks]
        return {
            "end": self._us(self.end_ns),
            "lanes": lanes.told,
            "ops": ops,
            "states": states.told(),
            "flights": self._flights([self.crossings[at] for at in flown], lanes, strings),
            "bands": self._bands(place, lanes),
            "findings": [self._finding(f, place) for f in self.findings],
            "gaps": caps.gaps(kept, times, self._us(self.end_ns)),
            "left": {"ops": len(self.marks) - len(kept), "flights": len(self.crossings) - len(flown)},
            "strings": list(strings.places),
        }

    def _us(self, time_ns: int) -> int:
        return (time_ns - self.origin_ns) // 1000

    def _ops(self, kept: list[int], lanes: _Lanes, strings: Strings, states: _Columns, most: int) -> dict[str, Any]:
        columns = _Columns(OPS)
        index, time_us = 0, 0
        for at in kept:
            mark = self.marks[at]
            op, now_us = mark.op, self._us(mark.op.time_ns)
            row = (
                op.index - index,
                mark.end.index - op.index if mark.end is not None else 0,
                now_us - time_us,
                self._us(mark.end.time_ns) - now_us if mark.end is not None else min(0, mark.lasts_ns),
                lanes.of(mark),
                strings(op.process),
                int(mark.kind),
                strings(mark.span.action if mark.span is not None else op.f),
                int(mark.outcome),
                strings(op.job or mark.last.job),
                op.rev.n if op.rev is not None else 0,
                strings(mark.last.cause),
                strings(self.messages[at]),
                strings.long(mark.told(most)),
                states.place(_state(mark.before, strings)),
                states.place(_state(mark.after, strings)),
            )
            columns.rows.append(row)
            index, time_us = op.index, now_us
        return columns.told()

    def _flights(self, flown: list[Crossing], lanes: _Lanes, strings: Strings) -> dict[str, Any]:
        columns = _Columns(FLIGHTS)
        time_us = 0
        for c in flown:
            now_us = self._us(c.sent_ns)
            lasts_us = self._us(c.arrived_ns) - now_us if c.arrived_ns is not None else -1
            lane, down = lanes.link(c.link)
            kind = 2 * down + c.again
            row = (now_us - time_us, lasts_us, lane, strings(c.type), strings(c.job), strings(c.msg), kind)
            if lane >= 0:
                columns.rows.append(row)
                time_us = now_us
        return columns.told()

    def _bands(self, place: dict[int, int], lanes: _Lanes) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for at, mark in enumerate(self.marks):
            if mark.span is not None and at in place and len(found) < _MOST_BANDS:
                where = {lanes.link(d)[0] for d in mark.span.directions} | {lanes.node(n) for n in mark.span.nodes}
                found.append({"op": place[at], "lanes": sorted(where - {-1}), "met": mark.span.exercised})
        return found

    def _finding(self, finding: Finding, place: dict[int, int]) -> dict[str, Any]:
        ops = sorted({place[self.by_op[i]] for i in finding.evidence if self.by_op.get(i) in place})
        last = ops[-1] if ops else -1
        return {
            "check": finding.check,
            "verdict": finding.verdict,
            "reason": finding.reason,
            "told": words.shortened(finding.told, _MOST_SENTENCE),
            "ops": ops,
            "at": place.get(self.by_op.get(finding.first, -1), last),
        }


def _state(state: State | None, strings: Strings) -> tuple[int, ...]:
    """A row of `states`; the first one is of a job that is not there. `tail` is -1 when the text is not known."""
    if state is None:
        return (0,) * len(STATES)
    return (
        strings(state.status),
        strings(state.progress),
        state.size,
        strings(state.tail) if state.tail is not None else -1,
        state.rev,
        state.attempt,
        strings(state.fate),
    )


class _Lanes:
    """Those of the pictures, below one for what befell the run as a whole, if anything did."""

    def __init__(self, history: History, found: Sequence[Mark]) -> None:
        roles = {name: str(node.get("role")) for name, node in history.header.nodes.items()}
        lanes = timeline.lanes(history)
        nodes = {lane.name for lane in lanes if not lane.is_link}
        self.shift = int(any(m.kind is Kind.FAULT or m.op.node not in nodes for m in found))
        self.told: list[dict[str, Any]] = [{"name": "harness", "role": "harness"}] if self.shift else []
        self._nodes: dict[str, int] = {}
        self._links: dict[str, tuple[int, bool]] = {}
        for at, lane in enumerate(lanes, start=self.shift):
            if lane.is_link:
                client, other = lane.ends
                self._links[f"{client}->{other}"] = (at, lane.client_above)
                self._links[f"{other}->{client}"] = (at, not lane.client_above)
                self.told.append({"name": lane.name, "ends": lane.ends, "above": lane.client_above})
            else:
                self._nodes[lane.name] = at
                self.told.append({"name": lane.name, "role": roles.get(lane.name, "")})

    def of(self, mark: Mark) -> int:
        return 0 if mark.kind is Kind.FAULT else self._nodes.get(mark.op.node or "", 0)

    def node(self, name: str) -> int:
        return self._nodes.get(name, -1)

    def link(self, direction: str) -> tuple[int, bool]:
        """The lane of a link, and whether this direction leads downwards on it; -1 for one that has none."""
        return self._links.get(direction, (-1, False))
