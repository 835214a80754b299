"""Programs of somebody else on real sockets: a module, a command, and a relay that runs already, reached by hooks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from process_rig import Machine, processes_of
from real_runs import USERS, Run
from relay_elsewhere import ROOT, SECRET, elsewhere, external

pytestmark = pytest.mark.toxiproxy
WORK = """\
version: 1
duration: 3s
timing: fast
workload: {jobs: 5, rate: 15/s, mobile_rate: 2/s, spread: 2800ms}
faults:
"""
MINT = """\
import os, pathlib, sys, time, jwt
device, now = os.environ["DEVICE_ID"], int(time.time())
with (pathlib.Path(__file__).parent / "minted.log").open("a") as log:
    log.write(device + "\\n")
claims = {"sub": os.environ["USER_ID"], "exp": now + 600, "iat": now, "nbf": now, "jti": device, "aud": "relay"}
print(jwt.encode(claims, sys.argv[1], algorithm="HS256"))
"""
DELAY = WORK + "  - {action: delay, links: [mobile-1<->relay], latency: 20ms, at: 500ms, for: 2s}\n"
KILL = WORK + "  - {action: kill, nodes: [relay], restart: 500ms, at: 1s}\n"
PAUSE = WORK + "  - {action: pause, nodes: [relay], at: 1s, for: 500ms}\n"


def played(machine: Machine, nodes: str, text: str = DELAY, *words: str) -> Run:
    (machine.folder / "own.yaml").write_text(USERS + nodes)
    run = machine.run(text, "--topology", str(machine.folder / "own.yaml"), *words)
    assert not processes_of(run.pid)
    return run


def test_a_module_is_started_as_ours_are(machine: Machine) -> None:
    source = (ROOT / "targets" / "foreign" / "small_relay.py").read_text()
    (machine.folder / "programs").mkdir()
    (machine.folder / "programs" / "my_relay.py").write_text(source)
    run = played(machine, "  relay: {kind: module, module: my_relay, path: programs}\n", KILL)
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err


def test_a_module_with_a_mistake_is_found(machine: Machine) -> None:
    source = (ROOT / "targets" / "foreign" / "small_relay.py").read_text()
    mistaken = source.replace("import ", "raise RuntimeError('not today')\nimport ", 1)
    (machine.folder / "my_relay.py").write_text(source if mistaken == source else mistaken)
    run = played(machine, "  relay: {kind: module, module: my_relay, path: .}\n")
    assert run.code == 255, run.out + run.err
    assert "relay exited with code 1 while it started" in run.err and "not today" in run.err


def test_a_command_is_started_beside_its_topology(machine: Machine) -> None:
    (machine.folder / "relay.sh").write_text(f"export PYTHONPATH={ROOT}\nexec {sys.executable} -m targets.relay\n")
    run = played(machine, "  relay: {kind: command, command: [sh, relay.sh]}\n", KILL)
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err


@pytest.mark.parametrize("text", [KILL, PAUSE])
def test_what_runs_elsewhere_is_reached_by_its_hooks(machine: Machine, text: str) -> None:
    with elsewhere(machine.folder) as url:
        hooks = ", ".join(f"{name}: [sh, {machine.folder}/{name}.sh]" for name in ("start", "kill", "pause"))
        run = played(machine, external(url, f", hooks: {{{hooks}}}"), text)
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    done = (machine.folder / "hooks.log").read_text().split()
    assert done == (["kill", "start"] if text is KILL else ["pause", "start"])


def test_tokens_of_a_relay_elsewhere_are_what_a_command_prints(machine: Machine) -> None:
    """With claims of which the harness knows nothing, and only when the relay says that it is ready."""
    (machine.folder / "mint.py").write_text(MINT)
    with elsewhere(machine.folder) as url, health(machine.folder) as ready:
        auth = f'auth: {{command: ["{sys.executable}", mint.py, "{SECRET}"]}}'
        run = played(machine, f'  relay: {{kind: external, url: "{url}", ready: "{ready}", {auth}}}\n')
    assert (run.code, run.said["verdict"]) == (0, "VALID"), run.out + run.err
    minted = (machine.folder / "minted.log").read_text().split()
    assert len(set(minted)) == 2, "one for each device"
    assert (machine.folder / "asked.log").read_text() == "503\n200\n"


def test_what_no_hook_can_do_is_refused_before_anything_starts(machine: Machine) -> None:
    run = played(machine, external("ws://127.0.0.1:9/ws/device-link"), KILL)
    assert run.code == 254, run.out + run.err
    assert "it runs elsewhere, and has no hooks for that" in " ".join(run.err.split())


def test_nobody_at_home_is_said_with_the_address(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_START_LIMIT_S", "3")
    run = played(machine, external("ws://127.0.0.1:9/ws/device-link"))
    assert run.code == 255, run.out + run.err
    assert "nobody listens at 127.0.0.1:9" in " ".join(run.err.split())


@contextmanager
def health(folder: Path) -> Iterator[str]:
    """Ready at the second time of asking."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = 200 if (folder / "asked.log").exists() else 503
            with (folder / "asked.log").open("a") as log:
                log.write(f"{said}\n")
            self.send_response(said)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Not to the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/healthz"
        server.shutdown()
