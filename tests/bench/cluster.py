"""How well a night spreads: the same items by one process, by processes of this machine, and by a cluster's workers.

    python tests/bench/cluster.py [--items N] [--workers N]

The ideal is the time of one process divided by the workers, or by the processors that there are, if those are fewer.
What is printed is the ideal over what it took: 1.0 is perfect. Workers are warm when the clock starts.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.hunting.pool import Died
from harness.night.executors import Executor
from harness.night.executors.dask import Dask
from harness.night.executors.local import Local
from harness.night.items import Item, Items, Shard
from harness.night.words import parse
from harness.night.work import work

NIGHT = """\
version: 1
keep: {runs: none}
parts:
  - {name: written, plans: [edge], seeds: 1000}
"""
_LIMIT_S = 600.0


def items(count: int, folder: Path) -> list[Item]:
    found = Items(parse(NIGHT, folder / "night.yaml"), "bench", 0, folder).of("simulated", Shard())
    return [item for _, item in zip(range(count), found, strict=False)]


def seconds(executor: Executor, wanted: list[Item], jobs: int) -> float:
    """From the first answer, when workers are there, to the last."""
    began_s, done = 0.0, 0
    for _, packed in executor.results(work, wanted, jobs, _LIMIT_S):
        assert not isinstance(packed, Died), packed.why
        began_s = began_s or time.perf_counter()
        done += 1
    assert done == len(wanted)
    return time.perf_counter() - began_s


@contextmanager
def cluster(workers: int) -> Iterator[Dask]:
    from distributed import LocalCluster  # noqa: PLC0415 - an extra

    kind = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(n_workers=workers, **kind) as found, Dask(found.scheduler_address) as executor:
        for _ in executor.results(work, items(2 * workers, Path()), workers, _LIMIT_S):
            pass  # each has loaded what it needs
        yield executor


def efficiency(one_s: float, took_s: float, workers: int) -> float:
    return one_s / min(workers, os.cpu_count() or 1) / took_s


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--items", type=int, default=120)
    options.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wanted = items(given.items, Path(folder))
        one_s = seconds(Local(), wanted, 1)
        here_s = seconds(Local(), wanted, given.workers)
        with cluster(given.workers) as executor:
            there_s = seconds(executor, wanted, given.workers)
    print(f"{given.items} runs by one process: {one_s:.2f} s")
    for name, took_s in (("processes", here_s), ("dask.distributed", there_s)):
        share = efficiency(one_s, took_s, given.workers)
        print(f"{given.workers} workers, {name}: {took_s:.2f} s, {share:.2f} of the ideal")


if __name__ == "__main__":
    main()
