"""A time axis of several stretches: to scale within each, with a sign and its length where time is left out between."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.drawing.canvas import CHAR, Canvas, Layout, round_step, unit

_GAP_WIDE, _GAP_NARROW = 50.0, 34.0
_LEAST = 0.13  # of the axis, for the shortest stretch


@dataclass(frozen=True)
class Stretch:
    """From `begin_ns` at `left` to `end_ns` at `right`."""

    begin_ns: int
    end_ns: int
    left: float
    right: float

    def x(self, time_ns: int) -> float:
        at = (time_ns - self.begin_ns) / max(1, self.end_ns - self.begin_ns)
        return self.left + (self.right - self.left) * min(1.0, max(0.0, at))


@dataclass(frozen=True)
class Broken:
    """Nanoseconds of the run → horizontal units of the picture. What lies in a gap stands in its middle."""

    layout: Layout
    stretches: tuple[Stretch, ...]

    def x(self, time_ns: int) -> float:
        before = self.stretches[0]
        for each in self.stretches:
            if time_ns < each.begin_ns and each is not before:
                return round((before.right + each.left) / 2, 1)
            if time_ns <= each.end_ns:
                return round(each.x(time_ns), 1)
            before = each
        return round(before.x(time_ns), 1)

    def shown_from(self, time_ns: int) -> float:
        """Where what began then is first seen."""
        return next((self.x(max(time_ns, each.begin_ns)) for each in self.stretches if each.end_ns > time_ns), 0.0)

    @property
    def gaps(self) -> list[tuple[Stretch, Stretch]]:
        return list(zip(self.stretches, self.stretches[1:], strict=False))


def broken(layout: Layout, stretches: list[tuple[int, int]]) -> Broken:
    """Each gets room by its length, and none so little that nothing can be told apart in it."""
    gap = _GAP_WIDE if layout.beside else _GAP_NARROW
    room = layout.inner - gap * (len(stretches) - 1)
    shares = _shares([end_ns - begin_ns for begin_ns, end_ns in stretches])
    found, left = [], float(layout.left)
    for (begin_ns, end_ns), share in zip(stretches, shares, strict=True):
        found.append(Stretch(begin_ns, end_ns, left, left + room * share))
        left += room * share + gap
    return Broken(layout, tuple(found))


def _shares(lengths: list[int]) -> list[float]:
    free = 1.0 - _LEAST * len(lengths)
    total = sum(lengths) or 1
    return [_LEAST + free * length / total for length in lengths] if len(lengths) > 1 else [1.0]


def axis(canvas: Canvas, scale: Broken, origin_ns: int, top: float, bottom: float) -> None:
    """Lines at round times since `origin_ns`, labelled below."""
    layout = canvas.layout
    for place, each in enumerate(scale.stretches):
        least = each.left if place else 0.0
        most = each.right if place + 1 < len(scale.stretches) else layout.width - 1
        share = (each.right - each.left) / layout.inner
        step_ns = round_step((each.end_ns - each.begin_ns) / max(1.0, layout.ticks * share))
        name, free = unit(step_ns), 0.0
        first = -(-(each.begin_ns - origin_ns) // step_ns) * step_ns
        for at_ns in range(first, each.end_ns - origin_ns + 1, step_ns):
            x, text = round(each.x(origin_ns + at_ns), 1), name(at_ns)
            canvas.line(x, top, x, bottom, "grid")
            half = len(text) * CHAR / 2
            if x - half >= max(free, least) and x + half <= most:
                canvas.text(x, bottom + 16, text, "tick", "middle")
                free = x + half + 6


def signs(canvas: Canvas, scale: Broken, top: float, bottom: float) -> None:
    """Where time is left out, and how much of it."""
    for before, after in scale.gaps:
        left, right = before.right + 4, after.left - 4
        canvas.add(
            '<rect x="{}" y="{}" width="{}" height="{}" class="gap"><title>{}</title></rect>',
            *(round(v, 1) for v in (left, top, right - left, bottom - top)),
            f"{later(after.begin_ns - before.end_ns)} left out",
        )
        for x in (left, right):
            points = " ".join(
                f"{x + (3 if i % 2 else -3):.1f},{top + i * 8:.1f}" for i in range(int((bottom - top) / 8) + 1)
            )
            canvas.add('<polyline points="{}" class="tear"/>', points)
        middle = (left + right) / 2
        canvas.text(middle, bottom + 16, f"+{later(after.begin_ns - before.end_ns)}", "tick strong-tick", "middle")


def later(ns: int) -> str:
    """`2.9 s`, `140 ms`."""
    return f"{ns / 1e9:,.1f} s" if ns >= 1_000_000_000 else f"{ns / 1e6:,.0f} ms"
