"""What a picture of linearizability shows: operations as bars, orders of them as paths, and who cannot follow.

Pure data. `of_trial` makes it of a search's orders, `linear_run` of a run's answers; `linear_lanes` draws it. However
long a history, the last steps of its orders are shown, and what they begin with is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from checkers.linearizability import Operation, Trial
from checkers.linearizability.partial import Order, Orders
from checkers.linearizability.values import parting, shown, visible
from harness.report.drawing.canvas import cut

_MOST_PATHS = 8
_MOST_BARS = 64
_MOST_LETTERS = 100  # of a name


@dataclass(frozen=True)
class Bar:
    """An operation from its call to its return, at places on the axis. `end` None: it had not returned where the
    picture ends; `maybe`: it never did, and may not have happened."""

    number: int
    lane: int
    begin: int
    end: int | None
    label: str
    told: str
    maybe: bool = False

    @property
    def fully(self) -> str:
        return f"{self.told}; it never returned, and may not have happened" if self.maybe else self.told


@dataclass(frozen=True)
class Step:
    bar: int
    state: str


@dataclass(frozen=True)
class Path:
    """An order. `before`: its operations that are not shown, and `state` the one to which they lead. `stuck`: the bar
    that cannot follow; None: all is explained. `maybe`: how many of all its operations may not have happened."""

    before: int
    state: str
    steps: list[Step]
    stuck: int | None
    holds: int | None = None  # the bar that is the reason to show it
    maybe: int = 0

    @property
    def last(self) -> str:
        """The state in which it ends."""
        return self.steps[-1].state if self.steps else self.state


@dataclass(frozen=True)
class View:
    """`paths`: the longest first. `holding`: bar → the longest path that holds it. `axis`: places that have a label."""

    lanes: list[str]
    bars: list[Bar]
    paths: list[Path]
    blamed: int | None
    places: int
    holding: dict[int, int] = field(default_factory=dict)
    axis: list[tuple[int, str]] = field(default_factory=list)
    left_out: str = ""
    settled: list[str] = field(default_factory=list)  # the states in the end, before anything under way changes them
    subject: str = "the value"  # of which the states tell
    said: str = ""  # by a judge, of who cannot follow

    def bar(self, number: int) -> Bar:
        return next(bar for bar in self.bars if bar.number == number)


def points(view: View, path: Path) -> list[float]:
    """Where on the axis each step happens: in its bar, after the step before it, and not all at once."""
    bars = {bar.number: bar for bar in view.bars}
    earliest, now = [], 0
    for step in path.steps:
        now = max(now, bars[step.bar].begin)
        earliest.append(now)
    latest, soonest = [0] * len(path.steps), view.places
    for place in range(len(path.steps) - 1, -1, -1):
        end = bars[path.steps[place].bar].end
        soonest = min(soonest, view.places if end is None else end)
        latest[place] = soonest
    found: list[float] = []
    at = 0.0
    for place, low in enumerate(earliest):
        at, high = max(at, float(low)), latest[place]
        sharing = sum(later < high for later in earliest[place + 1 :])
        at += min(0.9, (high - at) / (sharing + 2))
        found.append(round(at, 3))
    return found


def many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


# ---- of a search ----------------------------------------------------------------------------------------------------


def of_trial(trial: Trial, found: Orders, most: int) -> View:
    """`most`: steps of each order that are shown."""
    orders = found.orders[:_MOST_PATHS]
    drawn = _drawn(trial, orders, most)
    axis = _Axis(trial, drawn, found.longest.at)
    blamed = found.longest.stuck
    around = _around(trial, found)
    lanes, bars = _bars(trial, drawn, axis, around)
    paths = [_path(trial, order, drawn, around, found.initial) for order in orders]
    holding = {n: place for n, place in found.holding.items() if place < len(orders) and n in drawn}
    for number in sorted(drawn):
        place = next((i for i, path in enumerate(paths) if any(step.bar == number for step in path.steps)), None)
        if place is not None:
            holding.setdefault(number, place)
    return View(
        lanes=lanes,
        bars=bars,
        paths=[_reason(path, place, holding) for place, path in enumerate(paths)],
        blamed=blamed,
        places=axis.places,
        holding=holding,
        axis=axis.labels,
        left_out=_left_out(trial, found, drawn),
        settled=list(dict.fromkeys(map(around, found.settled[:_MOST_PATHS]))),
    )


def _drawn(trial: Trial, orders: list[Order], most: int) -> set[int]:
    """The last steps of the orders, who cannot follow, and whoever was under way then."""
    wanted: list[int] = [order.stuck for order in orders if order.stuck is not None]
    wanted += [number for number, _ in orders[0].steps[-most:]]
    wanted += _under_way(trial, orders[0].at) if orders[0].stuck is not None else []
    for order in orders[1:]:
        wanted += [number for number, _ in order.steps[-max(3, most // 2) :]]
    return set(list(dict.fromkeys(wanted))[: min(_MOST_BARS, 3 * most)])


def _under_way(trial: Trial, at: int) -> list[int]:
    """Operations that will return, and have not before event `at`."""
    events = trial.events[:at]
    returned = {~event for event in events if event < 0}
    called = (event for event in events if event >= 0 and event not in returned)
    return [number for number in called if trial.operations[number].outcome != "info"]


class _Axis:
    """Calls and returns of what is drawn, each at a place of its own, in order."""

    def __init__(self, trial: Trial, drawn: set[int], last: int) -> None:
        self.begins: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.places = 1
        self.labels: list[tuple[int, str]] = []
        for event in trial.events[: last + 1]:
            number = event if event >= 0 else ~event
            if number not in drawn:
                continue
            (self.begins if event >= 0 else self.ends)[number] = self.places
            operation = trial.operations[number]
            line = operation.line if event >= 0 else operation.answered
            if line:
                self.labels.append((self.places, f"line {line}"))
            self.places += 1


def _bars(trial: Trial, drawn: set[int], axis: _Axis, around: Around) -> tuple[list[str], list[Bar]]:
    """A lane a process, and another one for what overlaps: a process that goes on after a call that never returned."""
    by_process: dict[str, list[int]] = {}
    for number in sorted(axis.begins, key=lambda n: axis.begins[n]):
        by_process.setdefault(trial.operations[number].process, []).append(number)
    lanes: list[str] = []
    bars: list[Bar] = []
    for process in sorted(by_process, key=_in_numbers):
        for row in _rows(by_process[process], axis):
            for number in row:
                operation = trial.operations[number]
                maybe = operation.outcome == "info"
                label, told = operation.told(around), _told(operation, around)
                bars.append(Bar(number, len(lanes), axis.begins[number], axis.ends.get(number), label, told, maybe))
            lanes.append(visible(process))
    return lanes, bars


def _rows(numbers: list[int], axis: _Axis) -> Iterable[list[int]]:
    rows: list[list[int]] = []
    for number in numbers:
        for row in rows:
            if axis.ends.get(row[-1], axis.places) < axis.begins[number]:
                row.append(number)
                break
        else:
            rows.append([number])
    return rows


def _in_numbers(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isascii() and name.isdigit() and len(name) < 19 else (1 << 62, name)


def _told(operation: Operation, around: Around) -> str:
    """In full, and where it stands."""
    process = f"process {visible(operation.process)}: " if operation.process else ""
    lines = f" (lines {operation.line} to {operation.answered})" if operation.answered else f" (line {operation.line})"
    return f"{cut(process, _MOST_LETTERS)}{operation.told(around)}{lines if operation.line else ''}"


class Around:
    """Values as a reader sees them: of long ones what is around the place at which they and what was read part."""

    def __init__(self, read: Any, states: Iterable[Any]) -> None:
        """`states`: what was there instead."""
        self._read = read
        self._at = next((place for state in states if (place := parting(read, state)) is not None), None)

    def __call__(self, value: Any) -> str:
        at = parting(self._read, value)
        return shown(value, self._at if at is None else at)


def _around(trial: Trial, found: Orders) -> Around:
    if found.longest.stuck is None:
        return Around(None, ())
    return Around(trial.operations[found.longest.stuck].result, found.settled)


def _path(trial: Trial, order: Order, drawn: set[int], around: Around, initial: Any) -> Path:
    """Its last steps, of which every one is drawn."""
    first = len(order.steps)
    while first and order.steps[first - 1][0] in drawn:
        first -= 1
    state = around(order.steps[first - 1][1] if first else initial)
    steps = [Step(number, around(after)) for number, after in order.steps[first:]]
    maybe = sum(trial.operations[number].outcome == "info" for number, _ in order.steps)
    return Path(first, state, steps, order.stuck if order.stuck in drawn else None, maybe=maybe)


def _reason(path: Path, place: int, holding: dict[int, int]) -> Path:
    """Why it is told beside the first: for an operation that it holds, and no order before it does."""
    held = next((n for n, p in sorted(holding.items()) if p == place and place), None)
    return dataclasses.replace(path, holds=held)


def _left_out(trial: Trial, found: Orders, drawn: set[int]) -> str:
    at = found.longest.at
    called = {event for event in trial.events[: at + 1] if event >= 0}
    maybe = sum(trial.operations[number].outcome == "info" for number in called - drawn)
    rest = len(called - drawn) - maybe
    later = len(trial.operations) - len(called)
    parts = [
        f"{many(rest, 'operation')} that had returned before" if rest else "",
        f"{many(maybe, 'operation')} that may have happened, and that no order shown needs here" if maybe else "",
        f"{many(later, 'operation')} called after the end of the picture" if later else "",
        f"{many(more, 'further state')} that were possible" if (more := found.possible - _MOST_PATHS) > 0 else "",
    ]
    told = [part for part in parts if part]
    return f"Not drawn: {', '.join(told)}." if told else ""
