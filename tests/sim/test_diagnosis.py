"""A run that cannot go on ends with a verdict that says where everybody stands; it never hangs, and raises nothing."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

import targets.mobile
from harness import plan, registry
from harness.runs import recorder
from harness.runs.run import RunResult, execute
from harness.runtimes import Stalled
from harness.runtimes.sim.world import World
from harness.verdict import CheckResult, Verdict

SIM = registry.find("runtime", "sim")
PLAN = """
version: 1
duration: 4s
topology: one-user
timing: fast
workload: {script: [{at: 100ms, node: mobile-1, do: open}, {at: 1s, node: desktop-1, do: create, job: a}]}
"""

Program = Callable[[Sequence[str], Mapping[str, str]], Awaitable[None]]
real_mobile: Program = targets.mobile.main


def beside_the_mobile(doing: Callable[[], Awaitable[None]]) -> Program:
    async def main(argv: Sequence[str], env: Mapping[str, str]) -> None:
        companion = asyncio.ensure_future(doing())
        await real_mobile(argv, env)
        await companion

    return main


def run(monkeypatch: pytest.MonkeyPatch, doing: Callable[[], Awaitable[None]], **options: Any) -> RunResult:
    monkeypatch.setattr(targets.mobile, "main", beside_the_mobile(doing))
    return execute(plan.expand(plan.parse(PLAN), 1), SIM, options=options)


def told(result: RunResult) -> CheckResult:
    return next(r for r in result.results if r.check == "runtime")


def stacks_of(result: RunResult) -> list[str]:
    return [str(part["what"]) for part in told(result).details["story"]]


# ---- deadlock -------------------------------------------------------------------------------------------------------


async def listens_for_ever() -> None:
    await asyncio.Event().wait()


def deadlocked() -> Stalled:
    world = World(1)
    nodes = [world.add_node(name) for name in ("left", "right")]

    async def play() -> None:
        for node in nodes:
            world.spawn(node, listens_for_ever)
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stalled) as caught:
        world.run(play)
    return caught.value


def test_with_nothing_scheduled_and_somebody_waiting_it_is_a_deadlock() -> None:
    stalled = deadlocked()
    assert stalled.code == "deadlock"
    assert stalled.message == "deadlock at t=0.000000 s: no callback is ready and no timer is set"


def test_a_deadlock_tells_what_each_node_waits_for() -> None:
    stacks = deadlocked().stacks
    assert set(stacks) == {"the harness", "left", "right"}
    for node in ("left", "right"):
        (line,) = stacks[node]
        assert line.startswith(f"{node} main: {__name__}:")
        assert "listens_for_ever > asyncio.locks:" in line
        assert line.endswith("Event.wait, waits for a future")


def test_a_run_that_deadlocks_is_unknown_and_keeps_its_history() -> None:
    class Deadlocks:
        NAME, VERBS, KINDS = "sim", SIM.VERBS, SIM.KINDS

        def execute(self, spec: Any, play: Any) -> Any:
            async def then_nothing(stage: Any) -> None:
                await asyncio.wait_for(play(stage), None)
                asyncio.get_running_loop()._heap.clear()  # type: ignore[attr-defined]  # nobody's timer ever fires
                await asyncio.get_running_loop().create_future()

            return SIM.execute(spec, then_nothing)

    result = execute(plan.expand(plan.parse(PLAN), 1), Deadlocks())  # type: ignore[arg-type]
    assert result.verdict is Verdict.UNKNOWN
    assert told(result).reason == "deadlock"
    assert result.history is not None
    assert result.history.problem == "the run was ended by a deadlock"
    assert any(op.f == "final" for op in result.history.ops)
    assert result.trace_hash


# ---- livelock -------------------------------------------------------------------------------------------------------


async def spins_in_one_instant() -> None:
    await asyncio.sleep(2)
    for _ in itertools.repeat(None):
        await asyncio.sleep(0)


async def spins_through_time() -> None:
    await asyncio.sleep(2)
    for _ in itertools.repeat(None):
        await asyncio.sleep(1e-6)


@pytest.mark.parametrize("spins", [spins_in_one_instant, spins_through_time])
def test_a_spin_is_a_livelock_and_its_line_is_shown(
    monkeypatch: pytest.MonkeyPatch, spins: Callable[[], Awaitable[None]]
) -> None:
    result = run(monkeypatch, spins, stall_cap=50_000)
    assert result.verdict is Verdict.UNKNOWN
    assert told(result).reason == "livelock"
    assert "more than 50,000 steps in one virtual second" in told(result).message
    assert any(line.startswith("mobile-1: ") and spins.__name__ in line for line in stacks_of(result))
    assert {"relay", "desktop-1", "mobile-1"} <= {line.partition(": ")[0] for line in stacks_of(result)}


def test_steps_spread_over_the_seconds_are_no_livelock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy() -> None:
        for _ in itertools.repeat(None):
            await asyncio.sleep(1e-4)

    result = run(monkeypatch, busy, stall_cap=50_000)
    assert result.verdict is Verdict.VALID, result.results


def test_a_run_with_too_many_steps_in_all_is_a_livelock(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, spins_through_time, step_cap=20_000)
    assert told(result).reason == "livelock"
    assert "more than 20,000 steps by t=" in told(result).message


def test_the_diagnosis_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (run(monkeypatch, spins_in_one_instant, stall_cap=50_000) for _ in range(2))
    assert stacks_of(first) == stacks_of(second)
    assert first.trace_hash == second.trace_hash


# ---- memory ---------------------------------------------------------------------------------------------------------


def test_a_history_that_never_ends_is_cut_before_it_eats_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "OPS_CAP", 5_000)

    async def chatters() -> None:
        from targets.probe import HOST  # noqa: PLC0415 - the node's own, set when it starts

        probe: Any = HOST.get()
        for number in itertools.count():
            await asyncio.sleep(1e-4)
            probe("chatter", number=number)

    result = run(monkeypatch, chatters)
    assert result.verdict is Verdict.UNKNOWN
    assert told(result).reason == "livelock"
    assert "ops or messages" in told(result).message
    assert result.history is not None
    assert len(result.history.ops) == 5_000
    assert stacks_of(result)
