"""The page on your own component does what it says, and the table of the environment is complete."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from harness import plan
from harness.runtimes.sim.machines.environment import environment
from targets.timing import Timing

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "own-component.md").read_text()
TABLE = (ROOT / "docs" / "environment.md").read_text()
MINT = PAGE.partition("```python\n# mint.py\n")[2].partition("```")[0]
FILES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
PROGRAMS = dict(re.findall(r"```python\n# (snake\S*)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [
    pytest.param(command, code, marks=pytest.mark.toxiproxy if "--runtime" in command else [])
    for command, code in re.findall(r"^harness (.*?) +# exit (\d+)$", PAGE, re.MULTILINE)
]


@pytest.mark.parametrize(("command", "code"), COMMANDS)
def test_every_command_of_the_page_ends_as_the_page_says(command: str, code: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "targets" / "foreign" / "small_relay.py", tmp_path / "my_relay.py")
    for name, text in {**FILES, **PROGRAMS}.items():
        (tmp_path / name).write_text(text)
    line = [sys.executable, "-m", "harness", *command.split()]
    line += ["--jobs", "1"] if "hunt" in line else []
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    done = subprocess.run(line, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == int(code), done.stderr + done.stdout
    assert ("stream-integrity: foreign-bytes" in done.stdout) == (code == "1" and "hunt" in line)
    assert ("pass, 4 fail, 0 not judged" in done.stdout) == ("conform" in line)


def test_the_page_has_commands_to_run() -> None:
    assert sorted(str(each.values[1]) for each in COMMANDS) == ["0", "0", "0", "0", "1", "1"]
    assert set(FILES) == {
        "own.yaml",
        "nfc.yaml",
        "snake.yaml",
        "command.yaml",
        "composed.yaml",
        "external.yaml",
        "elsewhere.yaml",
    }
    assert set(PROGRAMS) == {"snake.py", "snake_relay.py"}


def test_the_topology_of_a_compose_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "composed.yaml").write_text(FILES["composed.yaml"])
    (tmp_path / "compose.yaml").write_text("services: {hub: {image: hub}, db: {image: db}}\n")
    found = plan.expand(plan.parse("version: 1\ntopology: composed.yaml\n", beside=tmp_path), 0).system
    relay = found.node("relay")
    assert (relay.image, relay.port, relay.env, list(found.services)) == (
        "hub",
        8080,
        {"JWT_KEY": "${JWT_SECRET}"},
        ["db"],
    )


def test_the_topology_of_a_client_that_runs_elsewhere_is_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yaml").write_text(FILES["elsewhere.yaml"])
    found = plan.expand(plan.parse("version: 1\ntopology: elsewhere.yaml\n", beside=tmp_path), 0).system
    mobile = found.node("mobile-1")
    assert (mobile.listen, mobile.probe, mobile.probe_token_env) == (
        "127.0.0.1:9100",
        "127.0.0.1:9101",
        "PHONE_PROBE_TOKEN",
    )


def test_the_topology_of_a_relay_that_runs_already_is_one(tmp_path: Path) -> None:
    (tmp_path / "external.yaml").write_text(FILES["external.yaml"])
    (tmp_path / "mint.py").write_text(MINT)
    found = plan.expand(plan.parse("version: 1\ntopology: external.yaml\n", beside=tmp_path), 0).system
    relay, desktop = found.node("relay"), found.node("desktop-1")
    assert (relay.url, set(relay.hooks)) == ("ws://127.0.0.1:8787/ws/device-link", {"start", "kill"})
    told = {**os.environ, "USER_ID": "u", "DEVICE_ID": "d"}
    command = [sys.executable, *desktop.auth[1:]]
    assert command[1] == str(tmp_path / "mint.py"), "found from everywhere"
    printed = subprocess.run(command, env=told, capture_output=True, text=True, check=True).stdout.strip()
    claims = jwt.decode(printed, desktop.auth[-1], algorithms=["HS256"], audience="relay")
    assert (claims["sub"], claims["jti"]) == ("u", "d")


def test_the_table_names_every_variable_that_a_component_is_given(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(FILES["own.yaml"] + "  mobile-1: {kind: module, module: my_mobile}\n")
    system = plan.expand(plan.parse("version: 1\ntopology: t.yaml\n", beside=tmp_path), 0).system
    given = {key for node in system.nodes for key in environment(system, node, 1, "file:x")}
    timers = {f"TIMING_{name.upper()}" for name in Timing().as_seconds()}
    assert timers <= given
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", TABLE))
    assert given - timers <= named
    assert "TIMING_PING_S" in named
