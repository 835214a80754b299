"""What was where and when: lanes, faults, the operations that prove a failure and the messages that carried it.

Pure data, in nanoseconds of the run's clock; `overview` and `closeup` draw it. Lanes stand in the order in which data
flows: desktops and their links, the relay, the mobiles' links and mobiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.history import History, Op, Tap
from harness.report import words
from harness.store.rundir import StoredRun
from harness.verdict import CheckResult

_BINS = 120  # of the overview's activity
_LEAST_WINDOW_NS = 20_000_000
_MARGIN = 0.12  # of the window, on either side of the evidence
_MOST_MESSAGES = 60
_MOST_STEPS = 12  # of one story; the first and the last of a longer one are told
_MOST_LETTERS = 600  # of one step


@dataclass(frozen=True)
class Lane:
    """A node, or the link between a client (`ends[0]`) and the relay (`ends[1]`). `client_above`: the
    client's own lane stands above this one."""

    name: str
    ends: tuple[str, ...] = ()
    client_above: bool = True

    @property
    def is_link(self) -> bool:
        return bool(self.ends)


@dataclass
class Span:
    """One begin … heal of a fault."""

    name: str
    action: str
    begin_ns: int
    end_ns: int
    directions: list[str]
    nodes: list[str]
    params: dict[str, Any]
    did: str = ""
    exercised: bool = True
    fixed: bool = True


@dataclass(frozen=True)
class Mark:
    """An operation of the story. `number` is its place in it, as the text counts."""

    number: int
    time_ns: int | None
    node: str
    what: str
    op: Op | None = None


@dataclass(frozen=True)
class Flight:
    """One message crossing one link. `arrived_ns`: None when no tap saw it come out; `again`: a second delivery."""

    link: str
    label: str
    sent_ns: int
    arrived_ns: int | None
    again: bool = False


@dataclass
class Story:
    """The part of a run that a failure is about."""

    marks: list[Mark] = field(default_factory=list)
    flights: list[Flight] = field(default_factory=list)
    begin_ns: int = 0
    end_ns: int = 0
    more_marks: int = 0  # left out, as are
    more_flights: int = 0

    @property
    def drawable(self) -> bool:
        return any(m.time_ns is not None for m in self.marks)


@dataclass
class Timeline:
    origin_ns: int
    end_ns: int
    lanes: list[Lane]
    spans: list[Span]
    activity: dict[str, list[int]] = field(default_factory=dict)  # node → commits or observations per bin

    def by_fault(self) -> dict[str, list[Span]]:
        """All occurrences of every fault, faults in the order they first began."""
        return by_fault(self.spans)


def build(run: StoredRun) -> Timeline | None:
    """The timeline of a whole run; None when there is no history to draw."""
    history = run.history
    if history is None or not history.ops:
        return None
    origin_ns, end_ns = history.ops[0].time_ns, history.ops[-1].time_ns
    return Timeline(origin_ns, max(end_ns, origin_ns + 1), lanes(history), spans(history), _activity(history))


def lanes(history: History) -> list[Lane]:
    roles = {name: str(node.get("role")) for name, node in history.header.nodes.items()}
    found: list[Lane] = []
    for name in (n for n, role in roles.items() if role == "desktop"):
        found += [Lane(name), *_links_of(name, history, client_above=True)]
    found += [Lane(name) for name, role in roles.items() if role not in ("desktop", "mobile")]
    for name in (n for n, role in roles.items() if role == "mobile"):
        found += [*_links_of(name, history, client_above=False), Lane(name)]
    return found


def _links_of(client: str, history: History, *, client_above: bool) -> list[Lane]:
    ends = [d.partition("->") for d in history.header.links]
    others = dict.fromkeys(right for left, _, right in ends if left == client)
    return [Lane(f"{client} ⇄ {other}", (client, other), client_above) for other in others]


