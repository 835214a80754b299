"""The picture of linearizability, after Porcupine's: a lane a process, operations as bars from call to return, and an
order of them as a numbered path. In red who cannot follow. Beneath it the orders in words, step by step.

All is there without a script; with it (`sections/linear.js`) another order is drawn for the operation that is chosen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from markupsafe import Markup

from harness.report.drawing.canvas import CHAR, LAYOUTS, WIDE, Canvas, Layout, cut
from harness.report.drawing.section import data
from harness.report.linear import labels
from harness.report.linear.view import Bar, Path, View, many, points

STEPS = {"wide": 22, "narrow": 8}  # of an order, that are drawn
_BAR_H, _RADIUS = 15, 7.5
_LANE_H, _TITLE_H = 42, 16  # of a lane, and more where its name stands above it
_MOST_LETTERS = 200
_NAME = 16  # letters of a lane's

ViewOf = Callable[[int], View]  # of how many steps


def figure(view_of: ViewOf, id_: str) -> Markup:
    """The picture for both widths, its orders in words, and what the script reads."""
    views = {layout.name: view_of(STEPS[layout.name]) for layout in LAYOUTS}
    whole = views[WIDE.name]
    firsts = [path.before for path in whole.paths]
    places = {layout.name: _Place(views[layout.name], layout) for layout in LAYOUTS}
    drawn = [_draw(views[name], place, firsts, id_) for name, place in places.items()]
    told = {name: _geometry(views[name], place, firsts) for name, place in places.items()}
    return Markup(
        '<div class="linear" data-linear="{}"><figure class="chart">{}<figcaption>{}</figcaption></figure>'
        '<p class="note" data-says aria-live="polite"></p>{}{}</div>'
    ).format(id_, Markup("").join(drawn), _caption(whole), _orders(whole), data(id_, told))


def lead(view: View) -> str:
    """What was found, in two sentences."""
    if view.blamed is None:
        return f"Some order explains every answer: {_summary(view, view.paths[0], 0)}."
    blamed = view.bar(view.blamed)
    was = f"{view.subject} was then {_or(view.settled)}"
    others = dict.fromkeys(
        path.last for path in view.paths if path.stuck == view.blamed and path.last not in view.settled
    )
    was += f"; what was under way could have made it {_or(others)}." if others else "."
    if view.said:
        return f"{view.said} {_capital(was)}"
    return f"No order of the operations explains the answer of {blamed.told}. All before can be explained; {was}"


def _or(states: Iterable[str]) -> str:
    return " or ".join(cut(state, _MOST_LETTERS) for state in states)


# ---- in words -------------------------------------------------------------------------------------------------------


def _caption(view: View) -> str:
    path = "Numbers: the longest order" if view.blamed is not None else "Numbers: an order that explains all"
    red = "; red: the operation that cannot follow" if view.blamed is not None else ""
    maybe = "; dashed: it never returned, and may not have happened" if any(bar.maybe for bar in view.bars) else ""
    return (
        f"{path}{red}{maybe}. Calls and returns stand in the order of time, one beside the other: how long "
        f"something took is not to scale. {view.left_out}"
    )


def _orders(view: View) -> Markup:
    told = [_order(view, path, place) for place, path in enumerate(view.paths)]
    return Markup('<div class="orders">{}</div>').format(Markup("").join(told))


def _order(view: View, path: Path, place: int) -> Markup:
    row = Markup('<li><span class="number">{}</span><span class="what">{}</span><span class="state">{}</span></li>')
    rows = [
        row.format(number, cut(view.bar(step.bar).fully, _MOST_LETTERS), cut(step.state, _MOST_LETTERS))
        for number, step in enumerate(path.steps, start=1)
    ]
    if path.before:
        before = many(path.before, "operation") + " before, in some order that explains them"
        rows.insert(0, row.format("…", before, cut(path.state, _MOST_LETTERS)))
    if path.stuck is not None:
        told = cut(view.bar(path.stuck).told, _MOST_LETTERS)
        rows.append(Markup('<li class="stuck">{}</li>').format(_stuck_row(told)))
    return Markup('<details class="order" data-order="{}"{}><summary>{}</summary><ol>{}</ol></details>').format(
        place, Markup(" open") if place == 0 else "", _capital(_summary(view, path, place)), Markup("").join(rows)
    )


def _stuck_row(told: str) -> Markup:
    return Markup(
        '<span class="number">×</span><span class="what">{}</span><span class="state">cannot follow</span>'
    ).format(told)


def _summary(view: View, path: Path, place: int) -> str:
    count = many(path.before + len(path.steps) - path.maybe, "operation")
    perhaps = f" and {path.maybe} that may have happened" if path.maybe else ""
    then = f"{count}{perhaps}, after which {view.subject} is {cut(path.last, _MOST_LETTERS)}"
    if path.stuck is None:
        return f"an order of {then}"
    if path.stuck != view.blamed:
        then += f" and which cannot go on with {cut(view.bar(path.stuck).told, _MOST_LETTERS)}"
    if path.holds is not None:
        return f"the longest order that holds {cut(view.bar(path.holds).told, _MOST_LETTERS)}: {then}"
    return f"the longest order: {then}" if place == 0 else f"another order: {then}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---- the picture ----------------------------------------------------------------------------------------------------


class _Place:
    """From places on the axis and lanes to units of the picture."""

    def __init__(self, view: View, layout: Layout) -> None:
        if layout.beside:  # no more room than the names take
            widest = max(map(labels.cells, view.lanes), default=0)
            layout = dataclasses.replace(layout, left=round(24 + 8 * min(_NAME, widest)))
        self.layout, self._places = layout, max(1, view.places)
        self.lane_h = _LANE_H + (0 if layout.beside else _TITLE_H)
        self.height = 8 + len(view.lanes) * self.lane_h

    def x(self, place: float) -> float:
        return round(self.layout.left + self.layout.inner * place / self._places, 1)

    def top(self, lane: int) -> float:
        """Of the bars of a lane; their labels stand above them."""
        return 8 + lane * self.lane_h + self.lane_h - _BAR_H - 4


def _draw(view: View, place: _Place, firsts: list[int], id_: str) -> Markup:
    layout, canvas = place.layout, Canvas(place.layout)
    for lane, name in enumerate(view.lanes):
        middle = place.top(lane) + _BAR_H / 2
        canvas.line(layout.left, middle, layout.width - layout.right, middle, "grid")
        if layout.beside:
            canvas.text(layout.left - 10, middle + 4, labels.cut(name, _NAME), "lane strong", "end")
        else:
            canvas.text(layout.left, place.top(lane) - _BAR_H - 5, labels.cut(name, 40), "lane")
    found = labels.place(view, place.x, layout.left, layout.width)
    for bar in view.bars:
        _bar(canvas, place, view, bar, found[bar.number])
    canvas.parts.append(_path(view, view.paths[0], place, firsts[0]))
    _axis(canvas, place, view)
    shown = ", ".join(bar.told for bar in view.bars[:40])
    return canvas.svg(place.height + 22, f"{id_}-svg", _title(view), f"{lead(view)} Drawn: {shown}.")


def _title(view: View) -> str:
    return "The longest partial linearization" if view.blamed is not None else "A linearization"


def _bar(canvas: Canvas, place: _Place, view: View, bar: Bar, label: labels.Label) -> None:
    end = view.places if bar.end is None else bar.end
    left, right, top = place.x(bar.begin), place.x(end), place.top(bar.lane)
    kind = " blamed" if bar.number == view.blamed else " maybe" if bar.maybe else ""
    under_way = " open" if bar.end is None else ""
    canvas.add(
        '<g class="op{}{}" data-op="{}"><rect x="{}" y="{}" width="{}" height="{}" rx="3"/>'
        '<text x="{}" y="{}">{}</text><title>{}</title></g>',
        kind,
        under_way,
        bar.number,
        left,
        round(top, 1),
        round(max(3.0, right - left), 1),
        _BAR_H,
        label.x,
        round(top - 4, 1),
        label.text,
        bar.fully,
    )


def _path(view: View, path: Path, place: _Place, first: int) -> Markup:
    """The line through the bars, and its numbers."""
    spots = _spots(view, path, place)
    line = " ".join(f"{x},{y}" for x, y in spots)
    circle = Markup('<circle cx="{}" cy="{}" r="{}"/><text x="{}" y="{}" text-anchor="middle">{}</text>')
    number = path.before - first + 1
    circles = [circle.format(x, y, _RADIUS, x, round(y + 3.5, 1), at) for at, (x, y) in enumerate(spots, start=number)]
    return Markup('<g class="path"><polyline points="{}"/>{}</g>').format(line, Markup("").join(circles))


def _spots(view: View, path: Path, place: _Place) -> list[tuple[float, float]]:
    lanes = {bar.number: bar.lane for bar in view.bars}
    return [
        (place.x(at), round(place.top(lanes[step.bar]) + _BAR_H / 2, 1))
        for at, step in zip(points(view, path), path.steps, strict=True)
    ]


def _axis(canvas: Canvas, place: _Place, view: View) -> None:
    """Some of the places' labels, none over another."""
    free = 0.0
    for at, label in view.axis:
        x, half = place.x(at), len(label) * CHAR / 2
        if x - half >= free and x + half <= canvas.layout.width:
            canvas.text(x, place.height + 14, label, "tick", "middle")
            free = x + half + 30


def _geometry(view: View, place: _Place, firsts: list[int]) -> dict[str, object]:
    """What the script draws other orders of, in the units of this picture."""
    orders = [
        {
            "spots": _spots(view, path, place),
            "ops": [step.bar for step in path.steps],
            "first": path.before - first + 1,
            "stuck": path.stuck,
        }
        for path, first in zip(view.paths, firsts, strict=True)
    ]
    return {"orders": orders, "holding": {str(number): order for number, order in view.holding.items()}}
