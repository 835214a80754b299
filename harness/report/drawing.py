"""The timeline as SVG: to scale, in the page's own colours (CSS variables), readable without scripts.

Two pictures: `overview` shows the whole run, `closeup` the stretch in which a failure lies, with every operation that
proves it (numbered as in the text) and every message that carried it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from harness.report.timeline import Flight, Lane, Mark, Span, Story, Timeline

_WIDTH = 1000
_LEFT = 150  # the lanes' names
_RIGHT = 14
_NODE_H, _LINK_H, _STRIP_H, _AXIS_H = 58, 46, 26, 30
_CHAR = 6.4  # mean width of a letter at 11 px
_TICKS = 8


@dataclass(frozen=True)
class _Scale:
    """Nanoseconds of the run → horizontal units of the picture."""

    begin_ns: int
    end_ns: int

    def x(self, time_ns: int) -> float:
        inner = _WIDTH - _LEFT - _RIGHT
        at = (time_ns - self.begin_ns) / max(1, self.end_ns - self.begin_ns)
        return round(_LEFT + inner * min(1.0, max(0.0, at)), 1)

    def holds(self, time_ns: int) -> bool:
        return self.begin_ns <= time_ns <= self.end_ns


@dataclass
class _Canvas:
    parts: list[Markup] = field(default_factory=list)

    def add(self, template: str, *values: object) -> None:
        self.parts.append(Markup(template).format(*values))

    def text(self, x: float, y: float, text: str, class_: str = "", anchor: str = "start") -> None:
        self.add('<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>', x, y, class_, anchor, text)

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str) -> None:
        self.add('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>', x1, y1, x2, y2, class_)

    def svg(self, height: float, label: str) -> Markup:
        head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(_WIDTH, round(height), label)
        return head + Markup("").join(self.parts) + Markup("</svg>")


# ---- the whole run --------------------------------------------------------------------------------------------------


def overview(timeline: Timeline, story: Story | None) -> Markup:
    """Faults as bars, activity of every client as a skyline, the close-up's stretch as a frame."""
    scale = _Scale(timeline.origin_ns, timeline.end_ns)
    canvas = _Canvas()
    names = list(dict.fromkeys(s.name for s in timeline.spans))
    rows = len(timeline.activity) + len(names)
    height = rows * _STRIP_H + _AXIS_H + 14
    _axis(canvas, scale, timeline.origin_ns, 8, height - _AXIS_H)
    y = 10.0
    for node, bins in timeline.activity.items():
        _skyline(canvas, node, bins, y)
        y += _STRIP_H
    for name in names:
        _bars(canvas, scale, name, [s for s in timeline.spans if s.name == name], y)
        y += _STRIP_H
    if story is not None and story.drawable:
        _frame(canvas, scale, story, height - _AXIS_H)
    return canvas.svg(height, "The whole run: activity of the clients, and faults")


def _skyline(canvas: _Canvas, node: str, bins: list[int], y: float) -> None:
    base, room = y + _STRIP_H - 5, _STRIP_H - 8
    most = max(bins) or 1
    width = (_WIDTH - _LEFT - _RIGHT) / len(bins)
    canvas.text(_LEFT - 10, base - 4, _cut(node, 20), "lane", "end")
    path = "".join(
        f"M{_LEFT + i * width:.1f} {base}v{-max(2.0, room * n / most):.1f}h{width * 0.8:.1f}V{base}z"
        for i, n in enumerate(bins)
        if n
    )
    canvas.add('<path d="{}" class="sky"><title>{}</title></path>', path, f"{node}: {sum(bins):,} changes")


