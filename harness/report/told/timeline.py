"""What was where and when over a whole run: lanes, faults, how busy its clients were; and messages on their way.

Pure data, in nanoseconds of the run's clock; `overview` and `closeup` draw it, `story` has what a failure is about.
Lanes stand in the order in which data flows: desktops and their links, the relay, the mobiles' links and mobiles.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.history import History, Op, Tap
from harness.report.told import words
from harness.store.rundir import StoredRun

_BINS = 120  # of the overview's activity


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
class Flight:
    """One message crossing one link. `arrived_ns`: None when no tap saw it come out; `again`: a second delivery.
    `fate`: what befell it, in a word or two, when that is not as usual."""

    link: str
    label: str
    sent_ns: int
    arrived_ns: int | None
    again: bool = False
    fate: str = ""

    @property
    def ends(self) -> tuple[str, str]:
        source, _, target = self.link.partition("->")
        return source, target


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
    return of(run.history) if run.history is not None and run.history.ops else None


def of(history: History) -> Timeline:
    """That of a history that has ops."""
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
    open_: dict[tuple[str, str], Span] = {}
    found: list[Span] = []
    for op in history.ops:
        value = op.value if isinstance(op.value, dict) else {}
        key = (str(value.get("fault")), str(value.get("occurrence")))
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


def _names(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _span(op: Op, value: dict[str, Any], last_ns: int) -> Span:
    return Span(
        name=str(value.get("fault")),
        action=str(value.get("action")),
        begin_ns=op.time_ns,
        end_ns=last_ns,
        directions=_names(value.get("directions")),
        nodes=_names(value.get("nodes")),
        params=params if isinstance(params := value.get("params"), dict) else {},
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


# ---- messages -------------------------------------------------------------------------------------------------------


def crossings(taps: Iterable[Tap], label: str = "message") -> Iterator[Flight]:
    """The ways over its link of a message whose taps these are. What came out is the oldest that was on its way, or
    when nothing was, a copy of what came out last: so nothing comes out before it went in. What nobody saw go in has a
    way of no length."""
    on_the_way: deque[Tap] = deque()
    last: Tap | None = None
    for tap in sorted(taps, key=lambda tap: (tap.time_ns, tap.side)):  # `in` stands before `out`
        if tap.side == "in":
            on_the_way.append(tap)
        elif on_the_way:
            last = on_the_way.popleft()
            yield Flight(tap.link, label, last.time_ns, tap.time_ns)
        else:
            sent = last or tap
            yield Flight(tap.link, label, sent.time_ns, tap.time_ns, again=last is not None)
            last = sent
    for lost in on_the_way:
        yield Flight(lost.link, label, lost.time_ns, None)
