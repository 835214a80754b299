"""Templates are compiled once for all reports, where there is a place for it; without one they are compiled anew."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

from harness.report import context

TEMPLATES = ("report.html.j2", "summary.md.j2")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    context.templates.cache_clear()
    yield tmp_path
    context.templates.cache_clear()


def compiles(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of them a process that begins now compiles."""
    counted: list[str | None] = []
    real = jinja2.Environment._parse

    def parse(env: jinja2.Environment, source: str, name: str | None, filename: str | None) -> Any:
        counted.append(name)
        return real(env, source, name, filename)

    monkeypatch.setattr(jinja2.Environment, "_parse", parse)
    context.templates.cache_clear()
    for name in TEMPLATES:
        context.templates().get_template(name)
    monkeypatch.setattr(jinja2.Environment, "_parse", real)
    return len(counted)


def test_the_second_report_compiles_nothing(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (compiles(monkeypatch), compiles(monkeypatch)) == (len(TEMPLATES), 0)


def test_a_place_that_others_could_write_to_is_not_used(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = elsewhere / f"_jinja2-cache-{os.getuid()}"
    place.symlink_to(tempfile.mkdtemp(dir=elsewhere))
    monkeypatch.setattr(os, "getuid", lambda: 12345)  # somebody else's now
    (elsewhere / "_jinja2-cache-12345").symlink_to(place)
    assert (compiles(monkeypatch), compiles(monkeypatch)) == (len(TEMPLATES), len(TEMPLATES))


def test_a_full_disk_costs_no_report(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jinja2.FileSystemBytecodeCache, "dump_bytecode", full)
    assert (compiles(monkeypatch), compiles(monkeypatch)) == (len(TEMPLATES), len(TEMPLATES))
