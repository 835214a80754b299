"""One plan as processes: its verdict, its files, and nothing left on the machine, however it went."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from process_rig import Machine, all_end, processes_of
from real_runs import BUSY, DOUBLING, HELD

from harness import plan, registry
from harness.history import Op, read_history
from harness.runs.run import RunResult, execute
from harness.runtimes import Runtime
from harness.runtimes.process import leftovers
from harness.verdict import Verdict

pytestmark = pytest.mark.toxiproxy
LONG = BUSY.replace("duration: 6s", "duration: 60s").replace("for: 5s", "for: 59s")
DEATHS = """\
version: 1
duration: 11s
topology: one-user
timing: fast
workload: {jobs: 10, rate: 15/s, mobile_rate: 1/s, spread: 10500ms}
settle: {quiesce: 1s}
faults:
  - {action: kill, nodes: [desktop-1], restart: 700ms, at: 1s}
  - {action: kill, nodes: [relay], signal: TERM, restart: 700ms, at: 3s}
  - {action: kill, nodes: [mobile-1], restart: 700ms, at: 5s}
  - {action: pause, nodes: [relay], at: 6500ms, for: 1s}
  - {name: new disk, action: kill, nodes: [desktop-1], restart: 500ms, wipe: true, at: 8500ms}
"""


WRONG = """\
version: 1
duration: 3s
topology: one-user
timing: fast
workload: {jobs: 6, rate: 20/s, mobile_rate: 3/s, spread: 2900ms}
faults:
  - {action: clock, nodes: [desktop-1], skew: 1h, at: 300ms, for: 1s}
  - {action: slow_disk, nodes: [desktop-1], latency: 60ms, at: 1500ms, for: 1s}
"""


# Each of these is the wire's work, not Toxiproxy's.
TOXIC = """\
version: 1
duration: 7s
topology: two-mobiles
timing: fast
workload: {jobs: 8, rate: 20/s, mobile_rate: 3/s, spread: 6500ms}
settle: {quiesce: 1s}
faults:
  - {name: spared, action: toxic, links: ["mobile-1->relay", "mobile-2->relay"], type: latency, stream: downstream,
     toxicity: 0.5, attributes: {latency: 60}, at: 300ms, for: 800ms}
  - {name: silence, action: toxic, links: [mobile-1->relay], type: timeout, stream: downstream,
     attributes: {timeout: 300}, at: 1400ms, for: 800ms}
  - {name: slowly, action: slow_close, links: [mobile-2<->relay], delay: 300ms, at: 2500ms, for: 1s}
  - {action: kill, nodes: [mobile-2], signal: TERM, restart: 200ms, at: 2700ms}
  - {name: resets, action: toxic, links: [mobile-2->relay], type: reset_peer, stream: upstream,
     attributes: {timeout: 20}, at: 3600ms, for: 500ms}
  - {name: deaf, action: slow_consumer, nodes: [mobile-1], at: 4500ms, for: 700ms}
  - {name: sliced, action: slicer, links: [relay->mobile-1], average_size: 200, at: 5500ms, for: 800ms}
  - {name: sliced too, action: slicer, links: [relay->mobile-1], average_size: 90, at: 5500ms, for: 800ms}
