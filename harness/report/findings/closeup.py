"""The picture of one finding: a lane for every node and link that takes part, the faults on them, the bound that was
broken; on them `closeup_marks` puts the steps (numbered as in the text), what befell, and the messages. To scale.
"""

from __future__ import annotations

from markupsafe import Markup

from harness.report.drawing import breaks
from harness.report.drawing.breaks import Broken
from harness.report.drawing.canvas import CHAR, Canvas, Layout, cut
from harness.report.findings import closeup_marks
from harness.report.findings.closeup_marks import RADIUS, STATE_H, Row
from harness.report.findings.states import State
from harness.report.findings.story import Limit, Story
from harness.report.told.timeline import Lane, Span, Timeline

_MOST_LANES = 24
_MOST_BANDS = 6  # on one lane
_LINK_H, _BAND_H, _AXIS_H, _LIMIT_H, _LABEL_H = 52, 17, 30, 30, 13
_TOP = 14.0


def draw(
    timeline: Timeline,
    story: Story,
    layout: Layout,
    linked: set[int],
    name: str = "closeup",
    states: dict[int, State] | None = None,
) -> Markup:
    """`linked`: ops that a step may lead to; `name`: of this picture, as no other of the page has it; `states`: by the
    index of a step's op, what its node held before and after."""
    held = states or {}
    scale = breaks.broken(layout, story.stretches)
    rows = _rows(timeline, story, layout, {m.node for m in story.marks if m.op is not None and m.op.index in held})
    bottom = rows[-1].top + rows[-1].height if rows else 20.0
    canvas = Canvas(layout)
    breaks.axis(canvas, scale, timeline.origin_ns, 8, bottom)
    breaks.signs(canvas, scale, 8, bottom)
    for row in rows:
        _bands(canvas, scale, row)
        _lane(canvas, scale, row)
        if story.limit is not None and row.lane.name == story.limit.node:
            _limit(canvas, scale, row, story.limit)
    closeup_marks.draw(canvas, scale, timeline.origin_ns, story, rows, linked, held)
    return canvas.svg(bottom + _AXIS_H, name, "The finding, to scale", _described(story, rows))


def _described(story: Story, rows: list[Row]) -> str:
    """For those who hear the page."""
    lanes = ", ".join(r.lane.name for r in rows if not r.lane.is_link)
    steps = " ".join(f"{m.number}: {m.what}." for m in story.marks)
    bound = f" {story.limit.told}." if story.limit is not None else ""
    return f"Lanes: {lanes}. {len(story.flights)} messages. {steps}{bound}"


def left_out(timeline: Timeline, story: Story) -> str:
    """What is too much for the picture, in one sentence; empty when all is drawn."""
    crowded = len(_touched(timeline, story)) - _MOST_LANES
    parts = [(story.more_flights, "messages"), (story.more_marks, "operations"), (crowded, "lanes")]
    told = [f"{n:,} more {what}" for n, what in parts if n > 0]
    return f"Not drawn: {', '.join(told)}." if told else ""


# ---- lanes ----------------------------------------------------------------------------------------------------------


def _rows(timeline: Timeline, story: Story, layout: Layout, stateful: set[str]) -> list[Row]:
    """`stateful`: nodes of which a state is told."""
    found, y = [], _TOP
    for lane in _touched(timeline, story)[:_MOST_LANES]:
        spans = [s for s in timeline.spans if _meets(s, story) and _lies_on(s, lane)][:_MOST_BANDS]
        state = STATE_H if lane.name in stateful else 0
        above = 0 if lane.is_link else _above(story, lane, layout)
        room = len(spans) * _BAND_H
        if lane.is_link:
            height = max(_LINK_H, room + (12 if layout.beside else 26))
        else:
            bound = _LIMIT_H if story.limit is not None and story.limit.node == lane.name else 0
            height = round(above + RADIUS + 24 + state + room + bound)
        found.append(Row(lane, y, height, float(above), spans, state))
        y += height
    return found


def _above(story: Story, lane: Lane, layout: Layout) -> int:
    """Room above a node's line, for the labels of what befell it; on a narrow picture also for its name."""
    labels = sum(each.node == lane.name for each in story.befell)
    levels = min(labels, 3 if layout.beside else 5) if labels < 6 else (4 if layout.beside else 6)
    return round(RADIUS) + 8 + levels * _LABEL_H + (0 if layout.beside else 14)


