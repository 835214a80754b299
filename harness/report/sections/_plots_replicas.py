"""The plots of the replicas: lag of each commit, staleness at each moment, and how long actions take to be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from checkers.traffic.bounds import duration_ns, in_words
from harness.report.sections._plots_lag import Shown, measured
from harness.report.sections._plots_model import (
    COLUMNS,
    MOST_SERIES,
    At,
    Line,
    Mark,
    Plot,
    Points,
    Span,
    most_frequent,
    quantile,
    quantile_lines,
    thinned,
)
from harness.report.told import words
from harness.report.told.timeline import Span as Fault
from harness.store.rundir import StoredRun

_FEW = 4  # too few for quantiles


def plots(run: StoredRun, span: Span, faults: Sequence[Fault]) -> Iterator[Plot]:
    assert run.history is not None
    found = measured(run.history)
    if not found:
        return
    bound_ns = bound(run)
    yield _lag(found, span, faults, bound_ns)
    if any(_age_ns(shown, span) for shown in found):
        yield _staleness(found, span, bound_ns)
    took = [(shown.begun_ns, float(shown.shown_ns - shown.begun_ns)) for shown in found if shown.shown_ns is not None]
    if len(took) > _FEW:
        yield _actions(found, took, span, allowed(run))


def bound(run: StoredRun) -> int | None:
    """Within how long `staleness` wants a commit shown when nothing stands in the way, as it said itself."""
    result = next((r for r in run.results if r.check == "staleness" and r.verdict is not None), None)
    return _in_ns(result.details.get("bound")) if result is not None else None


def allowed(run: StoredRun) -> int | None:
    """Within how long the plan wants an event shown that nothing disturbs."""
    spec = next((spec for spec in run.schedule.checks if spec.check == "latency"), None)
    return _in_ns(spec.params.get("within")) if spec is not None else None


def _in_ns(told: Any) -> int | None:
    try:
        return duration_ns(told.replace(" ", "")) if isinstance(told, str) else None
    except ValueError:
        return None


def _age_ns(shown: Shown, span: Span) -> int:
    return (span.end_ns if shown.shown_ns is None else shown.shown_ns) - shown.commit_ns


# ---- lag ------------------------------------------------------------------------------------------------------------


def _lag(found: list[Shown], span: Span, faults: Sequence[Fault], bound_ns: int | None) -> Plot:
    names = most_frequent(shown.mobile for shown in found)
    colours = {name: place for place, name in enumerate(names)}
    groups: dict[tuple[str, Mark], list[At]] = {}
    marks: dict[str, Mark] = {"an event": "ok", "a fetch": "info"}
    for shown in found:
        name = shown.mobile if shown.mobile in colours else "others"
        mark = "never" if shown.shown_ns is None else marks[shown.way]
        groups.setdefault((name, mark), []).append((shown.commit_ns, float(_age_ns(shown, span))))
    points = [Points(name, colours.get(name, MOST_SERIES), mark, at) for (name, mark), at in groups.items()]
    kept, left_out = thinned(points)
    return Plot(
        name="lag",
        title="Replica lag",
        unit="from commit to shown",
        said=_lag_said(found, span, faults, bound_ns),
        log=True,
        seconds=True,
        points=kept,
        bound=float(bound_ns) if bound_ns else None,
        left_out=left_out,
    )


def _lag_said(found: list[Shown], span: Span, faults: Sequence[Fault], bound_ns: int | None) -> str:
    shown = [one for one in found if one.shown_ns is not None]
    told = ""
    if shown:
        worst = max(shown, key=lambda one: _age_ns(one, span))
        ages = sorted(float(_age_ns(one, span)) for one in shown)
        at = words.seconds(worst.commit_ns - span.begin_ns)
        told = (
            f"At most {_took(ages[-1])} ({worst.mobile}, a commit at {at}), half within {_took(quantile(ages, 0.5))}."
        )
    never = len(found) - len(shown)
    if never:
        told += f" {_commits(never)} not shown before the end."
    return f"{told}{_passed(found, span, faults, bound_ns)}".strip()


def _passed(found: list[Shown], span: Span, faults: Sequence[Fault], bound_ns: int | None) -> str:
    if bound_ns is None:
        return ""
    late = [one for one in found if _age_ns(one, span) > bound_ns]
    if not late:
        return f" The bound of {_took(bound_ns)} was never passed."
    meets = sum(any(_meets(one, span, fault) for fault in faults) for one in late)
    times = "once" if len(late) == 1 else f"{len(late):,} times"
    with_a_fault = "each time" if meets == len(late) else f"{meets:,} of them" if meets else "never"
    return f" The bound of {_took(bound_ns)} was passed {times}, {with_a_fault} with a fault meanwhile."


def _meets(shown: Shown, span: Span, fault: Fault) -> bool:
    end_ns = span.end_ns if shown.shown_ns is None else shown.shown_ns
    return fault.begin_ns <= end_ns and fault.end_ns >= shown.commit_ns


def _commits(count: int) -> str:
    return f"{words.count(count, 'commit')} {'was' if count == 1 else 'were'}"


def _took(ns: float) -> str:
    return in_words(round(ns))


# ---- staleness ------------------------------------------------------------------------------------------------------


def _staleness(found: list[Shown], span: Span, bound_ns: int | None) -> Plot:
    ages = {name: _ages(name, found, span) for name in dict.fromkeys(shown.mobile for shown in found)}
    worst = sorted(ages, key=lambda name: (-max(ages[name]), name))[:MOST_SERIES]
    lines = [
        Line(name, colour, [(span.column_ns(at), age) for at, age in enumerate(ages[name])], steps=True, dash=colour)
        for colour, name in enumerate(worst)
    ]
    behind = _behind(worst[0], found, span) / span.length_ns
    told = (
        f"{worst[0]} was behind by {_took(max(ages[worst[0]]))} at most, and behind at all in {behind:.0%} of the run."
    )
    if len(ages) > len(worst):
        told += f" {words.count(len(ages) - len(worst), 'mobile')} that lagged less left out."
    bound_ = float(bound_ns) if bound_ns else None
    return Plot(
        "staleness", "Staleness", "age of the oldest commit not shown", told, seconds=True, lines=lines, bound=bound_
    )


def _ages(mobile: str, found: list[Shown], span: Span) -> list[float]:
    """The greatest in each column. `found` is in the order of commits: until an earlier one is shown, it is older."""
    ages = [0.0] * COLUMNS
    until_ns = span.begin_ns
    for shown in found:
        end_ns = shown.commit_ns + _age_ns(shown, span)
        if shown.mobile != mobile or end_ns <= until_ns:
            continue
        for column in range(span.column(max(until_ns, shown.commit_ns)), span.column(end_ns) + 1):
            age_ns = min(end_ns, span.column_ns(column + 1)) - shown.commit_ns
            ages[column] = max(ages[column], float(age_ns))
        until_ns = end_ns
    return ages


def _behind(mobile: str, found: list[Shown], span: Span) -> int:
    """For how long anything was not shown; `found` is in the order of commits."""
    total, until_ns = 0, span.begin_ns
    for shown in found:
        if shown.mobile == mobile:
            end_ns = shown.commit_ns + _age_ns(shown, span)
            total += max(0, end_ns - max(until_ns, shown.commit_ns))
            until_ns = max(until_ns, end_ns)
    return total


# ---- actions --------------------------------------------------------------------------------------------------------


def _actions(found: list[Shown], took: list[At], span: Span, within_ns: int | None) -> Plot:
    ways = {way: sum(shown.way == way for shown in found) for way in ("an event", "a fetch")}
    by = " and ".join(f"{count:,} by {way}" for way, count in ways.items() if count)
    return Plot(
        name="actions",
        title="From a desktop's action to the replica",
        unit="quantiles",
        said=f"{_quantiles([value for _, value in took])}; {by}.",
        log=True,
        seconds=True,
        lines=quantile_lines(took, span),
        bound=float(within_ns) if within_ns else None,
    )


def _quantiles(values: Sequence[float], shown: Callable[[float], str] = _took) -> str:
    """`Half within 5 ms, 99 % within 90 ms, all within 1 s`"""
    ordered = sorted(values)
    half, most = quantile(ordered, 0.5), quantile(ordered, 0.99)
    return f"Half within {shown(half)}, 99 % within {shown(most)}, all within {shown(ordered[-1])}"
