"""A component as a program: what it says of itself, and of an environment that lacks something."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

NEEDS = {"desktop": "DEVICE_ID", "relay": "JWT_SECRET", "mobile": "DESKTOP_DEVICE_ID"}


def run(role: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in NEEDS.values()}
    command = [sys.executable, "-m", f"targets.{role}", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("role", NEEDS)
def test_help_says_what_the_component_is_and_names_its_variables(role: str) -> None:
    done = run(role, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"The {role}:")
    assert NEEDS[role] in done.stdout


@pytest.mark.parametrize(("words", "problem"), [([], "JWT_SECRET is not set"), (["--port"], "unknown argument --port")])
def test_what_a_program_cannot_start_with_is_one_sentence(words: list[str], problem: str) -> None:
    done = run("relay", *words)
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
