"""The store in a real browser: two runs are ticked and compared, and a plan that means harm does none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from simulated import played

from harness.serve.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
BAD = {"profile": "documented"}
GO = Callable[..., "Page"]
HOSTILE = """\
version: 1
title: <script>window.harmed = 1</script><img src=x onerror="window.harmed = 2">
duration: 1s
topology: one-user
timing: fast
workload:
  script:
    - {at: 100ms, node: mobile-1, do: open}
    - {at: 200ms, node: desktop-1, do: create, job: a1, prompt: "</script><script>window.harmed = 3</script>"}
    - {at: 300ms, node: desktop-1, do: chunk, job: a1, text: "<img src=x onerror='window.harmed = 4'>"}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of good rules, of bad ones, and of a plan that means harm. Another thread plays them: in this one Playwright
    has a loop running."""
    folder = tmp_path_factory.mktemp("served") / "store"
    with ThreadPoolExecutor(1) as thread:
        for plan, words in (
            ("edge/duplicate-events", {}),
            ("edge/duplicate-events", BAD),
            ("hostile", {"text": HOSTILE}),
        ):
            thread.submit(played, folder, plan, **words).result()
    return folder


@pytest.fixture(scope="module")
def url(store: Path) -> Iterator[str]:
    with Server(store, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


@pytest.fixture
def go(browser: Browser, url: str) -> Iterator[GO]:
    """Opens a page of the server. None may ask for anything else, or complain."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opens(path: str, **words: Any) -> Page:
        contexts.append(browser.new_context(**words))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda r: r.url.startswith((url, "data:,")) or complaints.append(f"asks for {r.url[:80]}"))
        page.goto(url + path.removeprefix("/"))
        return page

    yield opens
    for context in contexts:
        context.close()
    assert complaints == []


def test_two_runs_are_found_ticked_and_compared(go: GO, expect: Any) -> None:
    page = go("/")
    page.get_by_label("search").fill("edge")
    page.get_by_role("button", name="Show").click()
    ticks = page.get_by_role("checkbox")
    expect(ticks).to_have_count(2)
    ticks.nth(0).check()
    ticks.nth(1).check()
    page.get_by_role("button", name="compare").click()
    expect(page.get_by_role("heading", name="Two runs side by side")).to_be_visible()
    expect(page.get_by_role("row", name="profile documented hardened")).to_be_visible()
    expect(page.locator(".side", has_text="Only in A").get_by_text("shrunk")).to_be_visible()
    parts = page.locator("li.parts")
    assert parts.count() in (2, 4)
    red = parts.first.evaluate("one => getComputedStyle(one).borderLeftColor")
    assert red != page.locator(".events li:not(.parts)").first.evaluate("one => getComputedStyle(one).borderLeftColor")


def test_a_run_leads_to_its_report_and_that_runs_its_scripts(go: GO, expect: Any) -> None:
    page = go("/?verdict=INVALID")
    page.get_by_role("rowheader").get_by_role("link").click()
    page.get_by_role("link", name="Its report").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    assert page.evaluate("window.origin") == "null", "it is shut off from the pages of the server"
    expect(page.locator("#whole canvas")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/signatures", "/compare", "/plans/hostile"])
def test_pages_fit_a_telephone(go: GO, path: str) -> None:
    page = go(path, viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_colours_follow_the_browser(go: GO) -> None:
    papers = {
        scheme: go("/", color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert papers["light"] == "rgb(255, 255, 255)" and papers["dark"] != papers["light"]


def test_a_plan_that_means_harm_does_none(go: GO, expect: Any, store: Path, url: str) -> None:
    (hostile,) = store.glob("hostile/*")
    (other, *_) = store.glob("edge-duplicate-events/*")
    ids = [run.name.rpartition("-")[2] for run in (hostile, other)]
    of_run = [f"/runs/{ids[0]}/{name}" for name in ("", "report.html", "plan.yaml", "summary.md", "results.json")]
    page = go("/")
    for path in ("/", *of_run, f"/compare?a={ids[1]}&b={ids[0]}"):
        page.goto(url + path.removeprefix("/"))
        assert page.evaluate("window.harmed") is None, path
        assert page.locator("img").count() == 0, path
    expect(page.get_by_text("<script>window.harmed = 1</script>").first).to_be_visible()
