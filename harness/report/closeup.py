"""The picture of one failure: a lane per node and link, the faults on them, the operations that prove it (numbered as
in the text) and the messages that carried it. To scale."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from harness.report.canvas import CHAR, Canvas, Layout, Scale, axis, cut
from harness.report.timeline import Flight, Lane, Mark, Span, Story, Timeline

_MOST_LANES = 24
_MOST_BANDS = 6  # on one lane
_NODE_H, _LINK_H, _BAND_H, _AXIS_H = 62, 44, 17, 30
_RADIUS = 9.5


@dataclass(frozen=True)
class _Row:
    """A lane and its place: from `top` down, with the faults that lie on it."""

    lane: Lane
    top: float
    height: float
    spans: list[Span] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


def draw(timeline: Timeline, story: Story, layout: Layout) -> Markup:
    scale = Scale(layout, story.begin_ns, story.end_ns)
    rows = _rows(timeline, story, layout)
    bottom = rows[-1].top + rows[-1].height if rows else 20.0
    canvas = Canvas(layout)
    axis(canvas, scale, timeline.origin_ns, 8, bottom)
    for row in rows:
        _bands(canvas, scale, row)
        _lane(canvas, row)
    labels = [label for flight in story.flights if (label := _flight(canvas, scale, flight, rows))]
    _marks(canvas, scale, timeline.origin_ns, story.marks, rows)
    _wire(canvas, story.marks, labels)
    for x, y, flight in labels:
        if flight.again:
            canvas.label(x + 14, y + 4, "second delivery", "small again")
        elif flight.arrived_ns is None:
            canvas.label(x + 10, y + 4, "lost", "small again")
        else:
            canvas.label(x + 8, y + 4, flight.label, "small")
    return canvas.svg(bottom + _AXIS_H, "closeup", "The failure, to scale", _described(story, rows))


def _described(story: Story, rows: list[_Row]) -> str:
    """For those who hear the page."""
    lanes = ", ".join(r.lane.name for r in rows if not r.lane.is_link)
    steps = " ".join(f"{m.number}: {m.what}." for m in story.marks)
    return f"Lanes: {lanes}. {len(story.flights)} messages. {steps}"


def left_out(timeline: Timeline, story: Story) -> str:
    """What is too much for the picture, in one sentence; empty when all is drawn."""
    crowded = len(_touched(timeline.lanes, story)) - _MOST_LANES
    parts = [(story.more_flights, "messages"), (story.more_marks, "operations"), (crowded, "lanes")]
    told = [f"{n:,} more {what}" for n, what in parts if n > 0]
    return f"Not drawn: {', '.join(told)}." if told else ""


# ---- lanes ----------------------------------------------------------------------------------------------------------


def _rows(timeline: Timeline, story: Story, layout: Layout) -> list[_Row]:
    found, y = [], 14.0
    for lane in _touched(timeline.lanes, story)[:_MOST_LANES]:
        spans = [s for s in timeline.spans if _meets(s, story) and _lies_on(s, lane)][:_MOST_BANDS]
        room = len(spans) * _BAND_H + (4 if layout.beside else 22)
        height = max(_LINK_H if lane.is_link else _NODE_H, room if lane.is_link else room + 2 * _RADIUS + 34)
        found.append(_Row(lane, y, height, spans))
        y += height
    return found


def _touched(lanes: list[Lane], story: Story) -> list[Lane]:
    """Lanes of the story's nodes and messages, and whatever lies between the first and the last of them."""
    nodes = {m.node for m in story.marks}
    ends = {tuple(f.link.split("->")) for f in story.flights} | {tuple(f.link.split("->")[::-1]) for f in story.flights}
    touched = [i for i, lane in enumerate(lanes) if lane.name in nodes or lane.ends in ends]
    if not touched:
        return lanes
    clients = {node for end in ends for node in end} | nodes
    between = lanes[touched[0] : touched[-1] + 1]
    return [lane for lane in between if lane.name in clients or set(lane.ends) & nodes or lane.ends in ends]


def _meets(span: Span, story: Story) -> bool:
    return span.begin_ns <= story.end_ns and span.end_ns >= story.begin_ns


def _lies_on(span: Span, lane: Lane) -> bool:
    ways = {end for d in span.directions for end in (tuple(d.split("->")), tuple(d.split("->")[::-1]))}
    return lane.ends in ways or (not lane.is_link and lane.name in span.nodes)


def _lane(canvas: Canvas, row: _Row) -> None:
    layout, name = canvas.layout, row.lane.name
    if not row.lane.is_link:
        canvas.line(layout.left, row.middle, layout.width - layout.right, row.middle, "node")
    if layout.beside:
        class_ = "lane" if row.lane.is_link else "lane strong"
        canvas.text(layout.left - 10, row.middle + 4, cut(name, 20), class_, "end")
    elif not row.lane.is_link:
        canvas.label(layout.left - 6, row.middle - 14, cut(name, 40), "lane strong", must=True)


