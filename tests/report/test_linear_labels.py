"""Labels in the picture of linearizability, and values in its words: of long ones what matters, and none over another.
How wide they are in a browser is in tests/browser/test_linear.py."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from a_run import file_run
from page_reader import Page as Read

from checkers.linearizability import Operation, Trial
from checkers.linearizability.decide import MODELS, decide_one
from checkers.linearizability.partial import orders
from harness.report.drawing.canvas import LAYOUTS, Layout
from harness.report.linear import labels
from harness.report.linear import page as linear_page
from harness.report.linear import run as linear_run
from harness.report.linear.labels import Label
from harness.report.linear.view import Bar, View, of_trial
from harness.verdict import Verdict

REGISTER = MODELS["register"]
SAME = "A" * 1000
THERE, TOLD = f"{SAME}xBBB", f"{SAME}yBBB"


def operation(f: str, value: object, process: str) -> Operation:
    told = {"result": value, "answered": 2} if f == "read" else {"value": value}
    return Operation(f=f, process=process, line=1, **told)  # type: ignore[arg-type]


def trial(there: str, told: str, process: str = "p") -> Trial:
    return Trial([operation("write", there, process), operation("read", told, process)], [0, ~0, 1, ~1])


def page(found: Trial) -> Read:
    part = linear_page.of_object(None, found, REGISTER, decide_one(found, REGISTER), 0)
    return Read(linear_page.render(linear_page.Page(Verdict.INVALID, "No", "h", "again", [part])))


# ---- values ---------------------------------------------------------------------------------------------------------


def test_of_long_values_what_is_around_the_difference_is_told_everywhere():
    found = page(trial(THERE, TOLD))
    around = f'…"{"A" * 24}%sBBB" (1004 characters)'
    assert f"the answer of process p: read → {around % 'y'} (lines 1 to 2)." in found.text
    assert f"the value was then {around % 'x'}." in found.text
    assert f"process p: write {around % 'x'} (line 1) {around % 'x'}" in found.text
    assert f"× process p: read → {around % 'y'} (lines 1 to 2) cannot follow" in found.text
    assert "A" * 25 not in found.text


def test_so_it_is_where_there_is_no_picture(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(linear_page, "orders", lambda *_: None)
    text = page(trial(THERE, TOLD)).text
    assert f'read → …"{"A" * 24}yBBB"' in text and f'was then …"{"A" * 24}xBBB"' in text


def test_nothing_of_a_history_turns_a_sentence_round(monkeypatch: pytest.MonkeyPatch):
    evil = trial("a\u202eb", "\u2066c", "p\u200f\0")
    for found in (page(evil), (monkeypatch.setattr(linear_page, "orders", lambda *_: None), page(evil))[1]):
        assert not set("\u202e\u2066\u200f\0") & set(found.text)
        assert 'process p\\u200f\\u0000: read → "\\u2066c"' in found.text and '"a\\u202eb"' in found.text


def test_nothing_of_a_run_does(tmp_path):
    line = "d:+a d:a{status=x\u202ey} m2>get(a) m2<ok(a=2) m>get(a) m<ok(a=1) d:final"
    run = file_run(tmp_path / "run", line, ("linearizable",))
    result = linear_run.failure(run.results)
    assert result is not None and run.history is not None
    scene = linear_run.scene(run.history, result)
    assert scene is not None
    told = repr(scene.view(22))
    assert "\u202e" not in told and "x\\\\u202ey" in told


# ---- labels ---------------------------------------------------------------------------------------------------------


def placed(bars: list[Bar], blamed: int | None, layout: Layout) -> tuple[dict[int, Label], Callable[[float], float]]:
    view = View(["p"], bars, [], blamed, places=max(bar.begin for bar in bars) + 2)

    def x(at: float) -> float:
        return layout.left + layout.inner * at / view.places

    return labels.place(view, x, layout.left, layout.width), x


def lane(*told: str) -> list[Bar]:
    """Bars one after the other."""
    return [Bar(number, 0, 2 * number + 1, 2 * number + 2, label, label) for number, label in enumerate(told)]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("blamed", [None, 0, 1, 2])
@pytest.mark.parametrize("length", [1, 5, 20, 60, 400])
def test_no_label_stands_over_another_or_outside(layout: Layout, blamed: int | None, length: int):
    for letter in "W日":
        found, _ = placed(lane(*(f"{n}{letter * length}" for n in range(3))), blamed, layout)
        shown = sorted((label.x, label.right) for label in found.values() if label.text)
        assert shown
        assert shown[0][0] >= layout.left and shown[-1][1] <= layout.width
        assert all(right <= left for (_, right), (left, _) in pairwise(shown))


def test_who_cannot_follow_has_its_label_first_and_the_others_what_is_left():
    found, x = placed(lane("write short", "read one thing", "r" * 130), 2, LAYOUTS[0])
    assert found[2].text.startswith("rrr") and found[2].x < x(3)
    assert len(found[2].text) > 120 and found[1].text == ""


def test_a_short_label_begins_with_its_bar_and_a_long_one_ends_where_the_next_begins():
    found, x = placed(lane("read", "w" * 100, "end"), None, LAYOUTS[0])
    assert [found[n].x for n in range(3)] == [round(x(at), 1) for at in (1, 3, 5)]
    assert found[1].text.endswith("w…") and x(5) - 15 < found[1].right < x(5)


def test_a_last_long_one_begins_further_to_the_left():
    found, x = placed(lane("a", "w" * 70), None, LAYOUTS[0])
    assert found[0].text == "a" and found[1].text == "w" * 70
    assert found[0].right < found[1].x < x(3)


def test_letters_are_cut_by_their_width():
    assert (labels.cells("a日e\u0301"), labels.cut("日本語", 6), labels.cut("日本語", 5)) == (4, "日本語", "日本…")
    assert labels.cut("abc", 2) == "a…"


def test_lanes_with_wide_names_are_named_within_the_picture():
    found = trial("1", "2", "日" * 40)
    assert f">{'日' * 7}…<" in str(linear_page.of_object(None, found, REGISTER, decide_one(found, REGISTER), 0).figure)
    searched = orders(found, REGISTER)
    assert searched is not None and of_trial(found, searched, 8).lanes == ["日" * 40]
