"""Ctrl-C in code that cannot raise is not lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, time
from harness.interruption import keep_interruptions
signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in what runs in the background
{keeps}

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

Finalized()
try:
    deadline = time.monotonic() + {limit_s}
    while time.monotonic() < deadline:
        time.sleep(0.01)
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""


def said(keeps: str, limit_s: float) -> tuple[str, str]:
    program = PROGRAM.format(keeps=keeps, limit_s=limit_s)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.strip(), done.stderr


def test_an_interruption_in_a_finalizer_comes_again_where_it_can_be_raised():
    assert said("keep_interruptions()", 60.0) == ("interrupted", "")


def test_python_alone_prints_a_traceback_and_goes_on():
    out, err = said("", 0.2)
    assert out == "went on"
    assert "KeyboardInterrupt" in err


HELD = """
import os, signal
from harness.interruption import interruptible, keep_interruptions, uninterrupted
signal.signal(signal.SIGINT, signal.default_int_handler)
keep_interruptions()
press = lambda: os.kill(os.getpid(), signal.SIGINT)
try:
    with uninterrupted():
        try:
            {within}
        finally:
            press()
            press()
            print("tidy", end=" ")
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("pass", "tidy interrupted"),
        ("press(); print('all', end=' ')", "all tidy interrupted"),
        ("\n            with interruptible(): press(); print('never')", "tidy interrupted"),
        ("press()\n            with interruptible(): print('never')", "tidy interrupted"),
    ],
)
def test_tidying_up_is_not_interrupted_and_no_interruption_is_lost(within: str, expected: str) -> None:
    program = HELD.format(within=within)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert (done.stdout.strip(), done.stderr) == (expected, "")
