"""A desktop or mobile of somebody else opens its probe as anywhere: it dials the harness, off the links."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign_rig import PLAN, QUIET, run, schedule

from harness.runs.run import RunResult
from harness.runtimes import RuntimeUnavailable
from harness.runtimes.sim.machines.environment import environment
from harness.verdict import Verdict

# the reference's programs as somebody would write them who knows of no host in the process
DIALS = """
from targets import probe
from targets.{role} import main as program

async def main(argv, env):
    probe.HOST.set(None)
    await program(argv, env)
"""
NODES = "{mobile-1: {kind: module, module: a_mobile, path: .%s}, desktop-1: {kind: module, module: a_desktop, path: .}}"


def hunted(folder: Path, more: str = "", seed: int = 0, text: str = PLAN) -> RunResult:
    for role in ("mobile", "desktop"):
        (folder / f"a_{role}.py").write_text(DIALS.format(role=role))
    return run(folder, NODES % more, seed, text)


@pytest.mark.parametrize("seed", range(3))
def test_programs_that_dial_in_are_driven_and_judged(tmp_path: Path, seed: int) -> None:
    result = hunted(tmp_path, seed=seed)
    assert (result.verdict, result.signatures, result.ailments) == (Verdict.VALID, [], [])
    assert result.history is not None
    seen = {(op.node, op.f) for op in result.history.ops if op.type == "ok"}
    assert {("mobile-1", "observe"), ("mobile-1", "final"), ("desktop-1", "commit"), ("desktop-1", "chunk")} <= seen
    assert [result.history.header.nodes[name]["level"] for name in ("desktop-1", "mobile-1")] == [2, 2]


def test_their_defects_are_found(tmp_path: Path) -> None:
    results = [hunted(tmp_path, ", env: {PROFILE: documented}", seed) for seed in range(4)]
    assert any(result.verdict is Verdict.INVALID for result in results)


def test_equal_seeds_give_equal_runs(tmp_path: Path) -> None:
    assert len({hunted(tmp_path, seed=3).trace_hash for _ in range(2)}) == 1


def test_the_probes_links_are_no_links_of_the_system(tmp_path: Path) -> None:
    faults = "faults: [{action: reconnect, clients: [mobile-1], at: 500ms, downtime: 300ms}]\n"
    history = hunted(tmp_path, text=QUIET + faults).history
    assert history is not None
    assert not [tap.link for tap in history.taps if "harness" in tap.link]
    (heal,) = [op for op in history.ops if op.f == "fault-heal"]
    assert heal.value["effect"]["connections_cut"] == 1


def test_a_killed_program_dials_in_again(tmp_path: Path) -> None:
    faults = "faults: [{action: kill, nodes: [mobile-1], at: 500ms, restart: 300ms}]\n"
    result = hunted(tmp_path, text=QUIET.replace("2s", "4s") + faults)
    assert (result.verdict, result.ailments) == (Verdict.VALID, [])


def test_a_program_without_a_probe_is_told_that_it_needs_one(tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text("import asyncio\nasync def main(argv, env):\n    await asyncio.sleep(1e6)\n")
    with pytest.raises(RuntimeUnavailable, match=r"mobile-1 does not start: it opened no probe within 30 s"):
        run(tmp_path, "{mobile-1: {kind: module, module: mute, path: .}}")


def test_nothing_but_the_dialled_probe_made_it_heard(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"mobile-1 does not start: it opened no probe"):
        hunted(tmp_path, ", env: {HARNESS_PROBE_URL: ''}")


def test_a_wrong_token_opens_no_probe(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"mobile-1 does not start: it opened no probe"):
        hunted(tmp_path, ", env: {HARNESS_PROBE_TOKEN: x}")


def test_where_to_dial_is_in_the_environment_of_foreign_programs_alone(tmp_path: Path) -> None:
    system = schedule(tmp_path, "{mobile-1: {kind: module, module: mine}}").system
    env = environment(system, system.node("mobile-1"), 1, "")
    assert (env["HARNESS_PROBE_URL"], env["HARNESS_PROBE_TOKEN"]) == ("ws://probe.harness:9000/", "probe-of-mobile-1")
    assert "HARNESS_PROBE_URL" not in environment(system, system.node("desktop-1"), 1, "")
