"""What stands on the lanes of a close-up: messages as arrows, the numbered steps, and small ticks for what befell.

A number is never hidden; a label is written where it hides nothing, or not at all: its arrow or tick says it, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from harness.report.drawing.breaks import Broken
from harness.report.drawing.canvas import CHAR, Canvas, cut
from harness.report.findings.causes import Befell
from harness.report.findings.states import State
from harness.report.findings.steps import Mark
from harness.report.findings.story import Story
from harness.report.told.timeline import Flight, Lane, Span

RADIUS = 9.5
TIPS = ("tip", "tip-again", "tip-late")
_MOVES = [
    (dx, dy) for step in range(14) for dx in ((20 * step, -20 * step) if step else (0,)) for dy in (0, -20, 20, -40)
]
STATE_H = 15
_MOST_OF_STATE = 56  # letters
_ALONG = (0.5, 0.34, 0.66, 0.2, 0.8)  # places of an arrow's label


@dataclass(frozen=True)
class Row:
    """A lane and its place: from `top` down, a node's line `above` below that; with the faults that lie on it.
    `states`: room for what the node holds, below its times."""

    lane: Lane
    top: float
    height: float
    above: float = 0.0
    spans: list[Span] = field(default_factory=list)
    states: int = 0

    @property
    def middle(self) -> float:
        return self.top + (self.height / 2 if self.lane.is_link else self.above)


@dataclass(frozen=True)
class _Arrow:
    flight: Flight
    x1: float
    y1: float
    x2: float
    y2: float

    def at(self, share: float) -> tuple[float, float]:
        return self.x1 + (self.x2 - self.x1) * share, self.y1 + (self.y2 - self.y1) * share


def draw(
    canvas: Canvas,
    scale: Broken,
    origin_ns: int,
    story: Story,
    rows: list[Row],
    linked: set[int],
    states: dict[int, State],
) -> None:
    places = {row.lane.name: row.middle for row in rows if not row.lane.is_link}
    arrows = [a for flight in story.flights if (a := _arrow(scale, flight, places)) is not None]
    for arrow in arrows:
        _line(canvas, arrow)
    _strokes(canvas, scale, origin_ns, story, places)
    below = len(canvas.parts)  # what leads to a label is painted below the numbers
    _marks(canvas, scale, origin_ns, story.marks, places, linked)
    _states(canvas, scale, story.marks, places, states)
    _ticks(canvas, scale, story, rows, below)
    for arrow in sorted(arrows, key=lambda a: (not a.flight.fate, a.flight.sent_ns)):
        _label(canvas, arrow)


# ---- messages -------------------------------------------------------------------------------------------------------


def _arrow(scale: Broken, flight: Flight, places: dict[str, float]) -> _Arrow | None:
    source, target = flight.ends
    if source not in places or target not in places:
        return None
    left, begin, end = scale.x(flight.sent_ns), places[source], places[target]
    if flight.arrived_ns is None:
        return _Arrow(flight, left, begin, left + 6, (begin + end) / 2)
    return _Arrow(flight, left, begin, scale.x(flight.arrived_ns), end)


def _line(canvas: Canvas, arrow: _Arrow) -> None:
    flight = arrow.flight
    took = "lost" if flight.arrived_ns is None else f"{(flight.arrived_ns - flight.sent_ns) / 1e6:.1f} ms"
    told = f"{flight.label}: {took} over {flight.link}{f' ({flight.fate})' if flight.fate else ''}"
    class_, tip = _kind(flight)
    tip = f' marker-end="url(#{tip})"' if flight.arrived_ns is not None else ""
    canvas.add(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"' + tip + "><title>{}</title></line>",
        *(round(v, 1) for v in (arrow.x1, arrow.y1, arrow.x2, arrow.y2)),
        class_,
        told,
    )
    if flight.arrived_ns is None:
        canvas.text(arrow.x2, arrow.y2 + 5, "×", "cross", "middle")


def _kind(flight: Flight) -> tuple[str, str]:
    if flight.arrived_ns is None:
        return "flight lost", ""
    if flight.again:
        return "flight again", "tip-again"
    return ("flight late", "tip-late") if flight.fate else ("flight", "tip")


def _label(canvas: Canvas, arrow: _Arrow) -> None:
    flight = arrow.flight
    text = f"{flight.label}{f', {flight.fate}' if flight.fate else ''}"
    class_ = f"small {_kind(flight)[0].removeprefix('flight').strip()}".strip()
    shares = (1.0, 0.6) if flight.arrived_ns is None else _ALONG
    for share in shares:
        x, y = arrow.at(share)
        if canvas.label(x + (12 if flight.arrived_ns is None else 7), y + 4, text, class_):
            return


# ---- steps ----------------------------------------------------------------------------------------------------------


def _marks(
    canvas: Canvas, scale: Broken, origin_ns: int, marks: list[Mark], places: dict[str, float], linked: set[int]
) -> None:
    """Circles on the lanes, with their times; those that would hide each other are raised and lowered in turn."""
    below = len(canvas.parts)
    for mark in sorted(marks, key=lambda m: (m.time_ns or 0, m.number)):
        if mark.time_ns is None or mark.node not in places:
            continue
        x, middle = scale.x(mark.time_ns), places[mark.node]
        dx, dy = next((m for m in _MOVES if _is_free(canvas, x + m[0], middle + m[1])), (0, 0))
        if dx or dy:
            stem = Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="stem"/>')
            canvas.parts.insert(below, stem.format(x, round(middle, 1), round(x + dx, 1), round(middle + dy, 1)))
        _circle(canvas, x + dx, middle + dy, mark, mark.time_ns - origin_ns, linked)
        time = f"{(mark.time_ns - origin_ns) / 1e9:.3f} s"
        half = len(time) * CHAR / 2
        left = min(max(x - half, 2), canvas.layout.width - 2 * half - 2)
        canvas.label(left, middle + RADIUS + 13, time, "tick")


def _states(
    canvas: Canvas, scale: Broken, marks: list[Mark], places: dict[str, float], states: dict[int, State]
) -> None:
    """What a node holds after a step, below its time; where there is no room for all, of the last ones."""
    for mark in sorted(marks, key=lambda m: (m.time_ns or 0, m.number), reverse=True):
        state = states.get(mark.op.index) if mark.op is not None else None
        if state is None or mark.time_ns is None or mark.node not in places:
            continue
        text = cut(state.after.replace("revision ", "r"), _MOST_OF_STATE)
        x, half = scale.x(mark.time_ns), len(text) * CHAR / 2
        left = min(max(x - half, 2), canvas.layout.width - 2 * half - 4)
        canvas.label(left, places[mark.node] + RADIUS + 13 + STATE_H, text, "small state")


def _is_free(canvas: Canvas, x: float, y: float) -> bool:
    return RADIUS < x < canvas.layout.width - RADIUS and canvas.is_free(_box(x, y))


def _box(x: float, y: float) -> tuple[float, float, float, float]:
    return (x - RADIUS, y - RADIUS + 1, x + RADIUS, y + RADIUS - 1)


def _circle(canvas: Canvas, x: float, y: float, mark: Mark, since_ns: int, linked: set[int]) -> None:
    canvas.taken.append(_box(x, y))
    leads = mark.op is not None and mark.op.index in linked
    index = mark.op.index if mark.op is not None else None
    opening = Markup('<a href="#op-{}" data-op="{}">').format(index, index) if leads else Markup("")
    shape = Markup(
        '<g class="mark" data-step="{}" data-ns="{}"><circle cx="{}" cy="{}" r="{}"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text><title>{}</title></g>'
    ).format(
        mark.number,
        since_ns,
        *(round(x, 1), round(y, 1), RADIUS),
        *(round(x, 1), round(y + 4, 1)),
        mark.number,
        mark.what,
    )
    canvas.parts.append(opening + shape + (Markup("</a>") if leads else Markup("")))


# ---- what befell ----------------------------------------------------------------------------------------------------


def _strokes(canvas: Canvas, scale: Broken, origin_ns: int, story: Story, places: dict[str, float]) -> None:
    """Short strokes across the lane."""
    for each in story.befell:
        if each.node in places:
            x, middle = scale.x(each.time_ns), places[each.node]
            canvas.add(
                '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}" data-op="{}"><title>{}</title></line>',
                *(x, round(middle - 7, 1), x, round(middle + 5, 1)),
                _class(each),
                each.op.index,
                f"{(each.time_ns - origin_ns) / 1e9:.3f} s: {each.told}",
            )


def _class(each: Befell) -> str:
    return "befell weighty" if each.weight <= 1 else "befell"


def _ticks(canvas: Canvas, scale: Broken, story: Story, rows: list[Row], below: int) -> None:
    """Their labels: above the lane, as low as they hide nothing."""
    by_node = {row.lane.name: row for row in rows if not row.lane.is_link}
    for each in sorted(story.befell, key=lambda e: (e.weight, e.time_ns)):
        if (row := by_node.get(each.node)) is not None:
            _tick_label(canvas, scale.x(each.time_ns), row, each, below)


def _tick_label(canvas: Canvas, x: float, row: Row, each: Befell, below: int) -> None:
    name = 14 if not canvas.layout.beside else 0
    y = row.middle - 11
    while y >= row.top + name + 9:
        if canvas.label(x + 2, y, each.short, f"small {_class(each)}"):
            if y < row.middle - 12:
                lead = Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="lead"/>')
                canvas.parts.insert(below, lead.format(x, round(row.middle - 7, 1), x, round(y + 2, 1)))
            return
        y -= 12
