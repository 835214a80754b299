"""The timeline of the whole run, used as a reader uses it: by mouse, by keyboard, from links, and on a telephone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from harness.history import History
from harness.report import page as report_page
from harness.report.sections._whole_wire import crossings
from harness.store.rundir import read_run
from harness.verdict import CheckResult

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
DOUBLED_JOB, DOUBLED = "greeting", "ПриветПривет"
EVIL = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
SCROLLED = """(was) => new Promise((done, fail) => {
  if (scrollY < was) done(); else addEventListener("scroll", done, {once: true});
  setTimeout(() => fail(new Error("it does not scroll")), 5000);
})"""
HAS_A_SPAN = re.compile(r"\d")


@pytest.fixture(scope="session")
def report(failing_run: Path) -> Path:
    return failing_run / "report.html"


@pytest.fixture(scope="session")
def doubled(failing_run: Path) -> CheckResult:
    (found,) = [r for r in read_run(failing_run).results if r.check == "stream-integrity"]
    return found


def root(page: Page) -> Locator:
    return page.locator(".whole")


def span_us(page: Page) -> int:
    return int(page.evaluate("(({from, to}) => to - from)(document.querySelector('.whole').dataset)"))


def narrows_to_less_than(page: Page, us: float) -> None:
    """Wait until so little is seen: what is drawn follows a key a frame later, or after a few."""
    page.wait_for_function("us => (({from, to}) => to - from < us)(document.querySelector('.whole').dataset)", arg=us)


def edges(page: Page) -> tuple[str, str]:
    return root(page).get_attribute("data-from") or "", root(page).get_attribute("data-to") or ""


def press(page: Page, *keys: str) -> None:
    page.locator(".whole canvas").focus()
    for key in keys:
        page.keyboard.press(key)


def opened(open_page: Callable[..., Page], expect: Any, path: Path, **words: Any) -> Page:
    """The page once its timeline is drawn. Nothing moves by itself, so that what is read does not change."""
    page = open_page(path, reduced_motion="reduce", **words)
    expect(root(page)).to_have_attribute("data-from", HAS_A_SPAN)
    return page


def test_a_finding_leads_to_the_chunk_that_was_doubled(open_page, expect, report, doubled):
    page = opened(open_page, expect, report)
    whole_us, (_, end) = span_us(page), edges(page)
    page.get_by_role("button", name="double-append").first.click()
    expect(root(page)).to_have_attribute("data-selected", str(doubled.first))
    expect(page.locator(".whole-panel .changed", has_text="text")).to_contain_text(f"24 bytes: “{DOUBLED}”")
    expect(page.locator(".whole-panel")).to_contain_text("12 bytes: “Привет”")
    expect(root(page)).not_to_have_attribute("data-to", end)
    narrows_to_less_than(page, whole_us / 5)


def test_filters_narrow_down_what_is_counted_and_clear_again(open_page, expect, report):
    page = opened(open_page, expect, report)
    count = page.locator(".whole-count")
    total = count.inner_text().split(" operations")[0]
    page.locator("#whole-job").select_option(label=page.locator("option", has_text=DOUBLED_JOB).first.inner_text())
    expect(count).to_have_text(re.compile(rf"^\d+ of {total}$"))
    of_job = int(count.inner_text().split(" ")[0])
    page.locator("#whole-node").select_option(label="mobile-1")
    page.locator("#whole-verdict").select_option(label="part of any finding")
    page.locator("#whole-search").fill("observe append")
    expect(count).to_have_text(f"1 of {total}")
    assert 1 < of_job < int(total)
    page.get_by_role("button", name="Clear").click()
    expect(count).to_contain_text(f"{total} operations")


def test_a_search_that_finds_nothing_says_so(open_page, expect, report):
    page = opened(open_page, expect, report)
    page.locator("#whole-search").fill("no such thing anywhere")
    expect(page.locator(".whole-count")).to_have_text(re.compile("^0 of "))
    press(page, "j")  # there is none to go to
    page.locator("#whole-search").fill("")
    expect(page.locator(".whole-count")).to_contain_text("operations")


def test_hits_that_are_not_in_view_are_said_to_be_elsewhere(open_page, expect, report):
    page = opened(open_page, expect, report)
    count = page.locator(".whole-count")
    press(page, "Home", *["+"] * 12)
    page.locator("#whole-search").fill("final")
    expect(count).to_have_text(re.compile(r"^\d+ of [\d,]+, none in view$"))
    page.keyboard.press("Enter")
    expect(count).to_have_text(re.compile(r"^\d+ of [\d,]+$"))
    expect(page.locator("#whole-hint")).to_contain_text("Enter")


def test_a_message_that_is_delivered_again_counts_once(open_page, expect, report, failing_run):
    run = read_run(failing_run)
    assert run.history is not None
    sent = [c for c in crossings(run.history.taps) if not c.again]
    assert any(c.again for c in crossings(run.history.taps))
    page = opened(open_page, expect, report)
    expect(page.locator(".whole-count")).to_contain_text(f", {len(sent):,} messages")
    expect(page.locator("#whole-hint")).to_contain_text("Heartbeats are left out")


def test_operations_of_a_message_that_look_alike_are_told_apart(open_page, expect, report, failing_run):
    """A desktop tells its own screen and its link of the same event at the same time."""
    run = read_run(failing_run)
    assert run.history is not None
    told = [(op.node, op.value["rev"], op.time_ns) for op in run.history.ops if op.f == "emit"]
    twice = {(node, rev) for node, rev, time_ns in told if told.count((node, rev, time_ns)) == 2}
    seen = next(
        op.index for op in run.history.ops if op.f == "commit" and op.rev is not None and (op.node, op.rev.n) in twice
    )
    page = opened(open_page, expect, report, fragment=f"op-{seen}")
    related = page.locator(".whole-related")
    expect(related.get_by_role("button", name="bus=local")).to_have_count(1)
    expect(related.get_by_role("button", name="bus=link")).to_have_count(1)


def test_keys_zoom_move_and_show_the_whole_run_again(open_page, expect, report):
    page = opened(open_page, expect, report)
    whole_us, (begin, end) = span_us(page), edges(page)
    press(page, "+", "+")
    expect(root(page)).not_to_have_attribute("data-to", end)
    expect(page.locator(".whole-span")).not_to_have_text(re.compile(r"^0\.000"))
    narrows_to_less_than(page, whole_us / 2)
    nearer, _ = edges(page)
    press(page, "ArrowRight")
    expect(root(page)).not_to_have_attribute("data-from", nearer)
    press(page, "0")
    expect(root(page)).to_have_attribute("data-from", begin)
    expect(root(page)).to_have_attribute("data-to", end)


def test_keys_go_from_finding_to_finding_and_from_operation_to_operation(open_page, expect, report, doubled):
    page = opened(open_page, expect, report)
    press(page, "n")
    expect(root(page)).to_have_attribute("data-selected", str(doubled.first))
    press(page, "n")
    expect(root(page)).not_to_have_attribute("data-selected", str(doubled.first))
    press(page, "p")
    expect(root(page)).to_have_attribute("data-selected", str(doubled.first))
    press(page, "j")
    expect(root(page)).not_to_have_attribute("data-selected", str(doubled.first))
    press(page, "k")
    expect(root(page)).to_have_attribute("data-selected", str(doubled.first))
    press(page, "/")
    expect(page.locator("#whole-search")).to_be_focused()
    page.keyboard.type("observe")
    page.keyboard.press("Enter")
    expect(page.locator(".whole-head")).to_contain_text("observe")
    press(page, "Escape")
    expect(page.locator("#whole-search")).to_have_value("")
    expect(root(page)).to_have_attribute("data-selected", "")


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl_or_once_the_picture_is_clicked(open_page, expect, report):
    page = opened(open_page, expect, report)
    canvas = page.locator(".whole canvas")
    canvas.scroll_into_view_if_needed()
    canvas.hover(position={"x": 500, "y": 150})
    whole_us, (begin, end) = span_us(page), edges(page)
    scrolled = page.evaluate("scrollY")
    page.mouse.wheel(0, -60)
    page.evaluate(SCROLLED, scrolled)
    assert span_us(page) == whole_us
    canvas.hover(position={"x": 500, "y": 150})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(root(page)).not_to_have_attribute("data-to", end)
    narrows_to_less_than(page, whole_us)
    press(page, "0")
    expect(root(page)).to_have_attribute("data-to", end)
    page.mouse.wheel(0, -200)  # it has the focus now
    expect(root(page)).not_to_have_attribute("data-from", begin)
    narrows_to_less_than(page, whole_us)


def test_the_pointer_shows_what_is_under_it_and_a_click_keeps_it(open_page, expect, report):
    page = opened(open_page, expect, report)
    press(page, "n", "Escape")
    canvas, panel = page.locator(".whole canvas"), page.locator(".whole-panel")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    at = _first_mark(page, box)
    expect(panel).to_contain_text("Time")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 5)
    expect(panel).to_contain_text("Point at an operation")
    page.mouse.click(*at)
    expect(root(page)).to_have_attribute("data-selected", HAS_A_SPAN)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 5)
    expect(panel).to_contain_text("Time")


def _first_mark(page: Page, box: Any) -> tuple[float, float]:
    for y in range(30, int(box["height"]) - 50, 8):
        for x in range(160, int(box["width"]) - 20, 40):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if page.locator(".whole-panel.passing dt").count():
                return box["x"] + x, box["y"] + y
    raise AssertionError("nothing is under the pointer anywhere")


def test_a_link_to_an_operation_selects_it_wherever_it_stands(open_page, expect, report, doubled):
    page = opened(open_page, expect, report)
    page.evaluate(
        """(op) => { const link = document.createElement("a"); link.href = "#elsewhere"; link.dataset.op = op;
        link.innerHTML = "<b>a step of the story</b>"; document.querySelector("main").prepend(link); }""",
        doubled.evidence[0],
    )
    page.get_by_text("a step of the story").click()
    expect(page.locator(".whole-panel a")).to_have_text(re.compile(rf"\b{doubled.evidence[0]}\b"))
    expect(page.locator(".whole canvas")).to_be_in_viewport()
    assert "elsewhere" not in page.url


@pytest.mark.parametrize("place", ["first", "last"])
def test_the_address_may_name_an_operation_by_what_began_or_ended_it(open_page, expect, report, failing_run, place):
    run = read_run(failing_run)
    assert run.history is not None
    commits = [op for op in run.history.ops if op.f == "commit" and op.job == DOUBLED_JOB][2:4]
    assert [op.type for op in commits] == ["invoke", "ok"]
    begun, ended = commits[0].index, commits[1].index
    page = opened(open_page, expect, report, fragment=f"op-{begun if place == 'first' else ended}")
    expect(root(page)).to_have_attribute("data-selected", str(begun))
    expect(page.locator(".whole-panel a")).to_have_text(f"{begun} – {ended}")


def test_an_operation_that_is_not_there_is_said_to_be_missing(open_page, expect, report):
    page = opened(open_page, expect, report, fragment="op-99999999")
    expect(page.get_by_text("needs a script")).to_have_count(0)
    expect(page.locator(".whole-panel")).to_contain_text("Operation 99999999 is not among those")


def test_without_a_script_the_page_still_tells_verdict_and_story(open_page, expect, report):
    page = open_page(report, java_script_enabled=False)
    expect(root(page)).to_be_hidden()
    expect(page.get_by_text("needs a script")).to_be_visible()
    expect(page.locator("header")).to_contain_text("INVALID")
    expect(page.locator(".steps").first).to_contain_text("a second time")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_nothing_is_wider_than_the_screen(open_page, expect, report, scheme):
    page = opened(
        open_page, expect, report, viewport={"width": 390, "height": 800}, color_scheme=scheme, has_touch=True
    )
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert all(
        box["x"] >= 0 and box["x"] + box["width"] <= 390
        for control in page.locator(".whole select, .whole input, .whole canvas, .whole button").all()
        if (box := control.bounding_box())
    )
    paper = page.evaluate("[...document.querySelector('.whole canvas').getContext('2d').getImageData(2, 2, 1, 1).data]")
    assert (sum(paper[:3]) < 300) == (scheme == "dark")


def test_text_of_a_run_is_only_ever_shown(open_page, expect, failing_run, tmp_path):
    """Wherever the job, its text, the status or a finding stood, there stands a script now."""
    run = read_run(failing_run)
    evil = json.dumps(EVIL)[1:-1]

    def poisoned(value: Any, type_: Any) -> Any:
        text = msgspec.json.encode(value).decode()
        for word in (DOUBLED_JOB, "Привет", "generatingStream", "double-append"):
            text = text.replace(word, evil)
        return msgspec.json.decode(text, type=type_)

    run = msgspec.structs.replace(
        run, history=poisoned(run.history, History), results=poisoned(run.results, list[CheckResult])
    )
    path = tmp_path / "report.html"
    path.write_text(report_page.render(run), encoding="utf-8")
    page = opened(open_page, expect, path)
    press(page, "n")
    expect(page.locator(".whole-panel")).to_contain_text(EVIL)
    expect(page.locator(".whole-findings")).to_contain_text(EVIL)
    page.locator("#whole-search").fill("onerror=window.pwned")
    expect(page.locator(".whole-count")).to_have_text(re.compile(r"^[1-9]\d* of "))
    for _ in range(12):
        press(page, "j")
    assert page.evaluate(
        "window.pwned === undefined && document.querySelectorAll('.whole img, .whole script').length === 0"
    )
