"""What a session of pytest was told, and the runs that it plays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pytest

from harness.seeds import parse_seeds

if TYPE_CHECKING:
    from harness.testing.playing import Order, Run

PLANS: Final = "harness_plans"  # of the configuration file
SUFFIXES: Final = (".yaml", ".yml")
_STORE: Final = pytest.StashKey[Path]()


def seeds(config: pytest.Config) -> Sequence[int] | None:
    """Those of the command line; None: it leaves them to marks and plans."""
    said = cast(str | None, config.getoption("harness_seeds"))
    return None if said is None else parse_seeds(said)


def places(config: pytest.Config) -> list[Path]:
    """Files and folders whose plans are tests."""
    return [Path(os.path.normpath(place)) for place in cast(list[Path], config.getini(PLANS))]


def require_places(config: pytest.Config) -> None:
    """A folder that is not there would be a suite without tests. Raises `pytest.UsageError`."""
    for place in places(config):
        if not place.exists():
            raise pytest.UsageError(f"{PLANS}: there is no file or folder {place}")
        if place.is_file() and place.suffix not in SUFFIXES:
            raise pytest.UsageError(f"{PLANS}: {place} is no YAML file")


def collect_places(config: pytest.Config) -> None:
    """Who types `pytest` and nothing else means the plans as well."""
    by_itself = config.args_source is not pytest.Config.ArgsSource.ARGS
    here = config.invocation_params.dir
    if not by_itself or here != config.rootpath:
        return
    known = [Path(os.path.normpath(here / word)) for word in config.args]
    missing = [place for place in places(config) if not any(place.is_relative_to(folder) for folder in known)]
    config.args = [*config.args, *map(str, missing)]


def store(config: pytest.Config) -> Path:
    """Where runs are kept. Each worker of a distributed session has a temporary folder of its own."""
    said = cast(str | None, config.getoption("harness_store"))
    if said is not None:
        return config.invocation_params.dir / said
    if _STORE not in config.stash:
        factory = cast(pytest.TempPathFactory, config._tmp_path_factory)  # type: ignore[attr-defined]
        config.stash[_STORE] = factory.mktemp("harness-store", numbered=False)
    return config.stash[_STORE]


def play(order: Order, config: pytest.Config) -> Run:
    """The run that is asked for; what keeps it from being played is told without a traceback."""
    from harness.testing.playing import Unplayable, played  # noqa: PLC0415 - only who asks for a run pays for it

    try:
        return played(order, cast(str, config.getoption("harness_runtime")), store(config))
    except Unplayable as exc:
        wrong = str(exc)
    pytest.fail(wrong, pytrace=False)  # said here, it brings no chain of exceptions


def require_expected(run: Run) -> None:
    """Fails with the run's story."""
    if not run.as_expected:
        pytest.fail(run.story, pytrace=False)
