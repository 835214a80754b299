"""Worker processes for many runs: one run at a time each, results as they come, and no run is lost with its worker.

A worker that dies (killed, out of memory) takes only its own run with it: that run comes back as `Died`, and another
worker takes its place. Workers are spawned, never forked: a fork would copy locks and event loops of the parent.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R")

_GRACE_S = 30.0  # a worker that was told to stop tears down what it started (containers take a few seconds)


class Died(msgspec.Struct):
    """What became of a task whose worker failed: `why` for people, `trace` when the worker could still say."""

    why: str
    trace: str = ""


class _Worker(NamedTuple):
    process: Any
    pipe: Connection


class Pool(Generic[T, R]):
    """Runs `work(task)` over `jobs` processes. `work` must be importable by name; tasks and results are pickled."""

    def __init__(self, work: Callable[[T], R], jobs: int) -> None:
        self._work, self._jobs = work, jobs
        self._context = multiprocessing.get_context("spawn")
        self._busy: dict[Connection, tuple[_Worker, T]] = {}
        self._idle: list[_Worker] = []

    def results(self, tasks: Iterable[T]) -> Iterator[tuple[T, R | Died]]:
        """Each task with its result, in the order in which they end. However this is left, no worker survives it."""
        waiting = iter(tasks)
        try:
            self._fill(waiting)
            while self._busy:
                for pipe in wait(list(self._busy)):
                    assert isinstance(pipe, Connection)
                    yield self._collect(pipe)
                self._fill(waiting)
        finally:
            self._stop()

    def _fill(self, waiting: Iterator[T]) -> None:
        while len(self._busy) < self._jobs:
            try:
                task = next(waiting)
            except StopIteration:
                return
            worker = self._idle.pop() if self._idle else self._start()
            worker.pipe.send(task)
            self._busy[worker.pipe] = (worker, task)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._work), daemon=False)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _collect(self, pipe: Connection) -> tuple[T, R | Died]:
        worker, task = self._busy.pop(pipe)
        try:
            result: R | Died = pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            pipe.close()
            return task, Died(f"its worker process died ({_how(worker.process.exitcode)})")
        self._idle.append(worker)
        return task, result

    def _stop(self) -> None:
        """Idle workers go at once; busy ones are interrupted, so that they tear down what they started."""
        workers = [*self._idle, *(worker for worker, _ in self._busy.values())]
        for worker, _ in self._busy.values():
            if worker.process.is_alive():
                with suppress(ProcessLookupError):
                    os.kill(worker.process.pid, signal.SIGINT)
        for worker in workers:
            worker.pipe.close()
        for worker in workers:
            worker.process.join(_GRACE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._idle.clear()
        self._busy.clear()


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    """A worker's life. Ctrl-C reaches it from the terminal as well; it ends the run under way, then the worker."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            task = pipe.recv()
            try:
                result = work(task)
            except KeyboardInterrupt:
                return
            except Exception as exc:
                result = Died(f"{type(exc).__name__}: {exc}", traceback.format_exc())
            pipe.send(result)
