"""Nights that are really played: whole, in shards, killed and resumed, in little time and little memory."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from night_rig import SMALL, files_of, runs_of, wait_for_runs

from harness.night.items import Items, Shard
from harness.night.ledger import Ledger
from harness.night.words import parse
from harness.night.work import OUT_OF_MEMORY
from harness.store.index import Store
from harness.verdict import Verdict

pytestmark = pytest.mark.xdist_group("nights")


def harness(*words: str, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("nights")
    (found / "n.yaml").write_text(SMALL)
    return found


@pytest.fixture(scope="module")
def whole(folder: Path) -> subprocess.CompletedProcess[str]:
    return harness("nightly", "n.yaml", "--night", "n", "--store", "whole", "--jobs", "2", cwd=folder)


def test_a_night_says_what_is_new_and_how_to_see_it(whole: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert whole.returncode == 1, whole.stderr
    text = (folder / "whole/nights/n/summary.md").read_text()
    results = json.loads((folder / "whole/nights/n/results.json").read_text())
    assert (results["runs"], results["planned"], results["verdict"]) == (8, 8, "INVALID")
    assert {failure["part"] for failure in results["failures"]} == {"broken"}
    first = results["failures"][0]
    assert first["minimal_plan"] and first["minimal_ops"] + first["minimal_faults"] <= 10 and first["shape"]
    assert f"harness run {first['plan']} --seed {first['seed']} --profile documented" in text
    assert first["minimal_plan"].strip() in text and results["shards"][0]["again"] > 0
    assert len(runs_of(folder / "whole")) == 8


def test_the_smallest_plan_that_is_told_fails_so(whole: subprocess.CompletedProcess[str], folder: Path) -> None:
    first = json.loads((folder / "whole/nights/n/results.json").read_text())["failures"][0]
    (folder / "minimal.yaml").write_text(first["minimal_plan"])
    played = harness("run", "minimal.yaml", "--profile", "documented", "--json", cwd=folder)
    assert json.loads(played.stdout)["checks"][first["check"]]["reason"] == first["reason"]


def test_a_plan_that_nobody_wrote_is_played_again_by_its_seed(
    whole: subprocess.CompletedProcess[str], folder: Path
) -> None:
    words = ("hunt", "--seeds", "2..3", "--no-guide", "--profile", "hardened", "--store", "again", "--jobs", "1")
    assert harness(*words, cwd=folder).returncode == 0

    def traces(store: str) -> list[str | None]:
        return [row.trace_hash for row in Store(folder / store).rows() if row.plan == "generated-2"]

    assert traces("again") == traces("whole") and len(traces("again")) == 1


def test_shards_put_together_are_the_night(whole: subprocess.CompletedProcess[str], folder: Path) -> None:
    for k in (1, 2):
        played = harness("nightly", "n.yaml", "--night", "n", "--shard", f"{k}/2", "--store", f"s{k}", cwd=folder)
        assert "Traceback" not in played.stderr
    half = harness("merge", "s1", "--store", "half", "--json", cwd=folder)
    assert json.loads(half.stdout)["missing_shards"] == ["2/2"]
    merged = harness("merge", "s1", "s2", "--store", "merged", "--json", cwd=folder)
    assert merged.returncode == whole.returncode
    assert runs_of(folder / "merged") == runs_of(folder / "whole")
    assert files_of(folder / "merged") == files_of(folder / "whole")
    told = json.loads((folder / "whole/nights/n/results.json").read_text())
    assert [(f["check"], f["shape"]) for f in json.loads(merged.stdout)["failures"]] == [
        (f["check"], f["shape"]) for f in told["failures"]
    ]


def test_a_night_that_was_killed_goes_on_where_it_was(whole: subprocess.CompletedProcess[str], folder: Path) -> None:
    words = [sys.executable, "-m", "harness", "nightly", "n.yaml", "--night", "n", "--store", "killed", "--jobs", "2"]
    with subprocess.Popen(words, cwd=folder, start_new_session=True, stderr=subprocess.DEVNULL) as process:
        wait_for_runs(folder / "killed", 2)
        os.killpg(process.pid, signal.SIGKILL)
    done = runs_of(folder / "killed")
    assert 2 <= len(done) < 8
    refused = harness("nightly", "n.yaml", "--night", "n", "--store", "killed", cwd=folder)
    assert refused.returncode == 254 and "--resume goes on with it" in refused.stderr
    resumed = harness("nightly", "--resume", "--store", "killed", "--jobs", "2", cwd=folder)
    assert resumed.returncode == whole.returncode, resumed.stderr
    assert runs_of(folder / "killed") == runs_of(folder / "whole")
    assert files_of(folder / "killed") == files_of(folder / "whole")
    again = harness("nightly", "--resume", "--store", "killed", cwd=folder)
    assert again.returncode == 254 and "is left to be ended" in again.stderr


def test_runs_of_a_night_whose_index_was_lost_are_not_taken_for_leftovers(
    whole: subprocess.CompletedProcess[str], folder: Path
) -> None:
    shutil.copytree(folder / "whole", folder / "lost")
    (folder / "lost/index.db").unlink()
    before = files_of(folder / "lost")
    (folder / "one.yaml").write_text("version: 1\nparts:\n  - {name: a, plans: [edge/missing-jobs], seeds: 1}\n")
    played = harness("nightly", "one.yaml", "--night", "n", "--store", "lost", cwd=folder)
    assert played.returncode == 0, played.stderr
    assert before and set(before) <= set(files_of(folder / "lost"))


def test_a_night_ends_within_its_budget_and_says_what_it_left_out(folder: Path) -> None:
    (folder / "long.yaml").write_text("version: 1\nparts:\n  - {name: drawn, generated: true, seeds: 100000}\n")
    began_s = time.monotonic()
    played = harness("nightly", "long.yaml", "--store", "long", "--budget", "4s", "--json", cwd=folder)
    told = json.loads(played.stdout)
    assert told["shards"][0]["out_of_budget"] and 0 < told["runs"] < told["planned"] == 100000
    assert time.monotonic() - began_s < 100


def test_a_run_that_needs_too_much_memory_or_time_is_unknown_and_the_night_goes_on(folder: Path) -> None:
    def doubts(limits: str) -> set[tuple[str, str]]:
        name = limits.split(":", maxsplit=1)[0]
        text = f"version: 1\nlimits: {{{limits}}}\nparts:\n  - {{name: a, plans: [edge/missing-jobs], seeds: 2}}\n"
        (folder / f"{name}.yaml").write_text(text)
        told = json.loads(harness("nightly", f"{name}.yaml", "--store", name, "--json", cwd=folder).stdout)
        assert (told["runs"], told["unknown"]) == (2, 2)
        return {(doubt["check"], doubt["reason"]) for doubt in told["doubts"]}

    assert doubts("run: 1ms") == {("harness", "overdue")}
    assert doubts("memory: 50MB") <= {
        OUT_OF_MEMORY,
        ("harness", "crashed"),
        ("harness", "died"),
        ("harness", "cannot-run"),
    }


def test_ctrl_c_keeps_what_was_done_and_the_night_can_go_on(folder: Path) -> None:
    text = SMALL.replace("seeds: 2", "seeds: 400")  # a minute at least
    (folder / "many.yaml").write_text(text)
    words = [
        sys.executable,
        "-m",
        "harness",
        "nightly",
        "many.yaml",
        "--night",
        "n",
        "--store",
        "stopped",
        "--jobs",
        "1",
    ]
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        wait_for_runs(folder / "stopped", 1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err
    done = Ledger(Store(folder / "stopped")).done("n")
    assert done and (folder / "stopped/nights/n/summary.md").exists()
    night = Items(parse(text, folder / "many.yaml"), "n", 0, folder)
    first = next(night.of("simulated", Shard(), done))
    assert first.number == min(set(range(len(done) + 1)) - done)


def test_what_is_not_deterministic_is_red_with_the_first_event_that_differs(folder: Path) -> None:
    (folder / "shaky.py").write_text(SHAKY)
    text = "version: 1\nagain: 100%\nparts:\n  - {name: a, plans: [shaky.yaml], seeds: 1}\n"
    (folder / "shaky-night.yaml").write_text(text)
    (folder / "shaky.yaml").write_text(SHAKY_PLAN)
    played = harness("nightly", "shaky-night.yaml", "--store", "shaky", "--json", "--plugin-path", ".", cwd=folder)
    told = json.loads(played.stdout)
    assert len(told["apart"]) == 1 and told["verdict"] == Verdict.INVALID
    assert "is the first that differs" in told["apart"][0]


SHAKY_PLAN = """\
version: 1
title: An end at any time
duration: 500ms
topology: one-user
timing: fast
workload: {script: [{at: 100ms, node: mobile-1, do: open}]}
faults: [{action: shaky, clients: [mobile-1], at: 200ms, downtime: 50ms}]
"""
SHAKY = '''
"""A connection that ends when it likes, in each process at another time."""

import asyncio
import os
from contextlib import asynccontextmanager

from faults.reconnect import Reconnect


@asynccontextmanager
async def at_any_time(scope):
    await asyncio.sleep(os.getpid() / 1e8)
    async with scope:
        yield


class Shaky(Reconnect):
    ACTION = "shaky"

    def over(self, ground, target, words, occurrence, effect):
        return at_any_time(ground.cut(target, "reset", occurrence.stream, effect))


FAULT = Shaky()
'''