def spans(history: History) -> list[Span]:
    """All faults in the order they began; one that never healed lasts to the end of the history."""
    last_ns = history.ops[-1].time_ns if history.ops else 0
    open_: dict[tuple[Any, Any], Span] = {}
    found: list[Span] = []
    for op in history.ops:
        value = op.value if isinstance(op.value, dict) else {}
        key = (value.get("fault"), value.get("occurrence"))
        if op.f == "fault-begin":
            open_[key] = _span(op, value, last_ns)
            found.append(open_[key])
        elif op.f == "fault-heal" and key in open_:
            span = open_.pop(key)
            span.end_ns = op.time_ns
            span.did, span.exercised = words.effect(value.get("effect")), bool(value.get("exercised"))
            span.fixed = bool(value.get("fixed", True))
    return found


def by_fault(all_spans: Iterable[Span]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for span in all_spans:
        found.setdefault(span.name, []).append(span)
    return found


def _span(op: Op, value: dict[str, Any], last_ns: int) -> Span:
    return Span(
        name=str(value.get("fault")),
        action=str(value.get("action")),
        begin_ns=op.time_ns,
        end_ns=last_ns,
        directions=[str(d) for d in value.get("directions") or []],
        nodes=[str(n) for n in value.get("nodes") or []],
        params=dict(value.get("params") or {}),
    )


def _activity(history: History) -> dict[str, list[int]]:
    """Commits of desktops and observations of mobiles, counted in equal bins over the run."""
    origin_ns, end_ns = history.ops[0].time_ns, history.ops[-1].time_ns
    width = max(1, end_ns - origin_ns)
    found: dict[str, list[int]] = {}
    for op in history.ops:
        if op.type == "ok" and op.f in ("commit", "observe") and op.node is not None:
            bins = found.setdefault(op.node, [0] * _BINS)
            bins[min(_BINS - 1, (op.time_ns - origin_ns) * _BINS // width)] += 1
    return found


# ---- the story of one failure ---------------------------------------------------------------------------------------


def story(history: History, result: CheckResult) -> Story:
    """The operations and messages of one failure, and the stretch of time in which they lie."""
    marks, more = _marks(result, {op.index: op for op in history.ops})
    ops = [m.op for m in marks if m.op is not None]
    times = [m.time_ns for m in marks if m.time_ns is not None]
    if not times:
        return Story(marks, more_marks=more)
    begin_ns, end_ns = min(times), max(times)
    flights = [f for f in _flights(history, ops) if f.sent_ns <= end_ns and _lands_after(f, begin_ns)]
    begin_ns = min([begin_ns, *(f.sent_ns for f in flights)])
    margin_ns = max(_LEAST_WINDOW_NS - (end_ns - begin_ns), round((end_ns - begin_ns) * _MARGIN))
    return Story(
        marks,
        flights[:_MOST_MESSAGES],
        begin_ns - margin_ns,
        end_ns + margin_ns,
        more,
        max(0, len(flights) - _MOST_MESSAGES),
    )


def _lands_after(flight: Flight, begin_ns: int) -> bool:
    return flight.arrived_ns is None or flight.arrived_ns >= begin_ns


def _marks(result: CheckResult, by_index: dict[int, Op]) -> tuple[list[Mark], int]:
    """The steps of a failure, and how many are left out. Numbers are places in the whole story."""
    told = result.details.get("story")
    parts = [p for p in told if isinstance(p, dict)] if isinstance(told, list) else []
    if not parts:
        parts = [{"index": i} for i in result.evidence if i in by_index]
    elif not words.sentences(result) and all(_is_nowhere(part, by_index) for part in parts):
        return [], 0
    numbered = list(enumerate(parts, start=1))
    half = _MOST_STEPS // 2
    kept = numbered if len(numbered) <= _MOST_STEPS else [*numbered[:half], *numbered[-half:]]
    return [_mark(number, part, by_index) for number, part in kept], len(numbered) - len(kept)


def _is_nowhere(part: dict[str, Any], by_index: dict[int, Op]) -> bool:
    """No node did it, so no chart can show it: that a run was too quiet, say."""
    index = part.get("index")
    op = by_index.get(index) if isinstance(index, int) else None
    return op is None or op.node is None


def _mark(number: int, part: dict[str, Any], by_index: dict[int, Op]) -> Mark:
    index = part.get("index")
    op = by_index.get(index) if isinstance(index, int) else None
    what = words.shortened(str(part.get("what") or (sentence(op) if op is not None else "")), _MOST_LETTERS)
    return Mark(number, None, "", what) if op is None else Mark(number, op.time_ns, op.node or "", what, op)


def sentence(op: Op) -> str:
    """An op in words, for a checker that tells no story of its own."""
    about = f" job {op.job}" if op.job else ""
    about += f" at revision {op.rev.n}" if op.rev is not None else ""
    who = op.node or op.process
    if op.f == "observe":
        return f"{who} shows{about or ' another state'}"
    if op.f == "final":
        return f"{who} is read at the end"
    if op.f in ("fault-begin", "fault-heal"):
        name = op.value.get("fault") if isinstance(op.value, dict) else None
        return f"fault {name or 'without a name'} {'begins' if op.f == 'fault-begin' else 'heals'}"
    ends = {"invoke": "begins", "ok": "is done", "fail": "did not happen", "info": "may have happened"}
    return f"{op.process}: {op.f}{about} {ends[op.type]}"


def _flights(history: History, ops: Sequence[Op]) -> list[Flight]:
    """Every crossing of the messages that the ops name, by link, in time order."""
    labels = _messages(history, ops)
    seen: dict[tuple[str, str], tuple[list[Tap], list[Tap]]] = {}
    for tap in history.taps:
        if tap.msg in labels and tap.msg is not None:
            ins, outs = seen.setdefault((tap.link, tap.msg), ([], []))
            (ins if tap.side == "in" else outs).append(tap)
    found = [f for (link, msg), (ins, outs) in seen.items() for f in crossings(link, labels[msg], ins, outs)]
    return sorted(found, key=lambda f: (f.sent_ns, f.arrived_ns or 0, f.link))


def crossings(link: str, label: str, ins: list[Tap], outs: list[Tap]) -> Iterable[Flight]:
    """Pair what went in with what came out: more outs than ins are copies of the last one in."""
    for number, out in enumerate(outs):
        sent = ins[min(number, len(ins) - 1)].time_ns if ins else out.time_ns
        yield Flight(link, label, sent, out.time_ns, again=number >= max(1, len(ins)))
    for lost in ins[len(outs) :]:
        yield Flight(link, label, lost.time_ns, None)


def _messages(history: History, ops: Sequence[Op]) -> dict[str, str]:
    """Messages by name, with the number or word that labels them: causes of observations, events of commits."""
    found: dict[str, str] = {}
    wanted = {(op.job, op.rev) for op in ops if op.f == "commit" and op.rev is not None}
    for op in ops:
        kind, _, name = (op.cause or "").partition(":")
        if name and kind in ("event", "get", "list"):
            found[name] = "job." + kind if kind in ("get", "list") else "event"
    for op in history.ops:
        value = op.value if isinstance(op.value, dict) else {}
        if op.f == "emit" and value.get("msg") is not None and _emitted(op, value, wanted):
            found[str(value["msg"])] = str(value.get("event") or "event")
    return found


def _emitted(op: Op, value: dict[str, Any], wanted: set[tuple[Any, Any]]) -> bool:
    if op.rev is not None:
        return (op.job, op.rev) in wanted
    rev = value.get("rev")
    return isinstance(rev, dict) and any(
        job == (op.job or value.get("job")) and r.desktop == rev.get("desktop") and r.n == rev.get("n")
        for job, r in wanted
    )
