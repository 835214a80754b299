"""What can be measured of a run, where a claim of the document is a quantity.

A measure is one module here with `FIGURES`, name → what it is, and `of(history)`, which gives those that the run has.
A figure's unit ends its name; it is told as `MODULE/NAME`: `latency/hit_p50_ms`. All times are the runtime's own: in
the simulator they are exact, and computing takes none of it, so only what is waited for is measured there. A measure
that has to look while the run goes on has `watch()`, a context manager, too, and gets what it yields: `of(history,
watched)`.

May use: `harness`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from math import ceil, log
from statistics import fmean
from typing import Any

from harness.history import History


def names() -> dict[str, str]:
    """Every figure that there is, and what it is."""
    return {
        f"{m.name}/{name}": said for m in pkgutil.iter_modules(__path__) for name, said in _of(m.name).FIGURES.items()
    }


@contextmanager
def watching(wanted: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Around a run: for each module of the figures `wanted` that watches, what it sees."""
    with ExitStack() as stack:
        modules = {name: _of(name) for name in _modules(wanted)}
        yield {name: stack.enter_context(m.watch()) for name, m in modules.items() if hasattr(m, "watch")}


def measured(history: History, wanted: Iterable[str], watched: Mapping[str, Any]) -> dict[str, float]:
    """Those of the figures `wanted` that this run has; `watched`: what was seen by `watching` it."""
    found: dict[str, float] = {}
    for module in _modules(wanted):
        seen = [watched[module]] if module in watched else []
        of_all: Mapping[str, float] = _of(module).of(history, *seen)
        found |= {f"{module}/{name}": value for name, value in of_all.items()}
    return {name: found[name] for name in wanted if name in found}


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of them that so large a share of them does not exceed (nearest rank): it was really measured."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The k with which y grows as x to the power of k: the slope of a straight line through (log x, log y), by least
    squares. All are above 0, and no two x alike."""
    xs, ys = [log(x) for x, _ in points], [log(y) for _, y in points]
    mean_x, mean_y = fmean(xs), fmean(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def _modules(wanted: Iterable[str]) -> list[str]:
    return sorted({name.partition("/")[0] for name in wanted})


def _of(module: str) -> Any:
    return import_module(f"{__name__}.{module}")
