"""The part of a run that one finding is about: its steps, the messages they rest on, what befell those who take part,
the bound that was broken, and the stretches of time in which all that lies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from harness.history import History
from harness.report.findings import befell, flights, steps
from harness.report.findings.causes import Befell
from harness.report.findings.steps import Mark
from harness.report.told import timeline, words
from harness.report.told.timeline import Flight
from harness.verdict import CheckResult

_MOST_MESSAGES = 60
_LEAST_WINDOW_NS, _LEAST_GAP_NS = 20_000_000, 80_000_000
_LEAST_PART = 0.05  # of all that is told, for a gap that is left out
_MARGIN = 0.06  # of a stretch, on either side
_MOST_GAPS = 4
_LONG = 0.45  # a gap is left out that takes more of what is shown than this, and
_OVER = 0.8  # one that something spans, than this


@dataclass(frozen=True)
class Limit:
    """A bound: what was allowed from `from_ns` on, and when it came (None: it never did)."""

    node: str
    from_ns: int
    allowed_ns: int
    until_ns: int | None
    least: bool
    what: str = ""
    end_ns: int = 0  # of what is known: up to then it had not come
    by: str = ""

    @property
    def told(self) -> str:
        """`a fetch: 250 ms allowed, 1,580 ms taken`."""
        allowed = f"at least {_ms(self.allowed_ns)}" if self.least else f"{_ms(self.allowed_ns)} allowed"
        allowed = f"{self.what}: {allowed}" if self.what else allowed
        if self.until_ns is None:
            return f"{allowed}, nothing came{self.by}"
        return f"{allowed}, {_ms(self.until_ns - self.from_ns)} taken"


@dataclass(frozen=True)
class Due:
    """The moment at which what a bound allows was over, as a line among the steps."""

    time_ns: int
    told: str
    op: None = None


@dataclass
class Story:
    marks: list[Mark] = field(default_factory=list)
    flights: list[Flight] = field(default_factory=list)
    befell: list[Befell] = field(default_factory=list)
    limit: Limit | None = None
    nodes: set[str] = field(default_factory=set)  # who takes part
    stretches: list[tuple[int, int]] = field(default_factory=list)  # of time; what lies between is left out
    more_marks: int = 0  # left out, as are
    more_flights: int = 0

    @property
    def drawable(self) -> bool:
        return any(m.time_ns is not None and m.node for m in self.marks)

    @property
    def begin_ns(self) -> int:
        return self.stretches[0][0] if self.stretches else 0

    @property
    def end_ns(self) -> int:
        return self.stretches[-1][1] if self.stretches else 0

    @property
    def lines(self) -> list[Mark | Befell | Due]:
        """What is told, causes before what follows from them: the steps in their order, and what befell in between."""
        told: list[Mark | Befell | Due] = []
        left: list[Befell | Due] = [each for each in self.befell if each.is_told]
        left = sorted([*left, *self._due()], key=lambda each: each.time_ns)
        for mark in self.marks:
            while left and mark.time_ns is not None and left[0].time_ns <= mark.time_ns:
                told.append(left.pop(0))
            told.append(mark)
        return [*told, *left]

    def _due(self) -> list[Due]:
        limit = self.limit
        if limit is None or limit.least or not limit.allowed_ns:
            return []
        return [Due(limit.from_ns + limit.allowed_ns, f"{limit.node}: the time allowed is over ({limit.told})")]


class Stories:
    """The findings of one history; what all of them need is read once."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._spans = timeline.spans(history)

    @cached_property
    def _traffic(self) -> flights.Traffic:
        return flights.read(self._history, self._spans)

    def of(self, result: CheckResult) -> Story:
        """The operations and messages of one finding, and the stretches of time in which they lie."""
        history = self._history
        marks, more = steps.marks(history, result)
        times = [m.time_ns for m in marks if m.time_ns is not None]
        if not times:
            return Story(marks, more_marks=more)
        jobs, limit = steps.jobs_of(result, marks), _limit(history, result)
        who = {m.node for m in marks if m.node} | ({limit.node} if limit is not None else set())
        who |= _named(history, result)
        named = [v for name in ("corr", "message") if isinstance(v := result.details.get(name), str)]
        crossing = flights.of(history, self._traffic, marks, who, jobs, named)
        kept = crossing[:_MOST_MESSAGES]
        who |= {end for flight in kept for end in flight.ends}
        last_ns = max([*times, *([limit.until_ns] if limit is not None and limit.until_ns is not None else [])])
        span = (min(times), flights.symptom(marks), last_ns)
        near = befell.near(history, who, jobs, {m.op.index for m in marks if m.op is not None}, span)
        stretches = _stretches(history, marks, kept, near, limit)
        return Story(marks, kept, near, limit, who, stretches, more, len(crossing) - len(kept))