"""


def played(text: str, seed: int = 3) -> RunResult:
    process: Runtime = registry.find("runtime", "process")
    schedule = plan.expand(plan.parse(text, "p"), seed, runtime_verbs=process.VERBS, why_not=process.WHY_NOT)
    return execute(schedule, process)


def test_a_run_is_valid_on_hardened_keeps_its_logs_and_leaves_nothing(machine: Machine) -> None:
    run = machine.run(DOUBLING)
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    assert run.is_clean() and not processes_of(run.pid)
    assert {"prepare", "start", "play", "stop", "check"} <= set(run.record["phases"])
    for node in ("desktop-1", "mobile-1", "relay", "toxiproxy", "wire"):
        assert (run.directory / "nodes" / node / "stderr.log").is_file()


def test_the_same_plan_doubles_a_text_on_documented(machine: Machine) -> None:
    repaired = DOUBLING.replace("body: false", "body: true")  # in the end: nobody has to wait for what never converges
    run = machine.run(repaired, "--profile", "documented")
    assert run.code == 1, run.out + run.err
    assert run.said["checks"]["stream-integrity"]["reason"] == "double-append"


def test_processes_that_are_killed_paused_or_wiped_come_back_and_the_replica_converges(machine: Machine) -> None:
    result = played(DEATHS)
    assert result.ailments == []
    assert result.verdict is Verdict.VALID, [(r.check, r.message) for r in result.results if r.verdict]
    assert result.history is not None
    heals = [op.value for op in result.history.ops if op.f == "fault-heal"]
    met = {(said["fault"].partition(" ")[0], said["nodes"][0]): said["effect"] for said in heals}
    again = {"processes_killed": 1, "processes_restarted": 1}
    assert [met["kill", node] for node in ("desktop-1", "relay", "mobile-1")] == [again] * 3
    assert met["pause", "relay"] == {"processes_paused": 1}
    assert met["new", "desktop-1"] == {**again, "stores_wiped": 1}
    stores = [op.value["store"] for op in result.history.ops if op.f == "recovered" and isinstance(op.value, dict)]
    assert len(stores) == 3 and stores[0] == stores[1] != stores[2], "the disk outlives a kill, and not a wipe"


def test_a_wrong_clock_and_a_slow_disk_are_the_programs_own(machine: Machine) -> None:
    result = played(WRONG)
    assert result.ailments == []
    assert result.verdict is Verdict.VALID, [(r.check, r.message) for r in result.results if r.verdict]
    assert result.history is not None
    met = {op.value["action"]: op.value["effect"] for op in result.history.ops if op.f == "fault-heal"}
    assert met["clock"] == {"clocks_set_off": 1} and met["slow_disk"]["statements_slowed"] > 0
    told_ms = [s["updatedAt"] for op in result.history.ops if (s := changed(op)) and "updatedAt" in s]
    ahead_ms = [at_ms - min(told_ms) for at_ms in told_ms]
    assert any(3_600_000 <= ms < 3_660_000 for ms in ahead_ms) and any(ms < 60_000 for ms in ahead_ms)


def test_toxics_that_toxiproxy_cannot_have_safely_are_the_wires(machine: Machine) -> None:
    result = played(TOXIC)
    assert result.ailments == []
    assert result.verdict is Verdict.VALID, [(r.check, r.message) for r in result.results if r.verdict]
    assert result.history is not None
    met = {op.value["fault"]: op.value["effect"] for op in result.history.ops if op.f == "fault-heal"}
    wanted = {
        "spared": "bytes_delayed",
        "silence": "bytes_dropped",
        "slowly": "closes_slowed",
        "resets": "connections_reset",
        "deaf": "bytes_unread",
        "sliced": "bytes_sliced",
        "sliced too": "bytes_sliced",
    }
    assert {name: met[name].get(count, 0) > 0 for name, count in wanted.items()} == dict.fromkeys(wanted, True), met
    assert ("slices" in met["sliced"]) != ("slices" in met["sliced too"]), "one by Toxiproxy, which tells no pieces"


def changed(op: Op) -> dict[str, Any]:
    """Columns that a commit set."""
    found: dict[str, Any] = op.value.get("set", {}) if op.f == "commit" and isinstance(op.value, dict) else {}
    return found or {}


def test_ctrl_c_heals_ends_everything_and_keeps_a_history_that_can_be_checked(machine: Machine) -> None:
    with machine.started(HELD) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        run = started.finish(by=signal.SIGINT)
    assert run.code == 130, run.err
    assert run.is_clean() and not processes_of(run.pid)
    faults = [op.f for op in read_history(run.directory / "history.jsonl.gz").ops if op.process == "nemesis"]
    assert sorted(faults) == ["fault-begin", "fault-heal"]


def test_the_processes_of_a_killed_harness_end_with_it(machine: Machine) -> None:
    with machine.started(HELD) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        assert processes_of(started.process.pid)
        assert not [one for one in leftovers.found() if one.pid in processes_of(started.process.pid)]
        started.process.kill()
        started.process.wait()
    assert all_end(started.process.pid)


def test_one_that_somebody_kills_makes_the_run_unknown_with_that_sentence_first(machine: Machine) -> None:
    with machine.started(LONG) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        started.end("desktop-1", signal.SIGKILL)
        run = started.finish()
    assert (run.code, run.said["verdict"]) == (2, "UNKNOWN"), run.out + run.err
    summary = (run.directory / "summary.md").read_text().splitlines()[0].replace("\\", "")
    assert summary.startswith("# UNKNOWN: Not decided: desktop-1 exited with code 137 ")


def test_one_that_ends_by_itself_is_a_finding_of_its_own(machine: Machine) -> None:
    with machine.started(LONG) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        started.end("relay", signal.SIGSEGV)
        run = started.finish()
    found = {name: said["reason"] for name, said in run.said["checks"].items() if said["verdict"] == "INVALID"}
    assert found == {"liveness": "exited"}, run.out + run.err


@pytest.mark.parametrize(("name", "said"), [("toxiproxy", "Toxiproxy stopped answering"), ("wire", "wire")])
def test_what_carries_the_links_and_dies_makes_the_run_unknown(machine: Machine, name: str, said: str) -> None:
    with machine.started(BUSY) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        started.end(name, signal.SIGKILL)
        run = started.finish()
    assert (run.code, run.said["verdict"]) == (2, "UNKNOWN"), run.out + run.err
    assert any(said in line for line in (run.out, *run.record["ailments"]))
    assert run.is_clean() and not processes_of(run.pid)


def test_nothing_of_the_harness_reaches_a_component_but_what_it_needs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_USER", "for nobody")
    with machine.started(HELD) as started:
        started.wait_until(lambda: "fault-begin" in started.history())
        environment = Path(f"/proc/{started.pid_of('relay')}/environ").read_bytes()
        started.finish(by=signal.SIGINT)
    assert b"NODE_NAME=relay" in environment
    assert b"A_SECRET_OF_THE_USER" not in environment
