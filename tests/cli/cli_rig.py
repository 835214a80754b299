"""Runs `harness` as a user does: in this process when only its words and its code matter, else as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from harness import cli

LIMIT_S = 60.0  # of a process: generous, a loaded machine is no failure
_NO_MARKS = {"GITHUB_ACTIONS": "", "NO_COLOR": "1", "COLUMNS": "80", "HARNESS_DEBUG": ""}


class Said(NamedTuple):
    code: int
    out: str
    err: str

    def is_clean(self) -> bool:
        """Nothing that only a programmer reads."""
        return "Traceback" not in self.out + self.err and "defect of the harness" not in self.err


class Harness:
    """`harness ARGS` in a folder of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str] | None) -> None:
        self.folder, self._patch, self._capture = folder, monkeypatch, capfd
        self._patch.chdir(folder)
        for name, value in _NO_MARKS.items():
            self._patch.setenv(name, value)

    def __call__(self, *args: str) -> Said:
        """In this process."""
        assert self._capture is not None
        self._patch.setattr(sys, "argv", ["harness", *args])
        self._capture.readouterr()
        former = signal.getsignal(signal.SIGINT)
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main(list(args))
        finally:
            signal.signal(signal.SIGINT, former)
        out, err = self._capture.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, out, err)

    def process(self, *args: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Said:
        """As a process, to its end."""
        done = subprocess.run(
            command(*args),
            cwd=self.folder,
            env={**os.environ, **(env or {})},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def piped(self, *args: str, to: str | None) -> Said:
        """As a process whose standard output is the file `to`, or a pipe that nobody reads (None)."""
        if to is None:
            read, write = os.pipe()
            os.close(read)
        else:
            write = os.open(to, os.O_WRONLY)
        try:
            done = subprocess.run(
                command(*args),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=write,
                stderr=subprocess.PIPE,
                timeout=LIMIT_S,
                check=False,
            )
        finally:
            os.close(write)
        return Said(done.returncode, "", done.stderr.decode())

    def interrupted(self, *args: str, when: Callable[[], bool], by: int = signal.SIGINT) -> Said:
        """As a process that gets one signal as soon as `when` holds."""
        with subprocess.Popen(
            command(*args), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            try:
                wait_until(lambda: when() or process.poll() is not None)
                process.send_signal(by)
                out, err = process.communicate(timeout=LIMIT_S)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        wait_until(lambda: nobody_is_left(process.pid))  # Python's own helper ends a moment after the command
        return Said(process.returncode, out.decode(), err.decode())


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "harness", *args]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline_s, "it never came to that"
        time.sleep(0.01)


def nobody_is_left(session: int) -> bool:
    """Whether no process of that session (id of its first process) lives."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            return False
    return True