def _named(history: History, result: CheckResult) -> set[str]:
    node = result.details.get("node")
    return {node} if isinstance(node, str) and node in history.header.nodes else set()


# ---- the bound ------------------------------------------------------------------------------------------------------


def _limit(history: History, result: CheckResult) -> Limit | None:
    given = result.details.get("limit")
    if not isinstance(given, dict):
        return None
    node, from_ns, allowed_ns = given.get("node"), given.get("from_ns"), given.get("allowed_ns")
    if not isinstance(node, str) or not isinstance(from_ns, int) or not isinstance(allowed_ns, int):
        return None
    until = given.get("until_ns")
    until_ns = until if isinstance(until, int) else None
    if until_ns is None and result.check == "reaction":
        until_ns = _came(history, node, from_ns + allowed_ns)
    what = given.get("what")
    end_ns = max((op.time_ns for op in history.ops if op.f == "final" and op.node == node), default=from_ns)
    by = f" by {words.seconds(end_ns - history.ops[0].time_ns)}" if end_ns > from_ns else ""
    least, what = bool(given.get("least")), what if isinstance(what, str) else ""
    return Limit(node, from_ns, allowed_ns, until_ns, least, what, end_ns, by)


def _came(history: History, node: str, after_ns: int) -> int | None:
    """When the fetch began that was owed, at last."""
    for op in history.ops:
        late = op.time_ns > after_ns and op.node == node and op.f == "fetch"
        if late and isinstance(op.value, dict) and op.value.get("phase") == "begin":
            return op.time_ns
    return None


def _ms(ns: int) -> str:
    return f"{ns / 1e6:,.0f} ms" if ns >= 10_000_000 or not ns % 1_000_000 else f"{ns / 1e6:,.1f} ms"


# ---- stretches of time ----------------------------------------------------------------------------------------------


def _stretches(
    history: History, marks: list[Mark], crossing: list[Flight], near: list[Befell], limit: Limit | None
) -> list[tuple[int, int]]:
    """All that is drawn lies in one of them; long gaps between, where nothing is, are left out."""
    over = [(f.sent_ns, f.arrived_ns or f.sent_ns) for f in crossing]
    if limit is not None:
        until_ns = limit.until_ns if limit.until_ns is not None else limit.end_ns
        over.append((limit.from_ns, max(limit.from_ns + limit.allowed_ns, until_ns)))
    times = [m.time_ns for m in marks if m.time_ns is not None] + [each.time_ns for each in near]
    times += [limit.from_ns + limit.allowed_ns] if limit is not None else []
    times = sorted({*times, *(time_ns for pair in over for time_ns in pair)})
    groups = [[times[0]]]
    cuts = _cuts(times, over)
    for before, time_ns in pairwise(times):
        if before in cuts:
            groups.append([])
        groups[-1].append(time_ns)
    return _with_margins(groups, history.ops[0].time_ns)


def _cuts(times: list[int], over: Iterable[tuple[int, int]]) -> set[int]:
    """Times after which a gap is left out: the longest, as long as they take too much of what would be shown."""
    spanned = list(over)
    gaps = sorted(((b - a, a, b) for a, b in pairwise(times)), reverse=True)
    total, found = times[-1] - times[0], set[int]()
    for length, a, b in gaps:
        most = _OVER if any(left <= a and b <= right for left, right in spanned) else _LONG
        if length < max(_LEAST_GAP_NS, _LEAST_PART * (times[-1] - times[0])) or len(found) >= _MOST_GAPS:
            break
        if length > most * total:
            found.add(a)
            total -= length
    return found


def _with_margins(groups: list[list[int]], origin_ns: int) -> list[tuple[int, int]]:
    shown = sum(group[-1] - group[0] for group in groups)
    found: list[tuple[int, int]] = []
    for group in groups:
        begin_ns, end_ns = group[0], group[-1]
        margin_ns = round(max(_MARGIN * (end_ns - begin_ns), _MARGIN * shown / 2, _LEAST_WINDOW_NS / 8))
        short_ns = max(0, (_LEAST_WINDOW_NS - (end_ns - begin_ns) - 2 * margin_ns) // 2) if len(groups) == 1 else 0
        left_ns = begin_ns - margin_ns - short_ns
        left_ns = max(left_ns, found[-1][1]) if found else max(left_ns, min(origin_ns, begin_ns))
        found.append((left_ns, end_ns + margin_ns + short_ns))
    return found
