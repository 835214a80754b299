"""Claims that are decided on real sockets: there computing takes its time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from real_runs import LIMIT_S

pytestmark = pytest.mark.toxiproxy


def test_what_a_phone_takes_is_measured_on_real_sockets() -> None:
    command = [
        sys.executable,
        "-m",
        "harness",
        "audit",
        "--only",
        "C58",
        "--runtime",
        "process",
        "--json",
        "--jobs",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    (one,) = json.loads(done.stdout)["claims"]
    (figure,) = one["decision"]["measured"]
    assert one["decision"]["runtime"] == "process" and figure["value"] > 0, done.stderr
    assert one["sound"]["runtime"] == one["broken"]["runtime"] == "sim" and one["flips"]