def _bands(canvas: Canvas, scale: Scale, row: _Row) -> None:
    """One bar under another, so that faults at the same time hide neither each other nor their names."""
    beside_line = 0.0 if row.lane.is_link else row.height / 2 + _RADIUS + 14
    free = row.height - len(row.spans) * _BAND_H
    top = row.top + (free / 2 if row.lane.is_link else beside_line)
    for number, span in enumerate(row.spans):
        left, right = scale.x(span.begin_ns), scale.x(span.end_ns)
        y = top + number * _BAND_H
        canvas.add(
            '<rect x="{}" y="{}" width="{}" height="{}" class="band{}"><title>{}</title></rect>',
            left,
            round(y, 1),
            round(max(3.0, right - left), 1),
            _BAND_H - 2,
            "" if span.exercised else " inert",
            f"{span.action} ({span.name}): {span.did or 'never healed'}",
        )
        shown = span.action if span.exercised else f"{span.action}, met nothing"
        room = canvas.layout.width - len(shown) * CHAR - 4
        canvas.label(min(left + 5, room), y + 11, shown, "small fault", must=True)


# ---- operations and messages ----------------------------------------------------------------------------------------


def _marks(canvas: Canvas, scale: Scale, origin_ns: int, marks: list[Mark], rows: list[_Row]) -> None:
    """Circles on the lanes, with their times; those that would hide each other are raised and lowered in turn."""
    places = {row.lane.name: row for row in rows}
    for mark in sorted(marks, key=lambda m: (m.time_ns or 0, m.number)):
        if mark.time_ns is None or mark.node not in places:
            continue
        x, middle = scale.x(mark.time_ns), places[mark.node].middle
        y = next((middle + dy for dy in (0, -20, 20, -40, 40) if canvas.is_free(_box(x, middle + dy))), middle)
        if y != middle:
            canvas.line(x, middle, x, y, "stem")
        _circle(canvas, x, y, mark, mark.time_ns - origin_ns)
        time = f"{(mark.time_ns - origin_ns) / 1e9:.3f} s"
        below = middle + _RADIUS + 13
        canvas.label(max(x, 2) - len(time) * CHAR / 2 if x < canvas.layout.width - 40 else x, below, time, "tick")


def _box(x: float, y: float) -> tuple[float, float, float, float]:
    return (x - _RADIUS, y - _RADIUS + 1, x + _RADIUS, y + _RADIUS - 1)


def _circle(canvas: Canvas, x: float, y: float, mark: Mark, since_ns: int | None) -> None:
    canvas.taken.append(_box(x, y))
    canvas.add(
        '<g class="mark" data-step="{}" data-ns="{}"><circle cx="{}" cy="{}" r="{}"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text><title>{}</title></g>',
        mark.number,
        "" if since_ns is None else since_ns,
        round(x, 1),
        round(y, 1),
        _RADIUS,
        round(x, 1),
        round(y + 4, 1),
        mark.number,
        mark.what,
    )


def _flight(canvas: Canvas, scale: Scale, flight: Flight, rows: list[_Row]) -> tuple[float, float, Flight] | None:
    """Draw a message; the place of its label."""
    source, _, target = flight.link.partition("->")
    at = next((i for i, r in enumerate(rows) if r.lane.ends in ((source, target), (target, source))), None)
    if at is None:
        return None
    row, places = rows[at], {r.lane.name: r.middle for r in rows}
    downwards = (source == row.lane.ends[0]) == row.lane.client_above
    edges = (row.top, row.top + row.height) if downwards else (row.top + row.height, row.top)
    begin, end = places.get(source, edges[0]), places.get(target, edges[1])
    left, middle = scale.x(flight.sent_ns), row.middle
    if flight.arrived_ns is None:
        canvas.line(left, begin, left, middle, "flight lost")
        canvas.text(left, middle + 5, "×", "cross", "middle")
        return left, middle, flight
    right = scale.x(flight.arrived_ns)
    again = flight.again
    canvas.add(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}" marker-end="url(#{})"><title>{}</title></line>',
        left,
        round(begin, 1),
        right,
        round(end, 1),
        "flight again" if again else "flight",
        "tip-again" if again else "tip",
        f"{flight.label}: {(flight.arrived_ns - flight.sent_ns) / 1e6:.1f} ms over {flight.link}",
    )
    return left + (right - left) * (middle - begin) / ((end - begin) or 1.0), middle, flight


def _wire(canvas: Canvas, marks: list[Mark], labels: list[tuple[float, float, Flight]]) -> None:
    """A step that no node recorded stands on the message that it tells of: one that came again, or one lost."""
    odd = [label for label in labels if label[2].again or label[2].arrived_ns is None]
    for mark, (x, y, _) in zip((m for m in marks if m.time_ns is None), odd, strict=False):
        _circle(canvas, x, y, mark, None)


DEFINITIONS = Markup(
    '<svg width="0" height="0" aria-hidden="true" class="defs"><defs>'
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" class="tip"/></marker>'
    '<marker id="tip-again" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" class="tip-again"/></marker></defs></svg>'
)
