"""Workers of a dask.distributed cluster: as many machines as somebody started `dask worker` on.

Each worker process plays one task at a time, in a process of its own, so that a run that hangs or eats its memory ends
alone. A task whose worker was killed is given to another one; one that kills several of them is `Died`.
"""

from __future__ import annotations

import importlib
import multiprocessing
import multiprocessing.util
import queue
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.hunting.pool import Died, Pool
from harness.night.executors import ExecutorProblem, Wanted

T = TypeVar("T")
R = TypeVar("R")

_SPARE = 2  # tasks for each worker: one that is played, and one that waits there
_KNOCK_S = 15
_CONNECT_S = 90  # for all that a client does at first, on a machine that has other things to do


class Dask:
    """A client of the scheduler. Raises `ExecutorProblem` when it cannot be reached, or has no workers."""

    def __init__(self, address: str) -> None:
        try:
            self._dask: Any = importlib.import_module("distributed")  # an extra, without types
        except ImportError:
            raise ExecutorProblem("dask.distributed is missing: pip install 'jobsync-harness[cluster]'") from None
        try:
            _knock(address)
            self._client = self._dask.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as exc:
            raise ExecutorProblem(
                f"no scheduler answers at {address}: {exc}; start one (`dask scheduler`) and give its address"
            ) from None
        if not self._workers():
            self._client.close()
            raise ExecutorProblem(f"the scheduler at {address} has no workers: start some with `dask worker {address}`")

    def __enter__(self) -> Dask:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def results(
        self, work: Callable[[T], R], tasks: Iterable[T], jobs: int, limit_s: float
    ) -> Generator[tuple[T, R | Died]]:
        """`jobs` is no bound here, unless it is 1: then one task is played at a time."""
        waiting, under_way = iter(tasks), dict[str, tuple[Any, T]]()
        ended = self._dask.as_completed(loop=self._client.loop)
        try:
            self._fill(work, waiting, under_way, ended, 1 if jobs == 1 else self._room(), limit_s)
            while under_way:
                future = next(ended)
                _, task = under_way.pop(future.key)
                yield task, _answer(future)
                self._fill(work, waiting, under_way, ended, 1 if jobs == 1 else self._room(), limit_s)
        finally:
            for future, _ in under_way.values():
                with suppress(Exception):
                    future.cancel()

    def _fill(
        self,
        work: Callable[[T], R],
        waiting: Iterator[T],
        under_way: dict[str, tuple[Any, T]],
        ended: Any,
        room: int,
        limit_s: float,
    ) -> None:
        while len(under_way) < room:
            try:
                task = next(waiting)
            except StopIteration:
                return
            future = self._client.submit(_play, work, task, limit_s, pure=False, retries=2)
            under_way[future.key] = (future, task)
            ended.add(future)

    def _workers(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return found

    def _room(self) -> int:
        return max(1, _SPARE * sum(int(worker["nthreads"]) for worker in self._workers().values()))


def _knock(address: str) -> None:
    """Is anybody there at all? A client tries again and again before it gives up. Raises `OSError`, `ValueError`."""
    place = urlsplit(address if "://" in address else f"tcp://{address}")
    if place.hostname is not None and place.port is not None:
        socket.create_connection((place.hostname, place.port), _KNOCK_S).close()


def EXECUTOR(wanted: Wanted) -> Dask:
    if wanted.scheduler is None:
        raise ExecutorProblem("--executor dask needs --scheduler ADDRESS, such as tcp://127.0.0.1:8786")
    return Dask(wanted.scheduler)


def _answer(future: Any) -> Any:
    if future.status == "finished":
        return future.result()
    exc = future.exception()
    return Died("died", f"its workers died, one after the other ({type(exc).__name__}: {exc})")


# ---- in a worker of the cluster -------------------------------------------------------------------------------------


class _OneAtATime:
    """One process that plays what it is given, for as long as the worker lives."""

    def __init__(self, work: Callable[[Any], Any], limit_s: float) -> None:
        self._lock = threading.Lock()
        self._tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        pool: Pool[Any, Any] = Pool(work, 1, limit_s)
        self._results = pool.results(iter(self._tasks.get, None))
        # before Python waits for its children, which would wait for us
        multiprocessing.util.Finalize(self, self._end, exitpriority=10)

    def _end(self) -> None:
        with suppress(ValueError):  # a run is under way: it ends with the process that gave it out
            self._results.close()

    def __call__(self, task: Any) -> Any:
        with self._lock:
            self._tasks.put(task)
            return next(self._results)[1]


_players: dict[tuple[Any, float], _OneAtATime] = {}
_players_lock = threading.Lock()


def _play(work: Callable[[Any], Any], task: Any, limit_s: float) -> Any:
    with _players_lock:
        # a worker under a nanny is a daemon, which Python lets have no children; the pool ends its own
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
        player = _players.setdefault((work, limit_s), _OneAtATime(work, limit_s))
    return player(task)