def _touched(timeline: Timeline, story: Story) -> list[Lane]:
    """Those who take part, and the links between them that carry a message or a fault. An arrow has both its ends."""
    ways = {flight.ends for flight in story.flights}
    links = [
        lane
        for lane in timeline.lanes
        if lane.is_link and (_carries(lane, ways) or (lane.ends[0] in story.nodes and _faulted(timeline, story, lane)))
    ]
    nodes = story.nodes | {end for lane in links for end in lane.ends}
    found = [lane for lane in timeline.lanes if lane in links or (not lane.is_link and lane.name in nodes)]
    return found or [lane for lane in timeline.lanes if not lane.is_link]


def _carries(lane: Lane, ways: set[tuple[str, str]]) -> bool:
    return lane.ends in ways or lane.ends[::-1] in ways


def _faulted(timeline: Timeline, story: Story, lane: Lane) -> bool:
    return any(_meets(span, story) and _lies_on(span, lane) for span in timeline.spans)


def _meets(span: Span, story: Story) -> bool:
    return any(span.begin_ns <= end_ns and span.end_ns >= begin_ns for begin_ns, end_ns in story.stretches)


def _lies_on(span: Span, lane: Lane) -> bool:
    ways = {end for d in span.directions for end in (tuple(d.split("->")), tuple(d.split("->")[::-1]))}
    return lane.ends in ways or (not lane.is_link and lane.name in span.nodes)


def _lane(canvas: Canvas, scale: Broken, row: Row) -> None:
    layout, name = canvas.layout, row.lane.name
    if not row.lane.is_link:
        for each in scale.stretches:
            canvas.line(each.left, row.middle, each.right, row.middle, "node")
        for before, after in scale.gaps:
            canvas.line(before.right, row.middle, after.left, row.middle, "node away")
    if layout.beside:
        class_ = "lane" if row.lane.is_link else "lane strong"
        canvas.text(layout.left - 10, row.middle + 4, cut(name, 20), class_, "end")
        canvas.taken.append((2, row.middle - 8, layout.left - 4, row.middle + 8))
    elif not row.lane.is_link:
        canvas.label(layout.left - 6, row.top + 13, cut(name, 40), "lane strong", must=True)


def _bands(canvas: Canvas, scale: Broken, row: Row) -> None:
    """One bar under another, so that faults at the same time hide neither each other nor their names."""
    free = row.height - len(row.spans) * _BAND_H
    top = row.top + free / 2 if row.lane.is_link else row.middle + RADIUS + 16 + row.states
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
        at = scale.shown_from(span.begin_ns) + 5
        room = canvas.layout.width - len(shown) * CHAR - 4
        canvas.label(min(at, room), y + 11, shown, "small fault", must=True)


def _limit(canvas: Canvas, scale: Broken, row: Row, limit: Limit) -> None:
    """What was allowed, and what it took: one bar behind the other, below the lane of whoever had to keep to it."""
    y = row.top + row.height - _LIMIT_H + 2
    due_ns = limit.from_ns + limit.allowed_ns
    until_ns = limit.until_ns if limit.until_ns is not None else max(due_ns, limit.end_ns)
    left, due, until = scale.x(limit.from_ns), scale.x(due_ns), scale.x(until_ns)
    _bar(canvas, left, due, y, "allowed")
    if until_ns > due_ns:
        _bar(canvas, due, until, y, "over")
    else:
        _bar(canvas, until, due, y, "over")
    canvas.line(due, row.middle, due, y + 9, "due")
    room = canvas.layout.width - len(limit.told) * CHAR - 4
    canvas.label(max(2.0, min(left, room)), y + 21, limit.told, "small bound", must=True)


def _bar(canvas: Canvas, left: float, right: float, y: float, class_: str) -> None:
    width = max(2.0, right - left)
    canvas.add(
        '<rect x="{}" y="{}" width="{}" height="8" class="{}"/>', round(left, 1), round(y, 1), round(width, 1), class_
    )


DEFINITIONS = Markup('<svg width="0" height="0" aria-hidden="true" class="defs"><defs>{}</defs></svg>').format(
    Markup("").join(
        Markup(
            '<marker id="{0}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" class="{0}"/></marker>'
        ).format(name)
        for name in closeup_marks.TIPS
    )
)
