"""The close-ups of a page: one for each finding, readable by itself, each step leading to its operation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from a_run import file_run
from markupsafe import Markup
from page_reader import Page
from test_closeup import S, at, history_of, told

from checkers.notation.examples import examples
from harness.history import History
from harness.judging.checking import check
from harness.report import page
from harness.report.drawing.canvas import LAYOUTS, WIDE, Layout
from harness.report.findings import closeup
from harness.report.findings.story import Stories, Story
from harness.report.told import timeline
from harness.schedule import CheckSpec
from harness.verdict import Verdict

DOUBLED = 'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a@3'
FINDINGS = " ".join(
    f'd:+{j} d:{j}"Hi" m:{j}={3 * n + 1} m:{j}@{3 * n + 2} m:{j}@{3 * n + 2} d:{j}^' for n, j in enumerate("abcdefghij")
)


def picture(history: History, story: Story, layout: Layout = WIDE) -> Page:
    return Page(str(closeup.draw(timeline.of(history), story, layout, {op.index for op in history.ops})))


def written(tmp_path: Path, line: str, *checks: str) -> Page:
    return Page(page.render(file_run(tmp_path / "run", line, checks)))


def numbers(found: Page) -> list[int]:
    return [int(a["data-step"]) for a in found.all("g", "mark")]


def lanes(found: Page) -> set[float]:
    return {float(a["y1"]) for a in found.all("line", "node")}


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_first_finding_is_open_and_all_others_are_folded(tmp_path: Path) -> None:
    found = written(tmp_path, FINDINGS, "stream-integrity", "monotonic")
    folds = found.all("details", "finding")
    assert len(folds) == 7
    assert ["open" in fold for fold in folds] == [True] + [False] * 6
    assert "3 more are left out" in found.text


def test_every_finding_has_a_picture_and_the_first_few_one_for_a_telephone(tmp_path: Path) -> None:
    found = written(tmp_path, FINDINGS, "stream-integrity")
    pictures = [a["aria-labelledby"].split("-t ")[0] for a in found.all("svg") if "closeup" in str(a)]
    assert pictures == [
        *(f"closeup-{n}-{layout.name}" for n in range(1, 7) for layout in LAYOUTS),
        "closeup-7-wide",
    ]


def test_a_step_leads_to_its_operation_without_a_script(tmp_path: Path) -> None:
    found = written(tmp_path, DOUBLED, "stream-integrity")
    links = [a for a in found.all("a") if "data-op" in a]
    rows = {a["id"] for a in found.all("tr") if a.get("id", "").startswith("op-")}
    assert links and rows
    assert all(a["href"] == f"#op-{a['data-op']}" and a["href"][1:] in rows for a in links)
    marks = len(found.all("g", "mark"))
    assert len([a for a in links if "op" not in a.get("class", "")]) == marks > 0


def test_the_state_before_and_after_stands_beside_a_step(tmp_path: Path) -> None:
    text = written(tmp_path, DOUBLED, "stream-integrity").text
    assert "before revision 3, created, 5 bytes after revision 3, created, 8 bytes" in text
    assert "op 8: observe append · ok · job a · revision 3" in text


def test_what_a_node_holds_after_a_step_stands_in_the_picture_below_its_time(tmp_path: Path) -> None:
    found = written(tmp_path, DOUBLED, "stream-integrity")
    held = [a for a in found.all("text") if "state" in str(a.get("class"))]
    assert held and "r3, created, 8 bytes" in found.text


def test_what_is_read_at_the_end_is_told_too(tmp_path: Path) -> None:
    text = written(tmp_path, "d:up m:up m:scope(s1) m:listed d:+a m:a=1 m:~a d:final m:final", "convergence").text
    assert "holds job a: created, 0 bytes" in text
    assert "holds job a: not there" in text


def test_the_field_that_differs_is_told_of_what_is_read_at_the_end(tmp_path: Path) -> None:
    line = "d:+a m:a=1 d:a{errorMessage=odd} m:final d:final"
    text = written(tmp_path, line, "convergence").text
    assert 'errorMessage "odd"' in text and "errorMessage none" in text


def test_what_befell_is_no_mark_up(tmp_path: Path) -> None:
    evil = "</script><img/src=x><b>"
    line = DOUBLED.replace(
        " m:a@3 m:a@3", f' m!link[state=registered] m!link[state=closed,reason="{evil}"] m:a@3 m:a@3'
    )
    found = written(tmp_path, line, "stream-integrity")
    assert "connection ends" in found.text
    assert evil in found.text and not found.all("img")


def test_the_same_run_has_the_same_page(tmp_path: Path) -> None:
    run = file_run(tmp_path / "run", FINDINGS, ("stream-integrity", "monotonic", "agreement"))
    assert page.render(run) == page.render(run)


# ---- a picture ------------------------------------------------------------------------------------------------------


def test_every_arrow_goes_from_lane_to_lane_and_a_lost_one_half_way() -> None:
    event = "d!emit[bus=link,event=job:created,msg=e1,job=a,rev=1] wire:d>r[msg=e1] wire:r>m[msg=e1]"
    history = history_of(f"d:+a {event} wire:r>m[msg=e2,side=in] m:a=1(event:e1)")
    found = picture(history, told(history, at(history, "commit"), at(history, "observe")))
    arrows, places = found.all("line", "flight"), lanes(found)
    assert len(places) == 3 and len(arrows) == 3
    for arrow in arrows:
        assert float(arrow["y1"]) in places
        assert (float(arrow["y2"]) in places) == ("lost" not in arrow["class"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_number_is_hidden(layout: Layout) -> None:
    history = history_of("d:+a " + "m:a=1 " * 6 + "m!fetch[what=list,phase=begin,licence=x] " * 9)
    for op in history.ops:
        op.time_ns = S  # all at once
    story = told(history, *(at(history, "observe", n) for n in range(6)))
    found = picture(history, story, layout)
    circles = {(a["cx"], a["cy"]) for a in found.all("circle")}
    assert numbers(found) == [1, 2, 3, 4, 5, 6] and len(circles) == 6


def test_a_bound_is_drawn_to_scale() -> None:
    history = history_of("d:+a @3 m:a=1")
    limit = {"node": "mobile-1", "from_ns": S, "allowed_ns": S // 2, "until_ns": 2 * S}
    found = picture(history, told(history, at(history, "commit"), at(history, "observe"), limit=limit))
    (allowed,), (over,) = found.all("rect", "allowed"), found.all("rect", "over")
    assert float(allowed["width"]) == pytest.approx(float(over["width"]), abs=0.2)
    assert float(allowed["x"]) + float(allowed["width"]) == pytest.approx(float(over["x"]), abs=0.2)
    assert "500 ms allowed, 1,000 ms taken" in found.text


def test_time_that_is_left_out_has_a_sign_and_its_length() -> None:
    history = history_of("d:+a m:a=1 @60 m:a=1")
    story = told(history, at(history, "commit"), at(history, "observe"), at(history, "observe", 1))
    found = picture(history, story)
    assert len(found.all("rect", "gap")) == 1
    assert re.search(r"\+59\.\d s", found.text)


def test_what_befell_stands_in_the_picture_and_leads_to_its_op() -> None:
    history = history_of("d:+a m:scope(s2) m:scope(s1) m:a=1")
    found = picture(history, told(history, at(history, "commit"), at(history, "observe", 2), job="a"))
    assert "switches to s1" in found.text
    switch = next(op for op in history.ops if op.f == "observe" and "s1" in str(op.value))
    assert str(switch.index) in [a["data-op"] for a in found.all("line", "weighty")]


def test_every_reason_of_every_checker_has_a_picture_with_all_its_steps() -> None:
    """None stands on the wire without a time, none on no lane, and no arrow ends in mid-air."""
    wrong = []
    for name, line in anomalies():
        history = history_of(line)
        for result in check(history, [CheckSpec(check=name.partition("/")[0], params=params(name))]):
            if result.verdict in (Verdict.INVALID, Verdict.UNKNOWN):
                wrong += [f"{name}: {fault}" for fault in faults(history, Stories(history).of(result))]
    assert wrong == []


def anomalies() -> list[tuple[str, str]]:
    return [(f"{check}/{reason}", lines.anomaly) for (check, reason), lines in examples().items()]


def params(name: str) -> dict[str, Any]:
    return {"within": "60ms"} if name.startswith("latency/") else {}


def faults(history: History, story: Story) -> list[str]:
    placed = [m for m in story.marks if m.node]
    wrong = [f"no time: {m.what}" for m in story.marks if m.time_ns is None]
    if not placed:
        return wrong
    found = picture(history, story)
    wrong += (
        [] if sorted(numbers(found)) == [m.number for m in placed] else [f"steps {numbers(found)} of {len(placed)}"]
    )
    ends = {float(a[y]) for a in found.all("line", "flight") for y in ("y1", "y2") if "lost" not in a["class"]}
    return wrong + (["in mid-air"] if not ends <= lanes(found) else [])


def test_a_step_whose_operation_is_not_there_says_so(tmp_path: Path) -> None:
    run = file_run(tmp_path / "run", DOUBLED, ("stream-integrity",))
    last = run.results[0].evidence[-1]
    run.history.ops = [op for op in run.history.ops if op.index < last]
    text = Page(page.render(run)).text
    assert f"op {last}, which is not in this history" in text
    assert "1 on the wire" not in text


def test_a_caption_explains_only_what_is_in_the_picture(tmp_path: Path) -> None:
    quiet = written(tmp_path / "one", "d:+a m:a=1 d:-a m:-a m:a=1", "no-resurrection").text
    assert "To scale" in quiet and "Bands: faults." not in quiet and "Slanted lines" not in quiet
    drawn = page.Finding(None, Story(), None, {}, Markup('<rect class="band inert"/><line class="lane"/>'))  # type: ignore[arg-type]
    assert drawn.shows("band") and not drawn.shows("befell")
