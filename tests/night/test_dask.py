"""A night on a cluster of processes: one is killed in the middle, one is slow; nothing is lost, none is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from night_rig import SMALL, files_of, runs_of, wait_for_runs

pytest.importorskip("distributed")

CLUSTER = """\
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    cluster = LocalCluster(n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None)
    print(cluster.scheduler_address, *(worker.pid for worker in cluster.workers.values()), flush=True)
    sys.stdin.read()
    cluster.close()
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[int]]]:
    """Address of a scheduler, and the processes of its workers."""
    (tmp_path / "cluster.py").write_text(CLUSTER)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "cluster.py"], cwd=tmp_path, text=True, **pipes) as process:
        assert process.stdout is not None and process.stdin is not None
        address, *pids = process.stdout.readline().split()
        try:
            yield address, [int(pid) for pid in pids]
        finally:
            process.stdin.close()


def nightly(folder: Path, store: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "harness", "nightly", "n.yaml", "--night", "n", "--store", store, *words]


def test_a_night_on_a_cluster_is_the_night(tmp_path: Path, cluster: tuple[str, list[int]]) -> None:
    address, (killed, slow, _) = cluster
    (tmp_path / "n.yaml").write_text(SMALL)
    words = ("--executor", "dask", "--scheduler", address)
    with subprocess.Popen(
        nightly(tmp_path, "cluster", *words), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for_runs(tmp_path / "cluster", 1)
        os.kill(killed, signal.SIGKILL)
        os.kill(slow, signal.SIGSTOP)
        time.sleep(1.5)
        os.kill(slow, signal.SIGCONT)
        _, err = process.communicate(timeout=240)
    assert process.returncode == 1, err
    alone = subprocess.run(nightly(tmp_path, "alone"), cwd=tmp_path, capture_output=True, timeout=240, check=False)
    assert alone.returncode == 1
    assert runs_of(tmp_path / "cluster") == runs_of(tmp_path / "alone") and len(runs_of(tmp_path / "alone")) == 8
    assert files_of(tmp_path / "cluster") == files_of(tmp_path / "alone")


def test_without_a_scheduler_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(SMALL)
    for words, said in (
        (("--executor", "dask"), "needs --scheduler ADDRESS"),
        (("--executor", "dask", "--scheduler", "tcp://127.0.0.1:9"), "no scheduler answers at tcp://127.0.0.1:9"),
    ):
        found = subprocess.run(
            nightly(tmp_path, "s", *words), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert found.returncode == 255 and said in found.stderr and "Traceback" not in found.stderr
