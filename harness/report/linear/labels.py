"""Labels of bars: each in the free space of its lane, none over another, none outside of the picture.

Their type is monospaced (`sections/linear.css`), so that how wide they are is known without a browser.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.report.linear.view import Bar, View

_CELL = 6.8  # of the small type, in units of the picture; a little more than in any usual monospaced one
_GAP = 6.0  # between two labels
_EDGE = 4.0  # of the picture
_FEWEST = 4  # letters that say anything


@dataclass(frozen=True)
class Label:
    x: float
    text: str

    @property
    def right(self) -> float:
        return self.x + cells(self.text) * _CELL


def place(view: View, x: Callable[[float], float], left: float, width: float) -> dict[int, Label]:
    """Bar → its label. Who cannot follow chooses first, then whoever was called first. `left`: where lanes begin."""
    found: dict[int, Label] = {}
    for lane in range(len(view.lanes)):
        bars = [bar for bar in view.bars if bar.lane == lane]
        free = _Free(bars, x, left, width - _EDGE)
        for bar in sorted(bars, key=lambda bar: (bar.number != view.blamed, bar.begin)):
            found[bar.number] = free.label(bar, bar.number == view.blamed)
    return found


@dataclass
class _Free:
    """The line above the bars of a lane."""

    bars: list[Bar]
    x: Callable[[float], float]
    left: float
    right: float
    taken: list[Label] = field(default_factory=list)

    def label(self, bar: Bar, first: bool) -> Label:
        """From where the bar begins to where the next one does. After the last one there is none, and it may begin
        further to the left."""
        begin = self.x(bar.begin)
        later = [] if first else [self.x(other.begin) for other in self.bars if other.begin > bar.begin]
        low = max([self.left, *(label.right + _GAP for label in self.taken if label.x < begin)])
        nexts = [*later, *(label.x for label in self.taken if label.x >= begin)]
        high = min(nexts) - _GAP if nexts else self.right
        x = max(begin, low)
        wanted = cells(bar.label) * _CELL
        if not later and x + wanted > high:
            x = max(low, high - wanted)
        room = int((high - x + 0.01) / _CELL)
        found = Label(round(x, 1), cut(bar.label, room) if room >= min(_FEWEST, cells(bar.label)) else "")
        if found.text:
            self.taken.append(found)
        return found


def cells(text: str) -> int:
    """How many letters' widths a monospaced type needs for it."""
    return sum(map(_width, text))


def cut(text: str, most: int) -> str:
    """To as many cells."""
    if cells(text) <= most:
        return text
    kept, width = "", 1  # the ellipsis
    for letter in text:
        width += _width(letter)
        if width > most:
            break
        kept += letter
    return f"{kept}…"


def _width(letter: str) -> int:
    if letter.isascii():
        return 1
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
