"""What a plot is: series over the run's time, an axis, a bound, and what it says in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.report.drawing.canvas import round_step
from harness.report.told.words import seconds

MOST_POINTS = 600  # of one plot
MOST_SERIES = 6  # that have a name; all others are one more
COLUMNS = 120  # of a plot, in which the greatest value counts
_WINDOWS = 70  # at most

Mark = Literal["ok", "fail", "info", "never"]
At = tuple[int, float]  # ns of the run's clock, value


@dataclass(frozen=True)
class Points:
    name: str
    colour: int
    mark: Mark
    at: list[At]


@dataclass(frozen=True)
class Line:
    """`steps`: the value holds until the next one. None: nothing is known there."""

    name: str
    colour: int
    at: list[tuple[int, float | None]]
    steps: bool = False
    dash: int = 0


@dataclass(frozen=True)
class Stack:
    """Layers from below; `rows` has a value a window for each."""

    names: list[str]
    begin_ns: int
    window_ns: int
    rows: list[list[float]]


@dataclass(frozen=True)
class Plot:
    """`said`: what it shows, in a sentence or two. `log`: durations over several powers of ten."""

    name: str
    title: str
    unit: str
    said: str
    log: bool = False
    seconds: bool = False  # values are nanoseconds
    points: list[Points] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    stack: Stack | None = None
    bound: float | None = None
    left_out: int = 0  # points

    @property
    def greatest(self) -> float:
        values = [v for p in self.points for _, v in p.at] + [v for line in self.lines for _, v in line.at if v]
        if self.stack is not None:
            values += [sum(column) for column in zip(*self.stack.rows, strict=True)]
        return max([*values, self.bound or 0.0], default=0.0)

    @property
    def least(self) -> float:
        values = [v for p in self.points for _, v in p.at] + [v for line in self.lines for _, v in line.at if v]
        return min([v for v in [*values, self.bound or 0.0] if v > 0], default=1.0)


@dataclass(frozen=True)
class Span:
    """The time that all plots show."""

    begin_ns: int
    end_ns: int

    @property
    def length_ns(self) -> int:
        return max(1, self.end_ns - self.begin_ns)

    def column(self, time_ns: int) -> int:
        return min(COLUMNS - 1, max(0, (time_ns - self.begin_ns) * COLUMNS // self.length_ns))

    def column_ns(self, column: int) -> int:
        return self.begin_ns + column * self.length_ns // COLUMNS

    @property
    def window_ns(self) -> int:
        return max(1, round_step(self.length_ns / _WINDOWS))


def thinned(points: list[Points], most: int = MOST_POINTS) -> tuple[list[Points], int]:
    """Of too many: the least and the greatest of each series in equal stretches of it. How many are left out."""
    count = sum(len(series.at) for series in points)
    if count <= most:
        return points, 0
    kept = []
    for series in points:
        share = max(2, most * len(series.at) // count)
        kept.append(Points(series.name, series.colour, series.mark, _extremes(series.at, share // 2)))
    return kept, count - sum(len(series.at) for series in kept)


def _extremes(at: list[At], stretches: int) -> list[At]:
    if len(at) <= 2 * stretches:
        return at
    found: dict[At, None] = {}
    for place in range(stretches):
        part = at[place * len(at) // stretches : (place + 1) * len(at) // stretches]
        if part:
            by_value = [min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])]
            found |= dict.fromkeys(sorted(by_value))
    return list(found)


def most_frequent(names: Iterable[str]) -> list[str]:
    """Names in order of frequency; of too many the first ones."""
    counted = Counter(names)
    return sorted(counted, key=lambda name: (-counted[name], name))[:MOST_SERIES]


def stacked(events: Sequence[tuple[int, str]], span: Span, others: str = "others") -> Stack | None:
    """How many a second, by name. None: there are none."""
    if not events:
        return None
    names = most_frequent(name for _, name in events)
    every = {name for _, name in events}
    layers = [*names, others] if len(every) > len(names) else names
    place = {name: at for at, name in enumerate(names)}
    width_ns = span.window_ns
    rows = [[0.0] * (span.length_ns // width_ns + 1) for _ in layers]
    for time_ns, name in events:
        window = min(len(rows[0]) - 1, max(0, (time_ns - span.begin_ns) // width_ns))
        rows[place.get(name, len(names))][window] += 1e9 / width_ns
    return Stack(layers, span.begin_ns, width_ns, rows)


def peak(stack: Stack, span: Span) -> str:
    """The greatest sum of all layers, and when, in words."""
    sums = [sum(column) for column in zip(*stack.rows, strict=True)]
    at = sums.index(max(sums))
    begin_ns = at * stack.window_ns + stack.begin_ns - span.begin_ns
    return f"At most {sums[at]:,.0f} a second, in the {stack.window_ns / 1e9:g} s from {seconds(begin_ns)}"


def quantile(values: Sequence[float], q: float) -> float:
    """Of sorted values."""
    return values[min(len(values) - 1, int(len(values) * q))]


QUANTILES = (("half of all", 0.5), ("95 %", 0.95), ("99 %", 0.99), ("all", 1.0))


def quantile_lines(at: Sequence[At], span: Span) -> list[Line]:
    """p50, p95, p99 and the greatest, by window."""
    width_ns = span.window_ns * 4
    windows: dict[int, list[float]] = {}
    for time_ns, value in at:
        windows.setdefault((time_ns - span.begin_ns) // width_ns, []).append(value)
    for values in windows.values():
        values.sort()
    lines = []
    for dash, (name, q) in enumerate(QUANTILES):
        told: list[tuple[int, float | None]] = []
        for window in range(max(windows, default=-1) + 1):
            middle = span.begin_ns + window * width_ns + width_ns // 2
            told.append((min(middle, span.end_ns), quantile(windows[window], q) if window in windows else None))
        lines.append(Line(name, dash, told, dash=dash))
    return lines
