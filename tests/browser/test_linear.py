"""The picture of linearizability in a browser: another order is drawn for who is chosen, and nothing is asked for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkers.linearizability import Operation, Trial
from checkers.linearizability.decide import MODELS, decide_one
from harness.report.linear import page as linear_page
from harness.verdict import Verdict

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
OpenPage = Callable[..., "Page"]


def operation(process: str, f: str, value: Any = None, result: Any = None) -> Operation:
    return Operation(f=f, value=value, result=result, process=process)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two compare-and-sets from 1 one can have been, and c's was: b's (operation 1) is blamed."""
    pair = [operation("b", "cas", (1, 5)), operation("c", "cas", (1, 6))]
    trial = Trial([operation("a", "write", 1), *pair, operation("d", "read", None, 6)], [0, ~0, 1, 2, ~2, 3, ~3, ~1])
    model = MODELS["cas-register"]
    part = linear_page.of_object(None, trial, model, decide_one(trial, model), 0)
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(linear_page.render(linear_page.Page(Verdict.INVALID, "No", "h", "again", [part])), encoding="utf-8")
    return path


def numbers(page: Page, width: str = "wide") -> list[str]:
    return page.locator(f"svg.{width} .path text").all_text_contents()


def drawn(page: Page) -> list[str]:
    return page.locator(".order.drawn").evaluate_all("found => found.map((one) => one.dataset.order)")


def test_whoever_is_clicked_is_shown_in_the_longest_order_that_holds_it(open_page: OpenPage, written: Path) -> None:
    page = open_page(written)
    assert (numbers(page), drawn(page)) == (["1", "2", "3"], ["0"])
    page.locator("svg.wide [data-op='1'] rect").click()
    assert (numbers(page), drawn(page)) == (["1", "2"], ["1"])
    assert page.locator("svg.wide .op.stuck").get_attribute("data-op") == "2"
    assert page.locator(".order[open]").get_attribute("data-order") == "1"
    assert "Drawn: The longest order that holds process b: cas [1 5]" in page.locator("[data-says]").inner_text()
    page.locator("svg.wide [data-op='3'] rect").click()
    assert (numbers(page), drawn(page)) == (["1", "2", "3"], ["0"])


def test_whoever_is_pointed_at_is_shown_for_as_long(open_page: OpenPage, written: Path) -> None:
    page = open_page(written)
    page.locator("svg.wide [data-op='1'] rect").hover()
    assert numbers(page) == ["1", "2"]
    page.locator("h1").hover()
    assert numbers(page) == ["1", "2", "3"]


def test_it_is_chosen_by_the_keyboard_as_well(open_page: OpenPage, written: Path) -> None:
    page = open_page(written)
    page.locator("svg.wide [data-op='1']").focus()
    page.keyboard.press("Enter")
    assert drawn(page) == ["1"]
    assert page.locator("svg.wide [data-op='1']").get_attribute("role") == "button"


def test_an_order_that_is_opened_in_the_list_is_drawn(open_page: OpenPage, written: Path) -> None:
    page = open_page(written)
    page.locator(".order[data-order='1'] summary").click()
    page.wait_for_function("document.querySelectorAll('svg.wide .path circle').length === 2")
    assert drawn(page) == ["1"]


def test_without_a_script_the_longest_order_is_there_and_all_others_can_be_opened(
    open_page: OpenPage, written: Path
) -> None:
    page = open_page(written, java_script_enabled=False)
    assert numbers(page) == ["1", "2", "3"]
    page.locator(".order[data-order='1'] summary").click()
    assert page.locator(".order[data-order='1'] li").last.is_visible()


def test_on_a_telephone_nothing_overflows_and_the_narrow_picture_is_shown(open_page: OpenPage, written: Path) -> None:
    page = open_page(written, viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("svg.narrow").is_visible() and not page.locator("svg.wide").is_visible()
    page.locator("svg.narrow [data-op='1'] rect").click()
    assert numbers(page, "narrow") == ["1", "2"]


@pytest.fixture(scope="module")
def long_values(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operation that cannot follow has others in its lane, and so has a last one that never returned."""
    first, last, other = "A" * 5000 + "xBBB" * 20, "A" * 5000 + "yWWW" * 20, "M" * 300
    trial = Trial(
        [
            operation("0", "write", first),
            operation("0", "write", first),
            operation("日" * 30, "read", None, first),
            Operation(f="write", value=other, process="W" * 30, outcome="info"),
            operation("日" * 30, "read", None, last),
        ],
        [0, ~0, 1, ~1, 2, ~2, 3, 4, ~4],
    )
    model = MODELS["register"]
    part = linear_page.of_object(None, trial, model, decide_one(trial, model), 0)
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(linear_page.render(linear_page.Page(Verdict.INVALID, "No", "h", "again", [part])), encoding="utf-8")
    return path


BOXES = """svg => [...svg.querySelectorAll("text")].filter((one) => one.textContent).map((one) => {
  const { x, y, width, height } = one.getBBox();
  return [x, y + 2, x + width, y + height - 2, one.textContent];
})"""


@pytest.mark.parametrize(("width", "layout", "most"), [(1280, "wide", 1000), (390, "narrow", 360)])
def test_however_long_its_values_no_label_is_over_another_or_outside_of_the_picture(
    open_page: OpenPage, long_values: Path, width: int, layout: str, most: int
) -> None:
    page = open_page(long_values, viewport={"width": width, "height": 800})
    boxes = page.locator(f"svg.{layout}").evaluate(BOXES)
    assert any("read → …" in text for *_, text in boxes)
    for left, _, right, _, text in boxes:
        assert 0 <= left < right <= most, text
    for (left, top, right, bottom, text), (x, y, end, below, other) in combinations(boxes, 2):
        assert right <= x or end <= left or bottom <= y or below <= top, (text, other)
