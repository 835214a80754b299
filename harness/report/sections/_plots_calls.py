"""The plots of the clients: how long their calls took, one by one and in quantiles, and how many there were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from checkers.traffic.bounds import in_words
from harness.history import History
from harness.report.sections._plots_model import (
    MOST_SERIES,
    At,
    Mark,
    Plot,
    Points,
    Span,
    most_frequent,
    peak,
    quantile,
    quantile_lines,
    stacked,
    thinned,
)
from harness.report.told import words

_REMOTE = frozenset({"get", "list", "cancel", "delete"})  # what a mobile asks of a desktop
_FEW = 8  # too few for quantiles
_ENDS: dict[str, Mark] = {"ok": "ok", "fail": "fail", "info": "info"}
_TOLD = {"ok": "ok", "fail": "failed", "info": "may have happened"}


@dataclass(frozen=True)
class Call:
    """`outcome` info, too, for one that never returned: then it lasts to the end."""

    f: str
    node: str
    role: str
    begin_ns: int
    end_ns: int
    outcome: Mark


def plots(history: History, span: Span) -> Iterator[Plot]:
    found = calls(history, span)
    if not found:
        return
    yield _raw(found, span)
    remote = [call for call in found if call.role == "mobile" and call.f in _REMOTE]
    if len(remote) > _FEW:
        yield _quantiles(remote, span)
    yield _rate(found, span)


def calls(history: History, span: Span) -> list[Call]:
    """Of clients, in the order in which they began."""
    roles = {name: str(node.get("role")) for name, node in history.header.nodes.items()}
    open_: dict[str, tuple[str, str, int]] = {}
    found = []
    for op in history.ops:
        if op.type == "invoke" and op.f != "commit":
            open_[op.process] = (op.f, op.node or op.process, op.time_ns)
        elif op.process in open_ and open_[op.process][0] == op.f:
            f, node, begin_ns = open_.pop(op.process)
            found.append(Call(f, node, roles.get(node, ""), begin_ns, op.time_ns, _ENDS[op.type]))
    for f, node, begin_ns in open_.values():
        found.append(Call(f, node, roles.get(node, ""), begin_ns, span.end_ns, "info"))
    return sorted(found, key=lambda call: (call.begin_ns, call.end_ns, call.node, call.f))


def _raw(found: list[Call], span: Span) -> Plot:
    names = most_frequent(call.f for call in found)
    groups: dict[tuple[str, Mark], list[At]] = {}
    for call in found:
        name = call.f if call.f in names else "others"
        groups.setdefault((name, call.outcome), []).append((call.begin_ns, float(call.end_ns - call.begin_ns)))
    colours = {name: place for place, name in enumerate(names)}
    ordered = sorted(groups.items(), key=lambda group: (colours.get(group[0][0], MOST_SERIES), group[0][1]))
    points = [Points(name, colours.get(name, MOST_SERIES), mark, at) for (name, mark), at in ordered]
    kept, left_out = thinned(points)
    slowest = max(found, key=lambda call: call.end_ns - call.begin_ns)
    outcomes = Counter(call.outcome for call in found)
    told = ", ".join(f"{outcomes[end]:,} {_TOLD[end]}" for end in _ENDS.values() if outcomes[end])
    said = (
        f"{words.count(len(found), 'call')}: {told}. The slowest: {slowest.f} of {slowest.node} at "
        f"{words.seconds(slowest.begin_ns - span.begin_ns)}, {in_words(slowest.end_ns - slowest.begin_ns)}."
    )
    return Plot(
        "calls", "Calls of clients", "how long each took", said, log=True, seconds=True, points=kept, left_out=left_out
    )


def _quantiles(found: list[Call], span: Span) -> Plot:
    at = [(call.begin_ns, float(call.end_ns - call.begin_ns)) for call in found]
    ordered = sorted(value for _, value in at)
    half, most = (in_words(round(quantile(ordered, q))) for q in (0.5, 0.99))
    said = f"{words.count(len(found), 'call')}: half within {half}, 99 % within {most}."
    lines = quantile_lines(at, span)
    return Plot("quantiles", "Calls of mobiles to desktops", "quantiles", said, log=True, seconds=True, lines=lines)


def _rate(found: list[Call], span: Span) -> Plot:
    stack = stacked([(call.begin_ns, call.f) for call in found], span)
    assert stack is not None
    said = f"{peak(stack, span)}; {words.count(len(found), 'call')}: "
    counted = Counter(call.f for call in found)
    told = [f"{counted[f]:,} {f}" for f in most_frequent(call.f for call in found)]
    others = len(counted) - len(told)
    return Plot(
        "rate", "Operations", "a second, by what they are", f"{said}{', '.join(told)}{_more(others)}.", stack=stack
    )


def _more(kinds: int) -> str:
    return f" and {words.count(kinds, 'other kind')}" if kinds > 0 else ""
