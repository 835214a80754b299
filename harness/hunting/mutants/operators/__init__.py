"""Mistakes as people make them: each operator reads a source and yields the ways in which it can go wrong there.

A module of this folder that defines `OPERATORS` (kind → operator) is found by itself. `cosmic` takes what the kept
library of mutation operators has; the others are what it lacks.

May use: nothing.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping

from harness.hunting.mutants.operators.source import Mutation, Operator, Source

_NOTHING: Mapping[str, Operator] = {}


@functools.cache
def all_operators() -> Mapping[str, Operator]:
    """Kind of mistake → operator, in the order of their names. Raises `ModuleNotFoundError` without the library."""
    found: dict[str, Operator] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found |= getattr(loaded, "OPERATORS", _NOTHING)
    return dict(sorted(found.items()))


def mutations(source: Source) -> Iterator[tuple[str, Mutation]]:
    """Every mistake of every kind that can be made in a source."""
    for kind, operator in all_operators().items():
        for mutation in operator(source):
            if not source.is_out_of_bounds(mutation):
                yield kind, mutation
