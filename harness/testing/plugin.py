"""The hooks. Loaded into every session of everybody who has the distribution: what it does not concern, it leaves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from harness.seeds import parse_seeds
from harness.testing import asked, collected, session

if TYPE_CHECKING:
    from harness.testing.playing import Order, Run

_FIXTURE = "harness_run"
_MARK_HELP = (
    f"{asked.SIGNATURE}: play this plan (a shipped name, a file beside the test, or its text) and give the run to the "
    "test as `harness_run`; a verdict that is not expected is a failure that tells what happened."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("harness", "runs of jobsync-harness as tests")
    group.addoption(
        "--harness-seeds",
        type=_seeds,
        metavar="N|A..B",
        help="Seeds of plans whose mark names none: N is 0 to N-1; A..B excludes B. Default: the plan's own, else 0.",
    )
    group.addoption("--harness-runtime", default="sim", metavar="NAME", help="Where the components run. Default: sim.")
    group.addoption(
        "--harness-store", metavar="DIR", help="Where runs that fail are kept. Default: a temporary folder."
    )
    parser.addini(session.PLANS, "Files and folders of plans, each of which is a test.", type="paths", default=[])


def _seeds(said: str) -> str:
    try:
        parse_seeds(said)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None
    return said


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARK_HELP)
    session.require_places(config)
    session.collect_places(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if collected.is_plan(file_path, session.places(parent.config)):
        found: pytest.Collector = collected.PlanFile.from_parent(parent, path=file_path)
        return found
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marks = list(metafunc.definition.iter_markers(asked.MARK))
    if not marks:
        return
    from harness.testing.playing import Unplayable, ids  # noqa: PLC0415 - only where there are marks

    found, wrong = [], None
    try:
        found = [order for mark in marks for order in _orders(mark, metafunc.definition)]
    except (asked.Mistake, Unplayable) as exc:
        wrong = str(exc)
    if wrong is not None:  # said here, it brings no chain of exceptions
        pytest.fail(f"{wrong}\n(the mark of {metafunc.definition.nodeid})", pytrace=False)
    if _FIXTURE not in metafunc.fixturenames:
        metafunc.fixturenames.append(_FIXTURE)
    metafunc.parametrize(_FIXTURE, found, ids=ids(found), indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A run is played and judged also for a test that does not look at it."""
    if isinstance(item, pytest.Function) and _has_orders(item) and _FIXTURE not in item.fixturenames:
        item.fixturenames.append(_FIXTURE)


def _has_orders(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and _FIXTURE in callspec.params


def _orders(mark: pytest.Mark, test: pytest.Item) -> list[Order]:
    """Raises `Mistake`, `Unplayable`."""
    from harness.testing.playing import orders  # noqa: PLC0415

    folders = [test.path.parent, test.config.rootpath]
    found = orders(asked.of_mark(mark), session.seeds(test.config), folders, test.nodeid)
    for warning in found[0].plan.warnings:
        test.warn(pytest.PytestWarning(str(warning)))
    return found


@pytest.fixture
def harness_run(request: pytest.FixtureRequest) -> Run:
    """The finished run of the plan that `@pytest.mark.plan` names."""
    order: Order | None = getattr(request, "param", None)
    if order is None:
        pytest.fail(
            f"{_FIXTURE} is the run of a plan; say of which one: @pytest.mark.plan('quickstart')", pytrace=False
        )
    return session.play(order, request.config)


@pytest.fixture(scope="session")
def harness_store(pytestconfig: pytest.Config) -> Path:
    """The folder where runs are kept."""
    return session.store(pytestconfig)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A mark that does nothing would be a test that proves nothing."""
    if item.get_closest_marker(asked.MARK) is not None and not _has_orders(item):
        pytest.fail(f"@pytest.mark.{asked.MARK} works on functions, and on methods of plain classes", pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """The verdict comes before what the test itself says of the run."""
    if _has_orders(pyfuncitem):
        session.require_expected(cast("Run", pyfuncitem.funcargs[_FIXTURE]))
