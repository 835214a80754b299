"""A plot as SVG: the faults as bands behind it, a bound as a line across it. All share one time axis, so they can be
read one under the other; every picture is small enough for a telephone, and two stand side by side where there is room.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from harness.report.drawing.canvas import Canvas, Layout, Scale, axis
from harness.report.sections._plots_model import Line, Plot, Points, Span, Stack
from harness.report.told.timeline import Span as Fault

LAYOUT = Layout("plot", 380, 46, 10, beside=False, ticks=4)
_TOP, _BOTTOM = 8.0, 118.0
_AXIS_H = 22
_MOST_BANDS = 60  # of one fault
_STYLES = {  # from a point's place, what is drawn there
    "ok": "M{x} {y}h0",
    "fail": "M{l} {t}l5 5m0-5l-5 5",
    "info": "M{x} {t}l3 5h-6z",
    "never": "M{l} {y}h5m-2.5-2.5v5",
}


def draw(plot: Plot, span: Span, faults: Sequence[Fault]) -> Markup:
    canvas, scale = Canvas(LAYOUT), Scale(LAYOUT, span.begin_ns, span.end_ns)
    _bands(canvas, scale, faults)
    y = _values(canvas, plot)
    axis(canvas, scale, span.begin_ns, _TOP, _BOTTOM)
    if plot.stack is not None:
        _stack(canvas, scale, plot.stack, y)
    for line in plot.lines:
        _line(canvas, scale, line, y)
    for points in plot.points:
        _points(canvas, scale, points, y)
    if plot.bound is not None:
        canvas.line(LAYOUT.left, y(plot.bound), LAYOUT.width - LAYOUT.right, y(plot.bound), "bound-line")
        canvas.text(LAYOUT.width - LAYOUT.right - 2, y(plot.bound) - 3, "bound", "bound-name halo", "end")
    meant = f"{len(faults)} faults are bands behind it." if faults else "There was no fault."
    return canvas.svg(_BOTTOM + _AXIS_H, f"plot-{plot.name}", f"{plot.title}: {plot.unit}", f"{plot.said} {meant}")


def _bands(canvas: Canvas, scale: Scale, faults: Sequence[Fault]) -> None:
    """One shape for each fault, however often it occurred."""
    by_name: dict[str, list[Fault]] = {}
    for fault in faults:
        by_name.setdefault(fault.name, []).append(fault)
    for name, occurrences in by_name.items():
        path = ""
        for fault in occurrences[:_MOST_BANDS]:
            left, right = scale.x(fault.begin_ns), scale.x(fault.end_ns)
            width = max(1.5, round(right - left, 1))
            path += f"M{left} {_TOP}h{width}V{_BOTTOM}h-{width}z"
        canvas.add('<path d="{}" class="fault-band"><title>{}</title></path>', path, name)


# ---- values ---------------------------------------------------------------------------------------------------------


def _values(canvas: Canvas, plot: Plot) -> Callable[[float], float]:
    """The axis of values, drawn; from a value to its height."""
    y, ticks = _powers(plot) if plot.log else _even(plot)
    for value in ticks:
        canvas.line(LAYOUT.left, y(value), LAYOUT.width - LAYOUT.right, y(value), "grid")
        label = _duration(value) if plot.seconds else f"{value:,g}"
        canvas.text(LAYOUT.left - 4, y(value) + 4, label, "tick", "end")
    return y


def _powers(plot: Plot) -> tuple[Callable[[float], float], list[float]]:
    low = math.floor(math.log10(max(1.0, plot.least)))
    high = max(low + 1, math.ceil(math.log10(max(1.0, plot.greatest))))

    def y(value: float) -> float:
        share = (math.log10(max(value, 10.0**low)) - low) / (high - low)
        return round(_BOTTOM - (_BOTTOM - _TOP) * min(1.0, share), 1)

    every = 1 + (high - low) // 5
    return y, [10.0**power for power in range(low, high + 1, every)]


def _even(plot: Plot) -> tuple[Callable[[float], float], list[float]]:
    greatest = plot.greatest or 1.0
    power = 10.0 ** math.floor(math.log10(greatest / 4))
    step = next(power * n for n in (1, 2, 5, 10) if power * n * 4 >= greatest)
    if not plot.seconds:
        step = max(1.0, step)
    top = step * math.ceil(greatest / step)

    def y(value: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * min(1.0, value / top), 1)

    return y, [step * n for n in range(round(top / step) + 1)]


def _duration(ns: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:,g} {unit}"
    return f"{ns:g} ns" if ns else "0"


# ---- series ---------------------------------------------------------------------------------------------------------


def _points(canvas: Canvas, scale: Scale, points: Points, y: Callable[[float], float]) -> None:
    """One path; what would be drawn over itself is drawn once."""
    places = dict.fromkeys((round(scale.x(at) * 2) / 2, round(y(value) * 2) / 2) for at, value in points.at)
    style = _STYLES[points.mark]
    path = "".join(style.format(x=f"{x:g}", y=f"{h:g}", l=f"{x - 2.5:g}", t=f"{h - 2.5:g}") for x, h in sorted(places))
    what = f"{points.name}: {len(points.at):,}"
    class_ = f"dot {points.mark} s{points.colour}"
    canvas.add('<path d="{}" class="{}"><title>{}</title></path>', path, class_, what)


def _line(canvas: Canvas, scale: Scale, line: Line, y: Callable[[float], float]) -> None:
    path, drawn, before = "", False, 0.0
    for at, value in line.at:
        if value is None:
            drawn = False
            continue
        x, height = f"{scale.x(at):g}", y(value)
        if not drawn:
            path += f"M{x} {height:g}h0"
        elif line.steps:
            path += f"H{x}" + (f"V{height:g}" if height != before else "")
        else:
            path += f"L{x} {height:g}"
        drawn, before = True, height
    class_ = f"curve d{line.dash} s{line.colour}"
    canvas.add('<path d="{}" class="{}"><title>{}</title></path>', path, class_, line.name)


def _stack(canvas: Canvas, scale: Scale, stack: Stack, y: Callable[[float], float]) -> None:
    """Each layer from the one below it up, as steps."""
    xs = [scale.x(stack.begin_ns + window * stack.window_ns) for window in range(len(stack.rows[0]) + 1)]
    below = [0.0] * len(stack.rows[0])
    for colour, (name, row) in enumerate(zip(stack.names, stack.rows, strict=True)):
        above = [base + value for base, value in zip(below, row, strict=True)]
        path = "".join(
            f"M{xs[at]:g} {y(below[at]):g}V{y(above[at]):g}H{xs[at + 1]:g}V{y(below[at]):g}z"
            for at, value in enumerate(row)
            if value
        )
        canvas.add('<path d="{}" class="layer s{}"><title>{}</title></path>', path, colour, name)
        below = above
