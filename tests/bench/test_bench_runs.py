"""What the benchmarks measure is right and repeatable; how fast it is, they say themselves."""

from __future__ import annotations

from pathlib import Path

import against
import cluster
import options
import pytest
import simulator
import toy

from harness import registry
from harness.night.executors.local import Local
from harness.runs.run import execute


@pytest.mark.skipif(not (against.ROOT / ".git").exists(), reason="an older tree is a commit of a git repository")
def test_an_older_tree_is_measured_as_this_one_is_and_gone_afterwards() -> None:
    with against.older_tree("HEAD") as older:
        figures = against.work(older, "runs", "quickstart")
        assert older != against.ROOT
    assert set(figures) == set(against.work(against.ROOT, "runs", "quickstart"))
    assert 0 < figures["  quickstart, judging"] < figures["quickstart"]
    assert not older.exists()
    assert str(older) not in against._git("worktree", "list")


@pytest.mark.skipif(not (against.ROOT / ".git").exists(), reason="a commit is one of a git repository")
def test_what_is_neither_a_commit_nor_a_part_is_told() -> None:
    commit, parts = against.asked(["starts", "HEAD"])
    assert against._git("rev-parse", "HEAD").startswith(commit) and parts == ["starts"]
    for words, wrong in ((["nonsense"], "nonsense"), (["HEAD", "run"], "run")):
        with pytest.raises(SystemExit, match=rf"\A{wrong} is neither a commit nor a part; parts are runs, starts"):
            against.asked(words)


def test_a_ratio_is_what_the_older_tree_takes_by_what_this_one_takes(capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = Path("elsewhere")
    against.compared(elsewhere, lambda tree: {"a message": 3.0 if tree == elsewhere else 2.0}, 3, "µs")
    assert capsys.readouterr().out.split() == ["a", "message", "3", "µs", "2", "µs", "1.50", "1.00"]


@pytest.mark.parametrize("kind", toy.KINDS)
def test_the_toy_converges_after_every_kind_of_fault(kind: str) -> None:
    jobs = toy.random_plan(1).jobs
    plan = toy.ToyPlan(40.0, jobs, [toy.Trouble(10.0 + 3 * n, kind, "mobile", 2.5) for n in range(3)])
    first, second = toy.play(plan, 1), toy.play(plan, 1)
    assert first.right
    assert first == second


def test_a_toy_that_loses_a_chunk_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "_SETTLES_WITHIN_S", 5.0)
    monkeypatch.setattr(toy.Mobile, "connected", toy.Device.connected)  # it never asks
    assert not toy.play(toy.standard_plan(), 1).right


def test_the_products_plan_has_the_toys_faults_and_is_valid() -> None:
    sim = registry.find("runtime", "sim")
    for number in range(3):
        schedule = simulator.product_plan(number)
        assert len(schedule.faults) == len(toy.random_plan(number).faults)
        assert not execute(schedule, sim).signatures


def test_every_part_of_the_product_has_a_cost(capsys: pytest.CaptureFixture[str]) -> None:
    simulator.cost(runs=1)
    said = capsys.readouterr().out
    for part in ("websockets", "network", "components", "journals", "checkers"):
        assert part in said
    shares = [int(line.split("%")[0].split()[-1]) for line in said.splitlines()]
    assert 95 <= sum(shares) <= 105


def test_batches_save_more_messages_the_faster_a_stream_is() -> None:
    slow, fast = options.batches(20), options.batches(100)
    assert 0.5 < slow < fast
    assert fast > 0.8


def test_deltas_save_more_bytes_the_larger_the_metadata_are() -> None:
    small, large = options.deltas(3), options.deltas(30)
    assert 0 < small < large


def test_the_items_of_a_night_that_are_measured_are_played(tmp_path: Path) -> None:
    wanted = cluster.items(3, tmp_path)
    assert [item.number for item in wanted] == [0, 1, 2] and not list(tmp_path.iterdir())
    assert cluster.seconds(Local(), wanted, 1) > 0
    assert cluster.efficiency(10.0, 5.0, 1) == 2.0


def test_a_wish_is_shown_at_once_only_with_optimistic_updates() -> None:
    assert options.latency_ms(["option.optimistic"]) < 10 < options.latency_ms([])
