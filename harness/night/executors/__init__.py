"""Where the workers of a night are: one file each.

A module here defines `EXECUTOR`, a function `(Wanted) -> Executor`. An executor gives tasks to workers and yields what
they send back, in any order; a task whose worker died is `Died`, never lost.

May use: `harness/hunting`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import msgspec

from harness.hunting.pool import Died

T = TypeVar("T")
R = TypeVar("R")


class ExecutorProblem(Exception):
    """There are no workers; the message says why and what to do."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`jobs`: workers of this machine; `scheduler`: the address of one that has others."""

    jobs: int
    scheduler: str | None = None


class Executor(AbstractContextManager["Executor"], Protocol):
    """Workers, as long as the context lasts."""

    def results(
        self, work: Callable[[T], R], tasks: Iterable[T], jobs: int, limit_s: float
    ) -> Generator[tuple[T, R | Died]]:
        """Give out tasks, `jobs` at a time at most; one that takes longer than `limit_s` is given up. `work` must be
        importable by name. However this is left, nothing of it goes on."""
        ...


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def executor(name: str, wanted: Wanted) -> Executor:
    """Raises `ExecutorProblem`."""
    if name not in names():
        raise ExecutorProblem(f"there is no executor {name!r}; there are: {', '.join(names())}")
    make: Callable[[Wanted], Executor] = importlib.import_module(f"{__name__}.{name}").EXECUTOR
    return make(wanted)
