"""The picture of the whole run: a skyline of what every client changed, a bar per fault, a frame for the close-up."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from harness.report.drawing.canvas import CHAR, Canvas, Layout, Scale, axis, cut
from harness.report.findings.story import Story
from harness.report.told.timeline import Span, Timeline

_MOST_CLIENTS = 12
_MOST_FAULTS = 16
_MOST_BARS = 60  # of one fault
_AXIS_H = 30
_SKY_H, _BAR_H = 20, 16


def draw(timeline: Timeline, story: Story | None, layout: Layout) -> Markup:
    scale = Scale(layout, timeline.origin_ns, timeline.end_ns)
    canvas = Canvas(layout)
    clients = list(timeline.activity.items())[:_MOST_CLIENTS]
    faults = list(timeline.by_fault().items())[:_MOST_FAULTS]
    sky_h, bar_h = (_SKY_H + 6, _BAR_H + 8) if layout.beside else (_SKY_H + 22, _BAR_H + 22)
    bottom = 14.0 + len(clients) * sky_h + len(faults) * bar_h
    axis(canvas, scale, timeline.origin_ns, 8, bottom)
    y = 10.0
    for node, bins in clients:
        y += sky_h
        _skyline(canvas, node, bins, y)
    for name, spans in faults:
        y += bar_h
        _bars(canvas, scale, name, spans, y)
    if story is not None and story.drawable:
        _frame(canvas, scale, story, bottom)
    told = f"{len(timeline.activity)} clients and {len(timeline.by_fault())} faults over the whole run, to scale."
    return canvas.svg(bottom + _AXIS_H, "overview", "The whole run", told)


def left_out(timeline: Timeline) -> str:
    """What is too much for the picture, in one sentence; empty when all is drawn."""
    faults = timeline.by_fault()
    parts = [
        (len(timeline.activity) - _MOST_CLIENTS, "clients"),
        (len(faults) - _MOST_FAULTS, "faults"),
        (sum(max(0, len(spans) - _MOST_BARS) for spans in list(faults.values())[:_MOST_FAULTS]), "occurrences"),
    ]
    told = [f"{n:,} more {what}" for n, what in parts if n > 0]
    return f"Not drawn: {', '.join(told)}." if told else ""


def _name(canvas: Canvas, name: str, base: float, height: float, class_: str) -> None:
    layout = canvas.layout
    if layout.beside:
        canvas.text(layout.left - 10, base - 4, cut(name, 22), class_, "end")
    else:
        canvas.text(layout.left, base - height - 4, cut(name, 48), class_)


def _skyline(canvas: Canvas, node: str, bins: list[int], base: float) -> None:
    layout, most = canvas.layout, max(bins) or 1
    width = layout.inner / len(bins)
    _name(canvas, node, base, _SKY_H, "lane strong")
    path = "".join(
        f"M{layout.left + i * width:.1f} {base}v{-max(2.0, (_SKY_H - 2) * n / most):.1f}h{width * 0.8:.1f}V{base}z"
        for i, n in enumerate(bins)
        if n
    )
    canvas.add('<path d="{}" class="sky"><title>{}</title></path>', path, f"{node}: {sum(bins):,} changes")


def _bars(canvas: Canvas, scale: Scale, name: str, spans: list[Span], base: float) -> None:
    _name(canvas, _title(name, spans), base, _BAR_H, "lane")
    free_from = 0.0
    for span in _most(spans):
        left, right = scale.x(span.begin_ns), scale.x(span.end_ns)
        width = max(3.0, right - left)
        canvas.add(
            '<rect x="{}" y="{}" width="{}" height="{}" class="band{}" data-begin-ns="{}" data-end-ns="{}">'
            "<title>{}</title></rect>",
            left,
            round(base - _BAR_H, 1),
            round(width, 1),
            _BAR_H,
            "" if span.exercised else " inert",
            span.begin_ns - scale.begin_ns,
            span.end_ns - scale.begin_ns,
            f"{span.action}: {span.did or 'never healed'}",
        )
        label = span.action if span.exercised else f"{span.action}, met nothing"
        if len(label) * CHAR < width - 8:
            canvas.text(left + 5, base - 4, label, "small")
        elif free_from <= right + 4 and right + 6 + len(label) * CHAR < canvas.layout.width and len(spans) == 1:
            canvas.text(right + 5, base - 4, label, "small")
        free_from = right


def _title(name: str, spans: list[Span]) -> str:
    """The fault's own name without its action, which stands in the bar."""
    action = spans[0].action
    return name.removeprefix(action).strip() or name


def _most(spans: list[Span]) -> Iterable[Span]:
    return spans[:_MOST_BARS]


def _frame(canvas: Canvas, scale: Scale, story: Story, bottom: float) -> None:
    for begin_ns, end_ns in story.stretches:
        left, right = scale.x(begin_ns), scale.x(end_ns)
        middle, width = (left + right) / 2, max(6.0, right - left)
        canvas.add(
            '<rect x="{}" y="4" width="{}" height="{}" rx="3" class="frame"><title>the close-up</title></rect>',
            round(middle - width / 2, 1),
            round(width, 1),
            round(bottom - 4, 1),
        )
