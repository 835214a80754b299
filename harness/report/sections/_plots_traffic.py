"""The plots of what passed between the nodes: messages by type, refresh traffic by reason, and what was under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from harness.history import History, Op, Tap
from harness.report.sections._plots_model import (
    COLUMNS,
    MOST_SERIES,
    Line,
    Plot,
    Span,
    most_frequent,
    peak,
    stacked,
)
from harness.report.told import words
from harness.report.told.timeline import crossings

_READS = {"job.get": "get", "job.list": "list"}
_QUEUES = ("pending", "waiting", "queued", "waiters", "buffered", "early", "calls", "sending", "wishes")

_Changes = dict[str, list[tuple[int, int]]]  # name → (time, by how much)


def plots(history: History, span: Span) -> Iterator[Plot]:
    messages = _messages(history, span)
    if messages is not None:
        yield messages
    refresh = _refresh(history, span)
    if refresh is not None:
        yield refresh
    under_way = _under_way(history, span)
    if under_way is not None:
        yield under_way


def _messages(history: History, span: Span) -> Plot | None:
    sent = [(tap.time_ns, tap.type or "no type") for tap in history.taps if tap.side == "in"]
    stack = stacked(sent, span)
    if stack is None:
        return None
    size = sum(tap.bytes for tap in history.taps if tap.side == "in")
    entered = f"{words.count(len(sent), 'message')} and {words.count(size, 'byte')} entered a link"
    said = f"{peak(stack, span)}; {entered}. {_by_kind(sent)}"
    return Plot("messages", "Messages", "a second, by type, as they enter a link", said, stack=stack)


def _by_kind(events: list[tuple[int, str]]) -> str:
    counted = Counter(name for _, name in events)
    names = most_frequent(name for _, name in events)
    more = len(counted) - len(names)
    others = f" and {words.count(more, 'other kind')}" if more else ""
    return f"{', '.join(f'{counted[name]:,} {name}' for name in names)}{others}."


# ---- refresh --------------------------------------------------------------------------------------------------------


def _refresh(history: History, span: Span) -> Plot | None:
    asked = _asked(history)
    stack = stacked(asked, span)
    if stack is None:
        return None
    said = f"{peak(stack, span)}. {_by_kind(asked)}"
    return Plot("refresh", "Refresh traffic", "reads of a desktop a second, by reason", said, stack=stack)


def _asked(history: History) -> list[tuple[int, str]]:
    """Gets and lists with the reason that the replica gives, or that a user asked; of mobiles that keep no journal what
    their links saw."""
    lines = [op for op in history.ops if op.f in ("fetch", "call") and isinstance(op.value, dict)]
    begun = [(op, op.value) for op in lines if op.value.get("phase") == "begin"]
    own = {str(value.get("corr")) for op, value in begun if op.f == "fetch"}
    found = [(op.time_ns, _reason(op, value)) for op, value in begun if op.f == "fetch" or _is_users(value, own)]
    if found:
        return found
    mobiles = {name for name, node in history.header.nodes.items() if node.get("role") == "mobile"}
    kinds = {f"rpc:{method}": what for method, what in _READS.items()}
    return [
        (tap.time_ns, kinds[tap.type])
        for tap in history.taps
        if tap.side == "in" and tap.type in kinds and tap.link.partition("->")[0] in mobiles
    ]


def _is_users(value: Mapping[str, Any], own: set[str]) -> bool:
    return str(value.get("method")) in _READS and str(value.get("corr")) not in own


def _reason(op: Op, value: Mapping[str, Any]) -> str:
    if op.f == "call":
        return f"{_READS[str(value.get('method'))]} by a user"
    return f"{value.get('what')}: {value.get('licence') or 'no reason given'}"


# ---- under way ------------------------------------------------------------------------------------------------------


def _under_way(history: History, span: Span) -> Plot | None:
    changes, lost = _crossings(history.taps)
    changes |= _calls(history, span)
    depths = {name: _depths(at, span) for name, at in changes.items()}
    deepest = sorted((name for name in depths if any(depths[name])), key=lambda name: (-max(depths[name]), name))
    told = _left(history)
    if not deepest:
        return None
    lines: list[Line] = []
    for colour, name in enumerate(deepest[:MOST_SERIES]):
        at: list[tuple[int, float | None]] = [(span.column_ns(c), float(depth)) for c, depth in enumerate(depths[name])]
        lines.append(Line(name, colour, at, steps=True, dash=colour))
    first = deepest[0]
    when = words.seconds(span.column_ns(depths[first].index(max(depths[first]))) - span.begin_ns)
    never = f" {words.count(lost, 'message')} never came out of a link." if lost else ""
    more = (
        f" {words.count(len(deepest) - len(lines), 'queue')} with less left out." if len(deepest) > len(lines) else ""
    )
    said = f"At most {max(depths[first]):,}: {first}, at {when}.{never}{more} {told}"
    return Plot("queues", "Under way", "messages on each link, calls of each mobile", said, lines=lines)


def _crossings(taps: list[Tap]) -> tuple[_Changes, int]:
    """Each message from when it entered its link to when it came out; how many never did."""
    alike: dict[tuple[str, int, str, str | None], list[Tap]] = {}
    for tap in taps:
        alike.setdefault((tap.link, tap.conn, tap.type, tap.msg), []).append(tap)
    changes: _Changes = {}
    lost = 0
    for flight in (flight for of in alike.values() for flight in crossings(of) if not flight.again):
        if flight.arrived_ns is None:
            lost += 1
        else:
            name = flight.link.replace("->", "→")
            changes.setdefault(name, []).extend([(flight.sent_ns, 1), (flight.arrived_ns, -1)])
    return changes, lost


def _calls(history: History, span: Span) -> _Changes:
    begun: dict[tuple[str, str], int] = {}
    changes: _Changes = {}
    for op in history.ops:
        if op.f != "call" or not isinstance(op.value, dict):
            continue
        key = (f"calls of {op.node}", str(op.value.get("corr")))
        if op.value.get("phase") == "begin":
            begun[key] = op.time_ns
        elif key in begun:
            changes.setdefault(key[0], []).extend([(begun.pop(key), 1), (op.time_ns, -1)])
    for (name, _), time_ns in begun.items():
        changes.setdefault(name, []).extend([(time_ns, 1), (span.end_ns + 1, -1)])
    return changes


def _depths(changes: list[tuple[int, int]], span: Span) -> list[int]:
    """The greatest in each column. What ends at the very moment at which something begins has gone before it."""
    depths = [0] * COLUMNS
    depth, reached = 0, 0
    for time_ns, by in sorted(changes):
        column = span.column(time_ns)
        for passed in range(reached, column + 1):
            depths[passed] = max(depths[passed], depth)
        depth, reached = depth + by, column
        depths[column] = max(depths[column], depth)
    return depths


def _left(history: History) -> str:
    """What the nodes say that their queues hold in the end."""
    told = []
    for op in history.ops:
        gauges = op.value.get("gauges") if op.f == "final" and isinstance(op.value, dict) else None
        if isinstance(gauges, dict):
            held = [f"{name} {gauges[name]:,}" for name in _QUEUES if type(gauges.get(name)) is int and gauges[name]]
            told += [f"{op.node}: {', '.join(held)}"] if held else []
    finals = any(op.f == "final" for op in history.ops)
    if told:
        return f"Left in the end: {'; '.join(told[:8])}."
    return "In the end no queue held anything." if finals else ""
