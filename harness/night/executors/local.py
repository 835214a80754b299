"""Processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from types import TracebackType
from typing import TypeVar

from harness.hunting.pool import Died, Pool
from harness.night.executors import Wanted

T = TypeVar("T")
R = TypeVar("R")


class Local:
    """A pool for each batch of tasks: no worker outlives it."""

    def __enter__(self) -> Local:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def results(
        self, work: Callable[[T], R], tasks: Iterable[T], jobs: int, limit_s: float
    ) -> Generator[tuple[T, R | Died]]:
        pool: Pool[T, R] = Pool(work, jobs, limit_s)
        return pool.results(tasks)


def EXECUTOR(wanted: Wanted) -> Local:
    return Local()