def _bars(canvas: _Canvas, scale: _Scale, name: str, spans: Iterable[Span], y: float) -> None:
    canvas.text(_LEFT - 10, y + _STRIP_H - 9, _cut(name, 20), "lane fault", "end")
    for span in spans:
        left, right = scale.x(span.begin_ns), scale.x(span.end_ns)
        width = max(3.0, right - left)
        class_ = "band" if span.exercised else "band inert"
        canvas.add(
            '<rect x="{}" y="{}" width="{}" height="{}" class="{}"><title>{}</title></rect>',
            left,
            y + 4,
            round(width, 1),
            _STRIP_H - 8,
            class_,
            f"{span.action}: {span.did}",
        )
        label = f"{span.action} · {', '.join(span.directions or span.nodes)}"
        if len(label) * _CHAR < width - 8:
            canvas.text(left + 5, y + _STRIP_H - 9, label, "small")


def _frame(canvas: _Canvas, scale: _Scale, story: Story, bottom: float) -> None:
    left, right = scale.x(story.begin_ns), scale.x(story.end_ns)
    width = max(4.0, right - left)
    canvas.add(
        '<rect x="{}" y="4" width="{}" height="{}" rx="3" class="frame"><title>the close-up</title></rect>',
        round(left - max(0.0, (4 - (right - left)) / 2), 1),
        round(width, 1),
        round(bottom - 4, 1),
    )


# ---- the close-up ---------------------------------------------------------------------------------------------------


def closeup(timeline: Timeline, story: Story) -> Markup:
    """Every lane that the story touches, over the stretch of time in which it lies."""
    scale = _Scale(story.begin_ns, story.end_ns)
    lanes = _touched(timeline.lanes, story)
    tops, height = _stack(lanes)
    canvas = _Canvas()
    _axis(canvas, scale, timeline.origin_ns, 8, height)
    for span in timeline.spans:
        _fault_on_lanes(canvas, scale, span, lanes, tops)
    for lane in lanes:
        _lane(canvas, lane, tops[lane.name])
    for flight in story.flights:
        _flight(canvas, scale, flight, lanes, tops)
    _numbered(canvas, scale, story.marks, tops)
    return canvas.svg(height + _AXIS_H, "The operations and messages of the failure, to scale")


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


def _stack(lanes: list[Lane]) -> tuple[dict[str, float], float]:
    tops: dict[str, float] = {}
    y = 14.0
    for lane in lanes:
        tops[lane.name] = y
        y += _LINK_H if lane.is_link else _NODE_H
    return tops, y


def _lane(canvas: _Canvas, lane: Lane, top: float) -> None:
    if lane.is_link:
        canvas.text(_LEFT - 10, top + _LINK_H / 2 + 4, _cut(lane.name, 22), "lane link", "end")
        return
    middle = top + _NODE_H / 2
    canvas.line(_LEFT, middle, _WIDTH - _RIGHT, middle, "node")
    canvas.text(_LEFT - 10, middle + 4, _cut(lane.name, 20), "lane strong", "end")


def _fault_on_lanes(canvas: _Canvas, scale: _Scale, span: Span, lanes: list[Lane], tops: dict[str, float]) -> None:
    if span.end_ns < scale.begin_ns or span.begin_ns > scale.end_ns:
        return
    left, right = scale.x(span.begin_ns), scale.x(span.end_ns)
    ways = {end for d in span.directions for end in (tuple(d.split("->")), tuple(d.split("->")[::-1]))}
    for lane in lanes:
        if not (lane.ends in ways or lane.name in span.nodes):
            continue
        top, height = tops[lane.name], _LINK_H if lane.is_link else _NODE_H
        canvas.add(
            '<rect x="{}" y="{}" width="{}" height="{}" class="band"/>',
            left,
            top,
            round(max(2.0, right - left), 1),
            height,
        )
        canvas.text(left + 5, top + 12, f"{span.action} ({span.name})", "small fault")


