"""Engines and tools that some tests need: absent, those tests are skipped with the reason, unless
`HARNESS_REQUIRE` names them (`docker,toxiproxy,node,go,browser`): then they fail. CI sets it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from toxiproxy_server import RunningToxiproxy, start_toxiproxy

from harness import registry
from harness.runtimes.toxiproxy import server as tools

_NEEDS = {
    "docker": "docker_engine",
    "toxiproxy": "toxiproxy_binary",
    "node": "node_mobile",
    "go": "go_relay",
    "browser": "chromium",
}  # marker → the fixture that sees to it


def _absent(what: str, reason: str) -> NoReturn:
    if what in os.environ.get("HARNESS_REQUIRE", "").replace(" ", "").split(","):
        pytest.fail(f"HARNESS_REQUIRE names {what}, but: {reason}")
    pytest.skip(reason)


def pytest_configure() -> None:
    """A shell starts what runs in the background with SIGINT ignored, and children inherit that: nothing that these
    tests start could be interrupted."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A marker brings the fixture and a fixture the marker; runs in containers never overlap each other, whichever
    group they are of beside that (what one leaves behind is removed when the next begins), and one browser serves all
    tests of pages."""
    for item in items:
        fixtures: list[str] = getattr(item, "fixturenames", [])
        for marker, fixture in _NEEDS.items():
            if fixture in fixtures:
                item.add_marker(marker)
            elif item.get_closest_marker(marker) is not None:
                fixtures.insert(0, fixture)
        for together in ("docker", "browser"):
            if item.get_closest_marker(together) is not None:
                item.own_markers = [mark for mark in item.own_markers if mark.name != "xdist_group"]
                item.add_marker(pytest.mark.xdist_group(together))


@pytest.fixture(autouse=True)
def hears_ctrl_c() -> Iterator[None]:
    """A command that ends ignores SIGINT, and what is started after it would inherit that: it lasts for one test, also
    where a fixture of a module has run one."""
    former = signal.getsignal(signal.SIGINT)
    if former is signal.SIG_IGN:
        former = signal.default_int_handler
        signal.signal(signal.SIGINT, former)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """A Docker engine that the docker runtime can use, with all it needs."""
    missing = registry.find("runtime", "docker").missing()
    if missing:
        _absent("docker", "; ".join(missing))


@pytest.fixture(scope="session")
def toxiproxy_binary() -> Path:
    """A toxiproxy-server program."""
    try:
        found = tools.find_toxiproxy()
    except tools.ToolMissing as exc:
        _absent("toxiproxy", str(exc))
    if found is None:
        _absent("toxiproxy", "no toxiproxy-server: run `make tools`, or name one in TOXIPROXY_SERVER")
    return found


@pytest.fixture(scope="session")
def node_mobile() -> Path:
    """The topology of the mobile in JavaScript, with all that it needs."""
    folder = Path(__file__).parents[1] / "targets" / "foreign" / "node-mobile"
    if shutil.which("node") is None:
        _absent("node", "no node on PATH: install Node.js 18 or newer")
    if not (folder / "node_modules").is_dir():
        _absent("node", f"its packages are not installed: run `make tools`, or `npm ci` in {folder}")
    return folder / "topology.yaml"


@pytest.fixture(scope="session")
def go_relay() -> Path:
    """The topology of the relay in Go, which has been built."""
    folder = Path(__file__).parents[1] / "targets" / "foreign" / "go-relay"
    if not (folder / "go-relay").is_file():
        _absent("go", f"it is not built: run `make tools` with Go on PATH, or `go build` in {folder}")
    return folder / "topology.yaml"


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A Chromium, and Playwright to drive it."""
    if importlib.util.find_spec("playwright") is None:
        _absent("browser", "no Playwright: run `make venv` and install requirements-dev.lock")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        _absent("browser", "no chromium, chromium-browser or google-chrome on PATH")
    return Path(found)


@pytest.fixture
def toxiproxy_server(toxiproxy_binary: Path) -> Iterator[RunningToxiproxy]:
    """A fresh server without proxies."""
    running = start_toxiproxy(toxiproxy_binary)
    yield running
    running.stop()
