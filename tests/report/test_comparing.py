"""Two runs side by side: what one has and the other has not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from a_run import file_run
from simulated import played

from harness.history import Tap
from harness.report.apart import comparing
from harness.report.apart.comparing import Comparison, Pair, compare
from harness.store.rundir import StoredRun, read_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[StoredRun]:
    """Good rules and those of the design document, on one plan and seed."""
    store = tmp_path_factory.mktemp("comparing") / "store"
    kept = [played(store, "edge/duplicate-events", profile=profile) for profile in ("hardened", "documented")]
    return [read_run(one.directory) for one in kept if one.directory is not None]


@pytest.fixture(scope="module")
def found(runs: list[StoredRun]) -> Comparison:
    return compare(*runs)


def named(pairs: list[Pair]) -> dict[str, tuple[str, str]]:
    return {pair.name: (pair.first, pair.second) for pair in pairs}


def test_facts_that_differ_are_told_and_those_that_do_not_are_named(found: Comparison) -> None:
    facts = named(found.facts)
    assert facts["profile"] == ("hardened", "documented") and facts["verdict"] == ("VALID", "INVALID")
    assert {"plan", "seed", "plan's text", "runtime", "version of python"} <= set(found.same)
    assert not set(facts) & set(found.same)


def test_signatures_are_sorted_by_who_has_them(found: Comparison, runs: list[StoredRun]) -> None:
    assert found.only_first == [] and ("stream-integrity", "shrunk") in found.only_second
    turned = compare(runs[1], runs[0])
    assert (turned.only_first, turned.only_second) == (found.only_second, [])
    alone = compare(runs[1], runs[1])
    assert alone.only_first == alone.only_second == [] and alone.both == found.only_second


def test_each_checker_whose_word_differs_is_told_with_its_reasons(found: Comparison) -> None:
    checks = named(found.checks)
    assert checks["stream-integrity"] == ("VALID", "INVALID, shrunk")
    assert all(first != second for first, second in checks.values())


def test_they_part_somewhere_and_a_run_is_like_itself(found: Comparison, runs: list[StoredRun]) -> None:
    assert found.parting is not None and not found.alike
    alone = compare(runs[0], runs[0], times=True)
    assert alone.alike and alone.parting is None and alone.facts == [] and alone.ops[0] == alone.ops[1] > 10


def test_messages_are_counted_as_they_were_sent(tmp_path: Path) -> None:
    runs = [file_run(tmp_path / name, "d:+a m:a=1") for name in "ab"]
    for run, types in zip(runs, (["job:created", "ping"], ["ping", "job:deleted", "job:deleted"]), strict=True):
        assert run.history is not None
        run.history.taps = [
            Tap(time_ns=1, link="relay->mobile-1", side=side, conn=1, bytes=1, type=type_)
            for type_ in types
            for side in ("in", "out", "out")
        ]
    assert named(compare(*runs).messages) == {"job:created": ("1", "0"), "job:deleted": ("0", "2")}


def test_final_states_are_told_where_they_differ(tmp_path: Path) -> None:
    first = file_run(tmp_path / "a", "d:+a m:a=1 m:final d:final")
    assert first.history is not None
    second = msgspec.structs.replace(first, history=msgspec.structs.replace(first.history, ops=list(first.history.ops)))
    assert second.history is not None
    finals = [(i, op) for i, op in enumerate(second.history.ops) if op.f == "final" and op.node == "mobile-1"]
    assert finals, "the notation has no final state"
    at, op = finals[0]
    (job,) = op.value["jobs"]
    state = {
        **op.value,
        "gauges": {"calls": 3},
        "jobs": {job: {**op.value["jobs"][job], "status": "failed"}, "z": {"id": "z"}},
    }
    second.history.ops[at] = msgspec.structs.replace(op, value=state)
    states = named(compare(first, second).states)
    assert states.pop("mobile-1: z") == ("–", '{"id": "z"}')
    assert list(states) == [f"mobile-1: {job}.status"] and states[f"mobile-1: {job}.status"][1] == '"failed"'


def test_more_differences_of_states_than_can_be_read_are_counted(
    found: Comparison, runs: list[StoredRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    total = len(found.states) + found.more_states
    assert total > 1
    monkeypatch.setattr(comparing, "MOST_STATES", 1)
    fewer = compare(*runs)
    assert (len(fewer.states), fewer.more_states) == (1, total - 1)


def test_a_run_that_never_started_can_be_compared(tmp_path: Path) -> None:
    run = file_run(tmp_path / "a", "d:+a m:a=1")
    nothing = msgspec.structs.replace(run, history=None)
    found = compare(run, nothing)
    assert found.ops[1] == 0 and found.parting is not None and not found.alike
    assert compare(nothing, nothing).parting is None
