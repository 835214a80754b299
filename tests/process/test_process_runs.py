"""One plan as processes: its verdict, its files, and nothing left on the machine, however it went."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from process_rig import Machine, all_end, processes_of
from real_runs import BUSY, DOUBLING, HELD

from harness.history import read_history
from harness.runtimes.process import leftovers

pytestmark = pytest.mark.toxiproxy
LONG = BUSY.replace("duration: 6s", "duration: 60s").replace("for: 5s", "for: 59s")


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


def test_a_run_of_the_simulator_is_played_again_in_its_order(machine: Machine) -> None:
    (machine.folder / "plan.yaml").write_text(DOUBLING)
    assert machine.harness("run", "plan.yaml").code == 0
    run = machine.harness("replay", "latest", "--runtime", "process", "--json")
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    said = re.search(r"(\d+) of (\d+) deliveries came in the recorded order", run.err)
    assert said is not None, run.err
    in_order, came = map(int, said.groups())
    assert came > 20 and in_order > came / 2
