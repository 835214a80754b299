"""A component that somebody else wrote runs beside the built-in ones, and is hunted as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from foreign_rig import PLAN, QUIET, RELAY, USERS, run, run_relay, schedule

from harness import plan, registry
from harness.plan import PlanErrors
from harness.runtimes import RuntimeUnavailable, cannot_start
from harness.runtimes.sim.machines.environment import environment
from harness.verdict import Verdict

ROOT = Path(__file__).parent.parent.parent
SMALL = "{relay: {kind: module, module: targets.foreign.small_relay%s}}"
USES_SMALL = """
from targets.foreign.small_relay import SmallRelay
async def main(argv, env):
    {line}
    await SmallRelay(env).run(env["RELAY_HOST"], int(env["RELAY_PORT"]))
"""


@pytest.mark.parametrize("first", range(0, 16, 8))
def test_a_right_relay_of_somebody_else_is_valid_under_faults(tmp_path: Path, first: int) -> None:
    for seed in range(first, first + 8):
        result = run(tmp_path, SMALL % "", seed, PLAN)
        assert (seed, result.verdict, result.signatures) == (seed, Verdict.VALID, [])


def test_an_innocent_variant_of_it_is_valid_too(tmp_path: Path) -> None:
    for seed in range(6):
        assert run(tmp_path, SMALL % ", env: {RELAY_WRAP: event}", seed, PLAN).verdict is Verdict.VALID


def test_its_planted_defect_is_found_and_named(tmp_path: Path) -> None:
    results = [run(tmp_path, SMALL % ", env: {RELAY_TEXT: nfc}", seed, PLAN) for seed in range(12)]
    found = {signature for result in results for signature in result.signatures}
    assert sum(result.verdict is Verdict.INVALID for result in results) >= 3
    assert ("stream-integrity", "foreign-bytes") in found


def test_a_relay_without_a_probe_is_level_0_and_everybody_else_is_judged(tmp_path: Path) -> None:
    history = run(tmp_path, SMALL % "", 1, PLAN).history
    assert history is not None
    assert [history.header.nodes[name]["level"] for name in ("relay", "desktop-1", "mobile-1")] == [0, 2, 2]
    assert {tap.link for tap in history.taps} >= {"mobile-1->relay", "relay->mobile-1"}


def test_equal_seeds_give_equal_runs_of_foreign_programs(tmp_path: Path) -> None:
    hashes = [run(tmp_path, SMALL % "", seed, PLAN).trace_hash for seed in (3, 3, 4)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_every_start_has_modules_of_its_own(tmp_path: Path) -> None:
    source = "import helper\nhelper.STARTS.append(1)\n" + USES_SMALL.format(line="assert helper.STARTS == [1]")
    (tmp_path / "helper.py").write_text("STARTS = []\n")
    for _ in range(2):
        assert run_relay(tmp_path, source).verdict is Verdict.VALID


def test_clocks_and_draws_bound_by_name_are_the_simulated_ones(tmp_path: Path) -> None:
    source = "from time import time\nfrom random import random\nfrom uuid import uuid4\n" + USES_SMALL.format(
        line="open(argv_out, 'a').write(f'{time()} {random()} {uuid4()}\\n')"
    )
    out = tmp_path / "out"
    for _ in range(2):
        run_relay(tmp_path, source.replace("argv_out", repr(str(out))))
    first, second = out.read_text().splitlines()
    assert first == second
    assert first.startswith("1767225600.0 ")


def test_a_package_on_the_working_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "elsewhere" / "own_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "hub.py").write_text(USES_SMALL.format(line="from own_package import late"))
    (package / "late.py").write_text("")
    monkeypatch.chdir(package.parent)
    assert run(tmp_path, "{relay: {kind: module, module: own_package.hub}}").verdict is Verdict.VALID


def test_what_a_client_of_somebody_else_needs_is_in_its_environment(tmp_path: Path) -> None:
    system = schedule(tmp_path, "{mobile-1: {kind: module, module: mine, env: {MINE: x}}}").system
    env = environment(system, system.node("mobile-1"), 1, "")
    assert env["RELAY_URL"] == "ws://relay:8000/ws/device-link"
    assert env["TOKEN"].count(".") == 2
    assert (env["TIMING_PING_S"], env["TIMING_SCALE"], env["MINE"]) == ("1.5", "20", "x")
    assert "JWT_SECRET" not in env
    assert "JWT_SECRET" in environment(system, system.node("desktop-1"), 1, "")


def test_it_is_killed_paused_and_set_off_its_clock_as_a_built_in_one_is(tmp_path: Path) -> None:
    faults = """
  - {action: kill, nodes: [relay], at: 1s, restart: 300ms}
  - {action: pause, nodes: [relay], at: 3s, for: 400ms}
  - {action: clock, nodes: [relay], skew: 1h, at: 4s, for: 1s}
  - {action: slow_consumer, nodes: [relay], at: 6s, for: 500ms}
