"""Worker processes: nothing they do loses the other runs, or outlives the pool."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.hunting.pool import Died, Pool


def work(task: tuple[str, str]) -> str:
    """What a worker does in these tests: an order, and a file that it may leave its process id in."""
    order, file = task
    if file:
        Path(file).write_text(str(os.getpid()))
    if order == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "raise":
        raise ValueError("on purpose")
    if order == "hang":
        time.sleep(3600)
    if order == "hang deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(3600)
    return order


def _all(pool: Pool[tuple[str, str], str], orders: list[str]) -> list[str | Died]:
    return [result for _, result in pool.results([(order, "") for order in orders])]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _died(result: str | Died) -> Died:
    assert isinstance(result, Died)
    return result


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_worker_that_dies_takes_only_its_own_run_with_it(jobs: int) -> None:
    results = _all(Pool(work, jobs), ["a", "die", "b", "c"])
    assert sorted(r for r in results if isinstance(r, str)) == ["a", "b", "c"]
    [died] = [r for r in results if isinstance(r, Died)]
    assert died.reason == "died"
    assert "SIGKILL" in died.why


def test_a_worker_that_raises_says_what_and_where() -> None:
    died = _died(_all(Pool(work, 1), ["raise"])[0])
    assert died.reason == "crashed"
    assert died.why.startswith("ValueError: on purpose (test_pool.py:")
    assert "Traceback" in died.trace


@pytest.mark.parametrize("order", ["hang", "hang deaf"])
def test_a_run_that_takes_too_long_is_given_up_and_the_rest_goes_on(order: str) -> None:
    pool: Pool[tuple[str, str], str] = Pool(work, 1, limit_s=1.0, grace_s=0.5)
    results = _all(pool, ["a", order, "b"])
    assert (results[0], results[2]) == ("a", "b")
    assert _died(results[1]).reason == "overdue"


def test_an_idle_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    mark = tmp_path / "pid"

    def tasks() -> Iterator[tuple[str, str]]:
        yield "a", str(mark)
        pid = int(mark.read_text())
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        yield "b", ""

    assert [result for _, result in Pool(work, 1).results(tasks())] == ["a", "b"]


def test_no_worker_outlives_a_pool_that_is_left_early(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    pool: Pool[tuple[str, str], str] = Pool(work, 2, grace_s=10.0)
    results = pool.results([("a", ""), ("hang", str(mark)), ("b", "")])
    next(results)
    while not mark.exists() or not mark.read_text():
        time.sleep(0.01)
    results.close()
    assert not _is_alive(int(mark.read_text()))
