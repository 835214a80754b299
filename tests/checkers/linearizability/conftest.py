"""The compiled engine. It is built here where it was not; without a compiler its tests are skipped."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from checkers.linearizability import engine

ROOT = Path(__file__).parents[3]


def load(path: Path, name: str):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def hook():
    return load(ROOT / "hatch_build.py", "hatch_build")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory, hook) -> engine.Engine:
    if engine.ENGINE is not None:
        return engine.ENGINE
    try:
        built = hook.build(engine.SOURCES, tmp_path_factory.mktemp("native"))
    except hook.Unbuildable as exc:
        pytest.skip(f"no compiled engine: {exc}")
    found = engine.bind(load(built, "_native"))
    assert found is not None
    return found