"""
    for seed in range(4):
        result = run(tmp_path, SMALL % "", seed, PLAN.partition("faults:")[0] + "faults:" + faults)
        assert (seed, result.verdict, result.signatures) == (seed, Verdict.VALID, [])


def test_what_its_kind_cannot_suffer_is_refused_at_its_place(tmp_path: Path) -> None:
    text = QUIET + "faults: [{action: slow_disk, nodes: [desktop-1], latency: 5ms}]\n"
    with pytest.raises(PlanErrors, match=r"own:6:38: error: slow_disk cannot befall desktop-1: it opens its store"):
        run(tmp_path, "{desktop-1: {kind: module, module: mine}}", text=text)


# ---- what a topology says of kinds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ("{relay: {kind: modul}}", "expected 'builtin', 'module', 'image', 'command' or 'external', not 'modul'"),
        ("{relay: {kind: module}}", "'relay' is of kind module, which needs the key 'module' beside it"),
        ("{relay: {module: x}}", "'module' is for nodes of kind module, and 'relay' is of kind builtin"),
        ("{relay: {kind: image, image: x, path: y}}", "'path' is for nodes of kind module"),
        ("{relay: {kind: module, module: x-y}}", "expected text that matches"),
        ("{relay: {kind: module, module: x, policies: {a: b}}}", "profiles and policies are those of the built-in"),
        ("{relay: {kind: module, module: x, modul: y}}", "unknown key 'modul'"),
        ("{rely: {kind: module, module: x}}", "no node 'rely' in this topology"),
        ("{relay: {kind: command, command: x}}", "expected a list, not 'x'"),
        ("{relay: {kind: external, url: 'http://h/x'}}", "expected ws://HOST:PORT/PATH or wss://"),
        ("{relay: {kind: external, url: 'ws://h/x', ca: ca.pem}}", "'ca' is for a relay with a wss:// url"),
        ("{relay: {tls: perhaps}}", "expected 'none', 'terminate' or 'passthrough', not 'perhaps'"),
    ],
)
def test_a_mistake_in_a_node_is_shown_in_the_topology(tmp_path: Path, nodes: str, said: str) -> None:
    with pytest.raises(PlanErrors) as wrong:
        schedule(tmp_path, nodes)
    assert any(str(e.where.source.name).endswith("own.yaml") and e.where.line == 2 for e in wrong.value.errors)  # type: ignore[union-attr]
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("nodes", "clients"),
    [
        ("{relay: {tls: terminate}}", ["desktop-1", "mobile-1"]),
        ("{mobile-1: {tls: terminate}}", ["mobile-1"]),
        ("{relay: {tls: terminate}, mobile-1: {tls: none}}", ["desktop-1"]),
    ],
)
def test_clients_that_speak_tls_are_those_that_are_told_and_the_simulator_has_none(
    tmp_path: Path, nodes: str, clients: list[str]
) -> None:
    found = schedule(tmp_path, nodes)
    assert [node.name for node in found.system.nodes if node.tls] == clients
    assert cannot_start(registry.find("runtime", "sim"), found.system) == [
        f"{', '.join(clients)}: TLS, and the runtime sim has none"
    ]


def test_a_relay_may_be_described_under_relay_but_not_twice(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("relay: {kind: module, module: x}\n" + USERS)
    system = plan.expand(plan.parse("version: 1\ntopology: t.yaml\n", beside=tmp_path), 0).system
    assert (system.node("relay").kind, system.node("relay").module) == ("module", "x")
    (tmp_path / "t.yaml").write_text("relay: {kind: module, module: x}\nnodes: {relay: {env: {A: b}}}\n" + USERS)
    with pytest.raises(PlanErrors, match=r"t\.yaml:2:16: error: the relay is described twice"):
        plan.parse("version: 1\ntopology: t.yaml\n", beside=tmp_path)


# ---- programs that do not start -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1", r"mine has no `async def main\(argv, env\)`"),
        ("def main(argv, env): pass", r"mine has no `async def main"),
        ("import no_such_thing", r"relay does not start: No module named 'no_such_thing'"),
        ("x = 1\nx[0]", r"mine cannot be imported: TypeError: .* \(.*mine\.py:2\)"),
        ("x = (", r"mine cannot be imported: SyntaxError"),
        ("async def main(argv, env):\n    return", r"relay ended by itself"),
        ("async def main(argv, env):\n    raise ValueError('no')", r"relay crashed(.|\n)*ValueError: no"),
        ("import asyncio\nasync def main(argv, env):\n    await asyncio.sleep(99)", r"listens on no port within 30 s"),
    ],
)
def test_a_program_that_does_not_start_is_told_with_its_reason(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=said):
        run_relay(tmp_path, source)


def test_a_module_that_is_nowhere_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(
        RuntimeUnavailable, match=r"relay: there is no module mine in .* or the working directory or PYTHONPATH"
    ):
        run(tmp_path, RELAY)


@pytest.mark.parametrize(
    "kind", ["{kind: image, image: x}", "{kind: command, command: [x]}", "{kind: external, url: 'ws://x/'}"]
)
def test_kinds_that_a_runtime_cannot_start_are_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"relay is of kind \w+, which the runtime sim does not start"):
        run(tmp_path, f"{{relay: {kind}}}")


def test_a_program_that_ends_in_the_midst_of_a_run_is_an_ailment_with_its_time(tmp_path: Path) -> None:
    line = "import asyncio; asyncio.get_running_loop().call_later(3, asyncio.current_task().cancel)"
    result = run_relay(tmp_path, USES_SMALL.format(line=line), text=QUIET.replace("2s", "5s"))
    assert result.verdict is not Verdict.VALID
    assert "relay ended by itself at t=3." in result.ailments[0]


def test_the_command_line_says_it_in_one_sentence_and_exits_with_255(tmp_path: Path, capsys: Any) -> None:
    from harness.cli import main  # noqa: PLC0415

    (tmp_path / "p.yaml").write_text(QUIET)
    schedule(tmp_path, RELAY)
    (tmp_path / "mine.py").write_text("import threading\n" + USES_SMALL.format(line="threading.Thread().start()"))
    with pytest.raises(SystemExit) as ended:
        main(["run", str(tmp_path / "p.yaml"), "--store", str(tmp_path / "store")])
    said = capsys.readouterr().err
    assert ended.value.code == 255
    assert "relay cannot be simulated: threading.Thread.start at " in said
    assert "mine.py:5: a thread runs on real time" in said
    assert "Traceback" not in said


def test_the_example_topology_names_the_example() -> None:
    system = plan.expand(plan.parse(plan.template()), 1, topology="foreign-relay").system
    assert (system.node("relay").kind, system.node("relay").module) == ("module", "targets.foreign.small_relay")
    assert system.node("desktop-1").kind == "builtin"
