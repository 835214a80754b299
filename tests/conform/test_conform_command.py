"""`harness conform` as a command: the reference meets everything, what is wrong is told, and so is what cannot be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIMIT_S = 120
USERS = """\
users:
  - id: alice
    desktops: [{id: desktop-1, projects: {app: [session-1]}}]
    mobiles: [{id: mobile-1}]
timing: fast
nodes:
"""
HASTY = """\
import asyncio, json, os, sys
from websockets.asyncio.client import connect

async def main():
    device = os.environ["DEVICE_ID"]
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "X-Device-ID": device, "X-Client-Type": "mobile"}
    async with connect(os.environ["RELAY_URL"], additional_headers=headers, compression=None, proxy=None) as ws:
        await ws.send(json.dumps({"type": "register", "payload": {"deviceId": device, "deviceName": "hasty"}}))
        await ws.send(json.dumps({"type": "relay", "payload": {"messageType": "rpc"}}))
        async for frame in ws:
            if "no-such-type" in frame:
                sys.exit("what is that?")

asyncio.run(main())
"""


def begun(*words: str, folder: Path = ROOT, **environ: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    line = [sys.executable, "-m", "harness", "conform", *words]
    return subprocess.Popen(line, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=LIMIT_S)
    assert "Traceback" not in err
    return process.returncode, out, err


def fails(out: str) -> dict[str, str]:
    checks: list[dict[str, Any]] = json.loads(out)["checks"]
    return {check["name"]: check["came"] for check in checks if check["said"] == "fail"}


def test_the_reference_meets_every_check() -> None:
    processes = {name: begun(name, "--json") for name in ("relay", "desktop-1", "mobile-1")}
    for name, process in processes.items():
        code, out, err = ended(process)
        checks = json.loads(out)["checks"]
        assert (code, {check["said"] for check in checks}) == (0, {"pass"}), (name, out, err)
        assert len(checks) >= 10


def test_a_client_that_speaks_too_early_and_dies_of_the_unknown(tmp_path: Path) -> None:
    (tmp_path / "hasty.py").write_text(HASTY)
    (tmp_path / "own.yaml").write_text(
        USERS + f"  mobile-1: {{kind: command, command: [{sys.executable}, hasty.py]}}\n"
    )
    code, out, err = ended(begun("mobile-1", "--topology", "own.yaml", "--limit", "1s", "--json", folder=tmp_path))
    found = fails(out)
    assert code == 1, err
    assert '"type": "relay"' in found["register.silent"]
    assert "it exited with code 1" in found["process"] and "what is that?" in found["process"]
    assert "register.first" not in found


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ws://127.0.0.1:1/x"], 255, "is the relay up"),
        (["http://127.0.0.1:1/x"], 254, "expected ws://HOST:PORT/PATH"),
        (["ws://"], 254, "expected ws://HOST:PORT/PATH"),
        (["ws://127.0.0.1:99999/x"], 254, "expected ws://HOST:PORT/PATH"),
        (["ws://127.0.0.1:1/x", "--auth", "'mint"], 254, "--auth: No closing quotation"),
        (["ws://127.0.0.1:1/x", "--auth", ""], 254, "a command that prints a token"),
        (["ws://127.0.0.1:1/x", "--auth", "no-such-program secret"], 255, "(no-such-program …) cannot be started"),
        (["mobil-1"], 254, "did you mean mobile-1?"),
        (["relay", "--topology", "nowhere"], 254, "nowhere"),
    ],
)
def test_what_cannot_be_looked_at_is_said(words: list[str], code: int, said: str) -> None:
    found, out, err = ended(begun(*words, JWT_SECRET="a secret of thirty-two bytes or more"))
    assert (found, said in err, out) == (code, True, ""), err


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    process = begun("mobile-1", TMPDIR=str(tmp_path))
    assert process.stdout is not None and any("register.silent" in line for line in process.stdout)
    time.sleep(0.3)  # it waits for a heartbeat then; at any other moment the promise is the same
    process.send_signal(signal.SIGINT)
    code, _, _ = ended(process)
    assert (code, list(tmp_path.iterdir())) == (130, [])


def test_devices_need_tokens() -> None:
    code, _, err = ended(begun("ws://127.0.0.1:1/x", "--secret-env", "NO_SUCH_VARIABLE"))
    assert code == 254 and "set NO_SUCH_VARIABLE to the relay's secret" in err


def test_an_image_is_named_by_its_url(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(USERS + "  relay: {kind: image, image: x}\n")
    code, _, err = ended(begun("relay", "--topology", "own.yaml", folder=tmp_path))
    assert code == 254 and "named by a URL" in err


SLOPPY = """\
import json
from targets import link, mobile, program
from targets.probe.websocket import ProbeConnection

link.backoff_s = lambda failures, timing: 0.0
take = ProbeConnection._take

def strictly(self, data):
    try:
        assert isinstance(json.loads(data), dict)
    except Exception:
        self._ws.transport.abort()
    else:
        take(self, data)

ProbeConnection._take = strictly
program.start(mobile.main)
"""


def test_a_client_that_never_waits_and_whose_probe_dies_of_junk(tmp_path: Path) -> None:
    (tmp_path / "sloppy.py").write_text(SLOPPY)
    secret = "env: {JWT_SECRET: a-secret-of-32-bytes-or-somewhat-more}"
    (tmp_path / "own.yaml").write_text(
        USERS + f"  mobile-1: {{kind: command, command: [{sys.executable}, sloppy.py], {secret}}}\n"
    )
    code, out, err = ended(begun("mobile-1", "--topology", "own.yaml", "--limit", "2s", "--json", folder=tmp_path))
    found = fails(out)
    assert code == 1, err
    assert found["reconnect.back-off"].startswith("it paused for 0") and "less than half" in found["reconnect.back-off"]
    assert "its probe was lost" in found["probe.junk"]
