"""Worker processes for many runs: one run at a time each, results as they come, and no run is lost with its worker.

A worker that dies (killed, out of memory) or hangs takes only its own run with it: that run comes back as `Died`, and
another worker takes its place. Workers are spawned, never forked: a fork would copy locks and event loops of the
parent. They listen to SIGINT only while they work; an idle one ends when its pipe does.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Literal, TypeVar

import msgspec

from harness.interruption import keep_interruptions

T = TypeVar("T")
R = TypeVar("R")

_GRACE_S = 30.0  # a worker that was told to stop tears down what it started (containers take a few seconds)
_SIGINT = frozenset({signal.SIGINT})


class Died(msgspec.Struct):
    """What became of a task without a result: `why` for people, `trace` when the worker could still say.

    `reason`: `died` its process ended · `crashed` it raised · `overdue` it was stopped after the limit.
    """

    reason: Literal["died", "crashed", "overdue"]
    why: str
    trace: str = ""


class _Worker(msgspec.Struct):
    process: Any
    pipe: Connection
    home: object


class _Busy(msgspec.Struct, Generic[T]):
    """A worker with its task; patience with the task, later with the worker, ends at `until_s` (monotonic)."""

    worker: _Worker
    task: T
    until_s: float
    overdue: bool = False


class Pool(Generic[T, R]):
    """Runs `work(task)` over `jobs` processes. `work` must be importable by name; tasks and results are pickled.

    A task that takes longer than `limit_s` of wall-clock time is interrupted, and killed when that does not help.
    Tasks of different `home` never share a process: what one of them loaded is not there for the other.
    """

    def __init__(
        self,
        work: Callable[[T], R],
        jobs: int,
        limit_s: float = float("inf"),
        grace_s: float = _GRACE_S,
        *,
        home: Callable[[T], object] = lambda task: None,
    ) -> None:
        self._work, self._jobs, self._limit_s, self._grace_s = work, jobs, limit_s, grace_s
        self._home = home
        self._context = get_context("spawn")
        self._busy: dict[Connection, _Busy[T]] = {}
        self._idle: list[_Worker] = []

    def results(self, tasks: Iterable[T]) -> Generator[tuple[T, R | Died]]:
        """Each task with its result, in the order in which they end. However this is left, no worker survives it."""
        waiting = iter(tasks)
        try:
            self._fill(waiting)
            while self._busy:
                for pipe in wait(list(self._busy), self._patience_s()):
                    assert isinstance(pipe, Connection)
                    yield self._collect(pipe)
                self._hurry()
                self._fill(waiting)
        finally:
            self._stop()

    def _fill(self, waiting: Iterator[T]) -> None:
        while len(self._busy) < self._jobs:
            try:
                task = next(waiting)
            except StopIteration:
                return
            worker = self._send(task)
            self._busy[worker.pipe] = _Busy(worker, task, time.monotonic() + self._limit_s)

    def _send(self, task: T) -> _Worker:
        """Give the task to an idle worker, or to a new one when there is none left alive; one of another home goes."""
        home = self._home(task)
        self._idle.sort(key=lambda worker: worker.home == home)
        while self._idle:
            worker = self._idle.pop()
            try:
                if worker.home == home:
                    worker.pipe.send(task)
                    return worker
            except OSError:
                pass
            self._bury(worker)
            if worker.home != home:
                break
        worker = self._start(home)
        with suppress(OSError):  # dead already: reading from it will say so
            worker.pipe.send(task)
        return worker

    def _start(self, home: object) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._work), daemon=False)
        resource_tracker.ensure_running()  # else `start` does it, and lets SIGINT through
        with _deaf():  # inherited: Ctrl-C cannot break a worker that is only just starting
            process.start()
        theirs.close()
        return _Worker(process, ours, home)

    def _collect(self, pipe: Connection) -> tuple[T, R | Died]:
        busy = self._busy.pop(pipe)
        try:
            result: R | Died = pipe.recv()
        except (EOFError, OSError):
            self._bury(busy.worker)
            result = Died("died", f"its worker process died ({_how(busy.worker.process.exitcode)})")
        else:
            self._idle.append(busy.worker)
        if busy.overdue:
            result = Died("overdue", f"it was still running after {self._limit_s:g} s and was stopped")
        return busy.task, result

    def _bury(self, worker: _Worker) -> None:
        """An idle worker ends when its pipe does, one whose pipe is broken has ended."""
        worker.pipe.close()
        worker.process.join()

    # ---- the end of patience ----------------------------------------------------------------------------------------

    def _patience_s(self) -> float | None:
        soonest_s = min(busy.until_s for busy in self._busy.values())
        return None if soonest_s == float("inf") else max(0.0, soonest_s - time.monotonic())

    def _hurry(self) -> None:
        """Interrupt what takes too long; kill what was interrupted in vain."""
        now_s = time.monotonic()
        for busy in self._busy.values():
            if now_s < busy.until_s:
                continue
            _signal(busy.worker, signal.SIGKILL if busy.overdue else signal.SIGINT)
            busy.overdue, busy.until_s = True, now_s + self._grace_s

    def _stop(self) -> None:
        """Idle workers go at once; busy ones are interrupted, so that they tear down what they started.

        A second Ctrl-C ends the patience with them.
        """
        workers = [*self._idle, *(busy.worker for busy in self._busy.values())]
        until_s = time.monotonic() + self._grace_s
        try:
            for busy in self._busy.values():
                _signal(busy.worker, signal.SIGINT)
            for worker in workers:
                worker.pipe.close()
            for worker in workers:
                worker.process.join(max(0.0, until_s - time.monotonic()))
        except KeyboardInterrupt:
            pass
        finally:
            for worker in workers:
                _signal(worker, signal.SIGKILL)
                worker.process.join()
            self._idle.clear()
            self._busy.clear()


def _signal(worker: _Worker, number: int) -> None:
    if worker.process.is_alive():
        with suppress(ProcessLookupError):
            os.kill(worker.process.pid, number)


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"


@contextmanager
def _deaf() -> Iterator[None]:
    """SIGINT waits until this is over, in this process; a process started meanwhile begins with it blocked."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGINT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


# ---- in a worker ----------------------------------------------------------------------------------------------------


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    """A worker's life: it began with SIGINT blocked, which so can break a run, and nothing else."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it was ignored if the parent was started by `&`
    keep_interruptions()
    with suppress(EOFError, OSError):
        while True:
            task = pipe.recv()
            try:
                with _listening():
                    result = work(task)
            except KeyboardInterrupt:
                return
            except Exception as exc:
                place = traceback.extract_tb(exc.__traceback__)[-1]
                where = f"{os.path.basename(place.filename)}:{place.lineno}"  # noqa: PTH119
                result = Died("crashed", f"{type(exc).__name__}: {exc} ({where})", traceback.format_exc())
            pipe.send(result)


@contextmanager
def _listening() -> Iterator[None]:
    """SIGINT is KeyboardInterrupt here, also one that came before."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGINT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGINT)
