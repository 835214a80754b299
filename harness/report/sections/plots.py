"""The run as plots over one time axis, faults as bands behind each: how far behind the replicas were, how long calls
took, what passed on the wire and what was under way. As Jepsen's `perf` draws them, and drawn without a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from harness.report.drawing.canvas import cut
from harness.report.drawing.section import Section
from harness.report.sections import _plots_calls, _plots_replicas, _plots_traffic
from harness.report.sections._plots_draw import draw
from harness.report.sections._plots_model import Plot, Span
from harness.report.told import timeline
from harness.report.told.timeline import Span as Fault
from harness.store.rundir import StoredRun

_MARKS = {
    "lag": {"ok": "● by an event", "info": "△ by a fetch", "never": "+ not shown before the end"},
    "calls": {"ok": "● ok", "fail": "× failed", "info": "△ may have happened"},
}
_MOST_LETTERS = 40  # of a name


def render(run: StoredRun) -> Markup | None:
    history = run.history
    if history is None or not history.ops:
        return None
    span = Span(history.ops[0].time_ns, max(history.ops[-1].time_ns, history.ops[0].time_ns + 1))
    faults = timeline.spans(history)
    found = list(_all(run, span, faults))
    if not found:
        return None
    figures = Markup("").join(_figure(plot, span, faults) for plot in found)
    return Markup('<p class="note">{}</p><div class="plots">{}</div>').format(_note(found, faults), figures)


def _all(run: StoredRun, span: Span, faults: Sequence[Fault]) -> Iterator[Plot]:
    assert run.history is not None
    yield from _plots_replicas.plots(run, span, faults)
    yield from _plots_calls.plots(run.history, span)
    yield from _plots_traffic.plots(run.history, span)


def _note(found: list[Plot], faults: Sequence[Fault]) -> str:
    bands = f"Bands: {', '.join(_faults(faults))}. " if faults else "There was no fault. "
    bound = "A bound is what a checker allows where no fault and no lost connection stands in the way. "
    return f"All over the time of the run. {bands}{bound if any(plot.bound for plot in found) else ''}".strip()


def _faults(faults: Sequence[Fault]) -> list[str]:
    names = list(dict.fromkeys(fault.name for fault in faults))
    told = [cut(name, _MOST_LETTERS) for name in names[:8]]
    return told if len(names) <= len(told) else [*told, f"and {len(names) - len(told)} more"]


def _figure(plot: Plot, span: Span, faults: Sequence[Fault]) -> Markup:
    left_out = f" {plot.left_out:,} points between the extremes are left out." if plot.left_out else ""
    return Markup(
        '<figure class="plot-figure" id="plots-{}"><h3>{} <small>{}</small></h3>{}'
        "<figcaption>{}<p>{}{}</p></figcaption></figure>"
    ).format(plot.name, plot.title, plot.unit, draw(plot, span, faults), _legend(plot), plot.said, left_out)


def _legend(plot: Plot) -> Markup:
    """Names with their colours, in the order in which they stack; marks with what they mean."""
    named = [*_unique(plot), *[(name, place, "") for place, name in enumerate(plot.stack.names if plot.stack else [])]]
    keys = [
        Markup('<span class="key s{}{}">{}</span>').format(colour, dash, cut(name, _MOST_LETTERS))
        for name, colour, dash in named
    ]
    used = {points.mark for points in plot.points}
    keys += [
        Markup('<span class="mark-key">{}</span>').format(t) for m, t in _MARKS.get(plot.name, {}).items() if m in used
    ]
    order = Markup('<span class="mark-key">from below:</span>') if plot.stack and len(keys) > 1 else Markup("")
    return Markup('<p class="legend">{}{}</p>').format(order, Markup("").join(keys)) if keys else Markup("")


def _unique(plot: Plot) -> list[tuple[str, int, str]]:
    points = {(points.name, points.colour, "") for points in plot.points}
    lines = [(line.name, line.colour, f" line d{line.dash}") for line in plot.lines]
    return [*sorted(points, key=lambda key: (key[1], key[0])), *lines]


SECTION = Section("Plots", 50, render)
