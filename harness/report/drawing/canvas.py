"""Where things stand on a picture of a run: a scale from time to place, and the SVG elements that pictures are made of.

A picture is drawn twice, `WIDE` for a screen or paper and `NARROW` for a telephone; the page shows the one that fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup

CHAR = 6.4  # mean width of a letter of the small type, in units of the picture
_HALO = 3.0  # room around a label


@dataclass(frozen=True)
class Layout:
    """`width`: units of the picture; `left`, `right`: margins of the time axis. `beside`: lanes are named in the left
    margin, else above their line. `ticks`: about how many times are labelled."""

    name: str
    width: int
    left: int
    right: int
    beside: bool
    ticks: int

    @property
    def inner(self) -> int:
        return self.width - self.left - self.right


WIDE = Layout("wide", 1000, 150, 24, beside=True, ticks=8)
NARROW = Layout("narrow", 360, 12, 16, beside=False, ticks=4)
LAYOUTS = (WIDE, NARROW)


@dataclass(frozen=True)
class Scale:
    """Nanoseconds of the run → horizontal units of the picture. What lies outside stands at the edge."""

    layout: Layout
    begin_ns: int
    end_ns: int

    def x(self, time_ns: int) -> float:
        at = (time_ns - self.begin_ns) / max(1, self.end_ns - self.begin_ns)
        return round(self.layout.left + self.layout.inner * min(1.0, max(0.0, at)), 1)


@dataclass
class Canvas:
    """Elements in the order they are painted, and the places that labels have taken."""

    layout: Layout
    parts: list[Markup] = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def add(self, template: str, *values: object) -> None:
        self.parts.append(Markup(template).format(*values))

    def text(self, x: float, y: float, text: str, class_: str = "", anchor: str = "start") -> None:
        self.add(
            '<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>', round(x, 1), round(y, 1), class_, anchor, text
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str, more: str = "") -> None:
        self.add(
            '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"' + more + "/>",
            *(round(v, 1) for v in (x1, y1, x2, y2)),
            class_,
        )

    def label(self, x: float, y: float, text: str, class_: str, *, must: bool = False) -> bool:
        """Write `text` right of `x`, or left of it, where it hides nothing; say whether it was written."""
        length = len(text) * CHAR
        for anchor, left in (("start", x), ("end", x - length), ("middle", x - length / 2)):
            box = (left, y - 10, left + length, y + 3)
            fits = left >= 2 and left + length <= self.layout.width - 2
            if fits and (self.is_free(box) or must):
                self.taken.append(box)
                self.text(x, y, text, f"{class_} halo", anchor)
                return True
        return False

    def is_free(self, box: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = box
        return all(left >= r + _HALO or right <= x - _HALO or top >= b or bottom <= y for x, y, r, b in self.taken)

    def svg(self, height: float, id_: str, title: str, description: str) -> Markup:
        id_ = f"{id_}-{self.layout.name}"
        head = Markup(
            '<svg viewBox="0 0 {} {}" class="{}" role="img" aria-labelledby="{}-t {}-d">'
            '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>'
        ).format(self.layout.width, round(height), self.layout.name, id_, id_, id_, title, id_, description)
        return head + Markup("").join(self.parts) + Markup("</svg>")


def axis(canvas: Canvas, scale: Scale, origin_ns: int, top: float, bottom: float) -> None:
    """Lines at round times since `origin_ns`, labelled below."""
    step_ns = round_step((scale.end_ns - scale.begin_ns) / canvas.layout.ticks)
    name = unit(step_ns)
    first = -(-(scale.begin_ns - origin_ns) // step_ns) * step_ns
    for at_ns in range(first, scale.end_ns - origin_ns + 1, step_ns):
        x = scale.x(origin_ns + at_ns)
        canvas.line(x, top, x, bottom, "grid")
        canvas.add(
            '<text x="{}" y="{}" class="tick" text-anchor="middle" data-ns="{}">{}</text>',
            x,
            round(bottom + 16, 1),
            at_ns,
            name(at_ns),
        )


def round_step(about_ns: float) -> int:
    """The nearest round number of nanoseconds that is not below `about_ns`: 1, 2 or 5 times a power of ten."""
    power = 1
    while power * 10 <= about_ns:
        power *= 10
    return next(power * n for n in (1, 2, 5, 10) if power * n >= about_ns)


def unit(step_ns: int) -> Callable[[int], str]:
    digits = next((d for d in range(7) if step_ns >= 10 ** (9 - d)), 6)
    return lambda ns: f"{ns / 1e9:.{digits}f} s"


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)] + "…"
