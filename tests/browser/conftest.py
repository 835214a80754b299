"""Pages in a real browser. They may ask for nothing and complain of nothing: every page that a test opens is watched.

Playwright keeps a loop of its own running in this thread, where nothing else could run one then: its browser lives no
longer than the tests of a file.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OpenPage = Callable[..., "Page"]


def _playwright() -> Any:
    """Only imported where it is there: see `chromium`."""
    return importlib.import_module("playwright.sync_api")


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with _playwright().sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def expect(chromium: Path) -> Any:
    """What waits until a page is as it says."""
    return _playwright().expect


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a file (`fragment`: what stands after its `#`) in a context of its own, as Playwright's words say."""
    opened: list[Any] = []
    complaints: list[str] = []

    def opens(path: Path, fragment: str = "", **words: Any) -> Page:
        context = browser.new_context(viewport=words.pop("viewport", {"width": 1280, "height": 900}), **words)
        opened.append(context)
        page = context.new_page()
        address = path.resolve().as_uri()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda r: r.url.split("#")[0] != address and complaints.append(f"asks for {r.url[:80]}"))
        page.goto(f"{address}#{fragment}" if fragment else address)
        return page

    yield opens
    for context in opened:
        context.close()
    assert [told for told in complaints if "asks for data:," not in told] == []


@pytest.fixture(scope="session")
def failing_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run in which a chunk was appended twice. A process of its own plays it: see above."""
    store = tmp_path_factory.mktemp("store")
    words = ["run", "quickstart", "--profile", "documented", "--store", str(store)]
    played = subprocess.run([sys.executable, "-m", "harness", *words], check=False, capture_output=True, timeout=120)
    assert played.returncode == 1, played.stderr.decode()
    return (store / "latest").resolve()
