"""A machine without a Docker engine, or without a Toxiproxy server: exit 255, and what to do about it."""

from __future__ import annotations

import platform
import sys
import sysconfig

import pytest
from cli_rig import Harness, Said

from harness import doctor

_NOBODY = "tcp://127.0.0.1:1"


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", _NOBODY)


@pytest.fixture
def no_toxiproxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOXIPROXY_SERVER", "/nowhere/toxiproxy-server")


def _is_refused_with_a_remedy(said: Said, remedy: str) -> None:
    assert said.code == 255
    assert said.is_clean()
    assert not said.out
    assert remedy in " ".join(said.err.split())


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize(
    "words", [("run", "quickstart"), ("hunt", "quickstart", "--seeds", "2"), ("plan", "validate", "quickstart")]
)
def test_only_what_needs_the_engine_is_refused_without_it(harness: Harness, words: tuple[str, ...]) -> None:
    if words[0] == "plan":
        assert harness(*words).code == 0
        return
    _is_refused_with_a_remedy(harness(*words, "--runtime", "docker"), "start dockerd")
    assert not list(harness.folder.iterdir()), "a refused run left something"


@pytest.mark.usefixtures("no_engine")
def test_images_cannot_be_built_without_an_engine(harness: Harness) -> None:
    _is_refused_with_a_remedy(harness("images", "build"), "start dockerd")


@pytest.mark.usefixtures("no_engine")
def test_the_doctor_says_what_is_absent_and_is_no_failure_for_it(harness: Harness) -> None:
    said = harness("doctor")
    assert said.code == 0
    assert "absent  runtime docker: not ready" in said.out
    assert "ok      runtime sim: ready" in said.out


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"CONFIG_ARGS": "'--prefix=/usr' '--enable-optimizations'"}, "an optimised build"),
        ({"CONFIG_ARGS": "'--prefix=/usr'", "PY_CFLAGS": "-O3 -fprofile-use"}, "an optimised build"),
        ({"CONFIG_ARGS": "'--prefix=/usr'"}, "whose build does not say that it is optimised (--enable-optimizations)"),
        ({"CONFIG_ARGS": "--enable-optimizations", "Py_DEBUG": 1}, "a debug build: runs take several times as long"),
        ({}, "whose build does not say that it is optimised (--enable-optimizations)"),
    ],
)
def test_the_doctor_names_the_interpreter_and_its_build(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, object], told: str
) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", variables.get)
    python = next(doctor.checks())
    assert (python.name, python.ok) == ("python", True)
    assert python.detail == f"CPython {platform.python_version()} at {sys.executable}, {told}"


@pytest.mark.usefixtures("no_engine")
def test_a_sweep_without_an_engine_says_that_it_did_not_look(harness: Harness) -> None:
    said = harness("doctor", "--sweep")
    assert said.is_clean()
    assert "docker: not looked at" in said.err


@pytest.mark.usefixtures("no_toxiproxy")
def test_a_wrong_toxiproxy_server_is_named(harness: Harness) -> None:
    said = harness("run", "quickstart", "--runtime", "docker")
    _is_refused_with_a_remedy(said, "TOXIPROXY_SERVER=/nowhere/toxiproxy-server is not a program")


@pytest.mark.usefixtures("no_toxiproxy")
def test_the_doctor_fails_when_something_is_broken(harness: Harness) -> None:
    said = harness("doctor")
    assert said.code == 255
    assert "BROKEN  toxiproxy-server" in said.out


@pytest.mark.usefixtures("no_engine", "no_toxiproxy")
def test_the_simulator_needs_neither(harness: Harness) -> None:
    assert harness("run", "quickstart").code == 0
