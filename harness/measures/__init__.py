"""What can be measured of a run, where a claim of the document is a quantity.

A measure is one module here with `FIGURES`, name → what it is, and `of(history)`, which gives those that the run has.
A figure's unit ends its name; it is told as `MODULE/NAME`: `latency/hit_p50_ms`. All times are the runtime's own: in
the simulator they are exact, and computing takes none of it, so only what is waited for is measured there.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from math import ceil
from typing import Any

from harness.history import History


def names() -> dict[str, str]:
    """Every figure that there is, and what it is."""
    return {
        f"{m.name}/{name}": said for m in pkgutil.iter_modules(__path__) for name, said in _of(m.name).FIGURES.items()
    }


def measured(history: History, wanted: Iterable[str]) -> dict[str, float]:
    """Those of the figures `wanted` that this run has."""
    found: dict[str, float] = {}
    for module in sorted({name.partition("/")[0] for name in wanted}):
        of_all: Mapping[str, float] = _of(module).of(history)
        found |= {f"{module}/{name}": value for name, value in of_all.items()}
    return {name: found[name] for name in wanted if name in found}


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of them that so large a share of them does not exceed (nearest rank): it was really measured."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


def _of(module: str) -> Any:
    return import_module(f"{__name__}.{module}")