def _flight(canvas: _Canvas, scale: _Scale, flight: Flight, lanes: list[Lane], tops: dict[str, float]) -> None:
    source, _, target = flight.link.partition("->")
    lane = next((lane for lane in lanes if lane.ends in ((source, target), (target, source))), None)
    if lane is None:
        return
    downwards = (source == lane.ends[0]) == lane.client_above
    # from the middle of the node above to the middle of the node below, so that a message joins its two lanes
    top, bottom = tops[lane.name] - _NODE_H / 2, tops[lane.name] + _LINK_H + _NODE_H / 2
    begin, end = (top, bottom) if downwards else (bottom, top)
    left = scale.x(flight.sent_ns)
    if flight.arrived_ns is None:
        middle = (begin + end) / 2
        canvas.line(left, begin, left, middle, "flight lost")
        canvas.text(left, middle + 5, "×", "cross", "middle")
        return
    right = scale.x(flight.arrived_ns)
    class_ = "flight again" if flight.again else "flight"
    canvas.add(
        '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}" marker-end="url(#{})"><title>{}</title></line>',
        left,
        begin,
        right,
        end,
        class_,
        "tip-again" if flight.again else "tip",
        f"{flight.label}: {(flight.arrived_ns - flight.sent_ns) / 1e6:.1f} ms over {flight.link}",
    )
    if flight.again:
        canvas.text(right + 6, (begin + end) / 2 + 4, "second delivery", "small again")


def _numbered(canvas: _Canvas, scale: _Scale, marks: list[Mark], tops: dict[str, float]) -> None:
    """Circles on the lanes; those that would hide each other are raised and lowered in turn."""
    taken: dict[str, list[tuple[float, float]]] = {}
    for mark in sorted(marks, key=lambda m: (m.time_ns or 0, m.number)):
        if mark.time_ns is None or mark.node not in tops:
            continue
        x, middle = scale.x(mark.time_ns), tops[mark.node] + _NODE_H / 2
        at = taken.setdefault(mark.node, [])
        y = next((middle + dy for dy in (0, -20, 20, -40, 40) if _is_free(at, x, middle + dy)), middle)
        at.append((x, y))
        if y != middle:
            canvas.line(x, middle, x, y, "stem")
        canvas.add(
            '<g class="mark"><circle cx="{}" cy="{}" r="9.5"/><text x="{}" y="{}" text-anchor="middle">{}</text>'
            "<title>{}</title></g>",
            x,
            y,
            x,
            y + 4,
            mark.number,
            mark.what,
        )


def _is_free(taken: list[tuple[float, float]], x: float, y: float) -> bool:
    return all(abs(x - other_x) > 20 or abs(y - other_y) > 18 for other_x, other_y in taken)


# ---- shared ---------------------------------------------------------------------------------------------------------


def _axis(canvas: _Canvas, scale: _Scale, origin_ns: int, top: float, bottom: float) -> None:
    step_ns = _step((scale.end_ns - scale.begin_ns) / _TICKS)
    name = _unit(step_ns)
    first = -(-(scale.begin_ns - origin_ns) // step_ns) * step_ns
    for at_ns in range(first, scale.end_ns - origin_ns + 1, step_ns):
        x = scale.x(origin_ns + at_ns)
        canvas.line(x, top, x, bottom, "grid")
        canvas.text(x, bottom + 16, name(at_ns), "tick", "middle")


def _step(about_ns: float) -> int:
    """The nearest round number of nanoseconds that is not below `about_ns`: 1, 2 or 5 times a power of ten."""
    power = 1
    while power * 10 <= about_ns:
        power *= 10
    return next(power * n for n in (1, 2, 5, 10) if power * n >= about_ns)


def _unit(step_ns: int) -> Callable[[int], str]:
    digits = next((d for d in range(7) if step_ns >= 10 ** (9 - d)), 6)
    return lambda ns: f"{ns / 1e9:.{digits}f} s"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


DEFINITIONS = Markup(
    '<svg width="0" height="0" aria-hidden="true" class="defs"><defs>'
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" class="tip"/></marker>'
    '<marker id="tip-again" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" class="tip-again"/></marker></defs></svg>'
)
