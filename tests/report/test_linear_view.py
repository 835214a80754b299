"""The picture of linearizability: what is drawn is an order that the model allows, and who is red cannot follow."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from a_run import file_run
from page_reader import Page as Read

from checkers.linearizability import NotLinearizable, Operation, Trial
from checkers.linearizability.decide import MODELS, decide, decide_one
from checkers.linearizability.partial import Orders, orders
from harness import interchange
from harness.report import page as run_page
from harness.report.linear import lanes as linear_lanes
from harness.report.linear import page as linear_page
from harness.report.linear import run as linear_run
from harness.report.linear.page import Page
from harness.report.linear.view import View, of_trial, points
from harness.report.sections import linear
from harness.verdict import Verdict

REGISTER = MODELS["register"]
CAS = MODELS["cas-register"]


def write(value: object, process: str, outcome: str = "ok") -> Operation:
    return Operation(f="write", value=value, process=process, outcome=outcome, line=1)  # type: ignore[arg-type]


def read(value: object, process: str) -> Operation:
    return Operation(f="read", result=value, process=process, line=1, answered=2)


# write 1; then write 2 overlaps a read of 2 and the read of 1 that is called after it: no order explains the latter
STALE = Trial(
    [write(1, "a"), write(2, "a"), read(2, "b"), read(1, "c"), write(9, "d", "info")], [0, ~0, 4, 1, 2, ~2, 3, ~3, ~1]
)


def searched(trial: Trial, model=REGISTER) -> Orders:
    found = orders(trial, model)
    assert found is not None
    return found


def seen(trial: Trial, most: int = 22, model=REGISTER) -> View:
    return of_trial(trial, searched(trial, model), most)


def written(*parts: linear_page.Part) -> str:
    return linear_page.render(Page(Verdict.INVALID, "No", "h.edn", "harness check h.edn", list(parts), ["7 <lines>"]))


# ---- what is shown --------------------------------------------------------------------------------------------------


def test_the_longest_order_is_told_step_by_step_with_the_state_after_each():
    view = seen(STALE)
    first = view.paths[0]
    assert [(view.bar(step.bar).label, step.state) for step in first.steps] == [
        ("write 1", "1"),
        ("write 2", "2"),
        ("read → 2", "2"),
    ]
    assert (view.bar(first.stuck or 0).label, view.settled) == ("read → 1", ["2"])


def test_bars_go_from_call_to_return_in_a_lane_a_process_and_stay_open_where_nothing_returned():
    view = seen(STALE)
    assert view.lanes == ["a", "b", "c", "d"]
    bars = {bar.label: (view.lanes[bar.lane], bar.begin, bar.end) for bar in view.bars}
    assert bars == {
        "write 1": ("a", 1, 2),
        "write 9": ("d", 3, None),
        "write 2": ("a", 4, None),  # it returns after the picture's end
        "read → 2": ("b", 5, 6),
        "read → 1": ("c", 7, 8),
    }
    assert [bar.label for bar in view.bars if bar.maybe] == ["write 9"]


def test_a_process_that_goes_on_after_what_never_returned_has_another_lane():
    trial = Trial([write(1, "a", "info"), write(2, "a"), read(3, "b")], [0, 1, ~1, 2, ~2])
    assert seen(trial).lanes == ["a", "a", "b"]


def test_who_is_blamed_may_stand_in_an_order_that_ends_earlier():
    """Of two compare-and-sets from 1 one can have been; that c's had been is what d read."""
    pair = [Operation(f="cas", value=(1, n), process=process) for n, process in ((5, "b"), (6, "c"))]
    trial = Trial([write(1, "a"), *pair, read(6, "d")], [0, ~0, 1, 2, ~2, 3, ~3, ~1])
    view = seen(trial, model=CAS)
    assert view.blamed == 1
    held = view.paths[view.holding[1]]
    assert [view.bar(step.bar).label for step in held.steps] == ["write 1", "cas [1 5]"]
    assert view.bar(held.stuck or 0).label == "cas [1 6]"
    told = Read(str(linear_lanes.figure(lambda most: seen(trial, most, CAS), "x"))).text
    assert (
        "The longest order that holds process b: cas [1 5]: 2 operations, after which the value is 5 "
        "and which cannot go on with process c: cas [1 6]"
    ) in told


def test_steps_stand_in_their_bars_one_after_the_other():
    for trial, model in ((STALE, REGISTER), (many_at_once(), REGISTER)):
        view = seen(trial, model=model)
        for path in view.paths:
            at = points(view, path)
            assert at == sorted(at) and len(set(at)) == len(at)
            for place, step in zip(at, path.steps, strict=True):
                bar = view.bar(step.bar)
                assert bar.begin <= place <= (view.places if bar.end is None else bar.end)


def many_at_once() -> Trial:
    writes = [write(n, str(n)) for n in range(5)]
    return Trial([*writes, read(3, "r"), read(77, "s")], [*range(5), 5, ~5, ~3, 6, ~6, ~0, ~1, ~2, ~4])


def test_of_a_long_history_the_end_is_drawn_and_the_rest_is_told():
    writes = [write(n, str(n % 3)) for n in range(500)]
    events = [event for n in range(500) for event in (n, ~n)]
    trial = Trial([*writes, read(3, "r"), write(7, "r")], [*events, 500, ~500, 501, ~501])
    view = seen(trial, 20)
    assert len(view.bars) == 21 and len(view.paths[0].steps) == 20
    assert (view.paths[0].before, view.paths[0].state) == (480, "479")
    assert "480 operations that had returned before" in view.left_out
    assert "1 operation called after the end of the picture" in view.left_out
    assert len(str(linear_lanes.figure(lambda most: seen(trial, most), "x"))) < 40_000


# ---- the page -------------------------------------------------------------------------------------------------------


def test_the_page_says_all_without_its_script():
    part = linear_page.of_object(None, STALE, REGISTER, decide_one(STALE, REGISTER), 0)
    found = Read(written(part))
    assert found.open == []
    assert "No order of the operations explains the answer of process c: read → 1 (lines 1 to 2)." in found.text
    assert "All before can be explained; the value was then 2; what was under way could have made it 9." in found.text
    assert "1 process a: write 1 (line 1) 1 2 process a: write 2 (line 1) 2 3 process b: read → 2 (lines 1 to 2) 2" in (
        found.text
    )
    assert "× process c: read → 1 (lines 1 to 2) cannot follow" in found.text
    blamed = found.all("g", "blamed")
    assert {a["data-op"] for a in blamed} == {"3"} and len(blamed) == len(found.all("svg")) == 2
    assert "7 <lines>" in found.text


def test_the_page_asks_for_nothing_and_runs_its_own_script_only():
    html = written(linear_page.of_object(None, STALE, REGISTER, decide_one(STALE, REGISTER), 0))
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", html) and "url(" not in html
    (policy,) = (a["content"] for a in Read(html).all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.count("sha256-") == 1 and "'unsafe-inline'" not in policy.partition("script-src")[2]


def test_the_script_is_told_the_orders_that_the_list_tells():
    view, html = seen(STALE), str(linear_lanes.figure(lambda most: seen(STALE, most), "x"))
    (block,) = re.findall(r'<script type="application/json" id="x">(.*?)</script>', html)
    told = json.loads(block)
    assert set(told) == {"wide", "narrow"}
    for layout in told.values():
        assert [order["ops"] for order in layout["orders"]] == [[s.bar for s in path.steps] for path in view.paths]
        assert {int(op): place for op, place in layout["holding"].items()} == view.holding
    assert html.count('<details class="order"') == len(view.paths)


def test_text_of_a_history_becomes_no_mark_up():
    evil = "</script><img src=x onerror=alert(1)>"
    trial = Trial([write(evil, evil), read(1, evil)], [0, ~0, 1, ~1])
    html = written(linear_page.of_object(evil, trial, REGISTER, decide_one(trial, REGISTER), 0))
    found = Read(html)
    assert found.open == [] and not found.all("img")
    assert evil in found.text


def test_what_was_not_decided_or_is_too_much_to_draw_is_told_in_words(monkeypatch):
    answer = decide_one(STALE, REGISTER)
    assert isinstance(answer, NotLinearizable)
    monkeypatch.setattr(linear_page, "orders", lambda *_: None)
    part = linear_page.of_object("k", STALE, REGISTER, answer, 0)
    assert part.figure is None
    assert part.lead.startswith("No order of the operations explains the answer of line 1, process c: read → 1.")
    assert "there are too many orders to draw one" in part.lead and "the value was then 2" in part.lead
    assert "<script>" not in written(part)


def test_an_order_that_explains_all_is_shown_of_a_linearizable_history():
    trial = Trial(STALE.operations[:3], [0, ~0, 1, 2, ~2, ~1])
    part = linear_page.of_object(None, trial, REGISTER, decide_one(trial, REGISTER), 0)
    assert part.figure is not None and "blamed" not in str(part.figure)
    assert part.lead == "Some order explains every answer: an order of 3 operations, after which the value is 2."


# ---- of a run -------------------------------------------------------------------------------------------------------

STALE_RUN = "d:+a d:a{status=x} m2>get(a) m2<ok(a=2) m>get(a) m<ok(a=1) d:final"


def of_run(line: str, folder: Path) -> View:
    run = file_run(folder / "run", line, ("linearizable",))
    result = linear_run.failure(run.results)
    assert result is not None and run.history is not None
    scene = linear_run.scene(run.history, result)
    assert scene is not None
    return scene.view(22)


def test_a_runs_answers_stand_after_the_revisions_that_they_fit(tmp_path):
    view = of_run(STALE_RUN, tmp_path)
    (path,) = view.paths
    assert [(view.bar(s.bar).label, s.state) for s in path.steps] == [
        ("create 1", "at revision 1: created"),
        ("status 2", "at revision 2: x"),
        ("get → 2", "at revision 2: x"),
    ]
    assert view.bar(view.blamed or 0).label == "get of job a → created, revision 1"
    assert view.lanes == ["desktop-1/store", "mobile-1/user", "mobile-2/user"]


def test_writes_under_way_make_several_states_possible(tmp_path):
    line = "d:+a d:+b m>list d:a{status=x} d:b{status=x} m<ok(a=1,b=4) d:final"
    view = of_run(line, tmp_path)
    assert [path.last for path in view.paths] == [f"at revision {n}" for n in (4, 3, 2)]
    assert {path.stuck for path in view.paths} == {view.blamed}


def test_what_is_about_other_jobs_is_left_out(tmp_path):
    line = "d:+a d:+z d:z{status=y} m2>get(z) m2<ok(z=3) d:a{status=x} m>get(a) m<ok(a=1) d:final"
    view = of_run(line, tmp_path)
    assert [view.bar(s.bar).label for s in view.paths[0].steps] == ["create 1", "status 4"]


@pytest.mark.parametrize(
    "line",
    [
        "d:+a m>cancel(a) m<ok d:final",
        "d:+a m>delete(a) d:-a m<fail(offline) d:final",
        "d:+a m>get(a) m<fail(not_found) d:final",
        "d:+a d2:+z m>list m<ok(a=1,z=1) d:final",
        "d:+a d:+b m>get(b) m<ok(b=2)@3 d:final",
    ],
    ids=["no effect", "failed, and done", "denied", "never written", "of the future"],
)
def test_the_page_of_a_run_has_a_section_for_every_kind_of_failure(tmp_path, line):
    found = Read(run_page.render(file_run(tmp_path / "run", line, ("linearizable",))))
    assert found.open == []
    assert found.all("section") and any(a.get("id") == "linear" for a in found.all("section"))
    assert "cannot follow" in found.text and found.all("g", "blamed")


@pytest.mark.parametrize(
    "line",
    [
        "d:+a m>get(a) m<ok(a=1) d:final",
        "d:+a m>list{bypassCache=true} m<ok(a=1){source=cache,call=c1} d:final",
    ],
    ids=["valid", "told what is right, but out of a cache"],
)
def test_where_every_answer_fits_there_is_no_section(tmp_path, line):
    assert linear.render(file_run(tmp_path / "run", line, ("linearizable",))) is None


# ---- real histories -------------------------------------------------------------------------------------------------

ROOT = os.environ.get("HARNESS_HISTORIES", "")


@pytest.mark.skipif(not ROOT, reason="HARNESS_HISTORIES names no folder of real histories")
def test_every_real_failure_has_a_picture_that_ends_where_the_verdict_says():
    drawn = 0
    for folder, model in (("etcd", "cas-register"), ("kv", "kv")):
        for path in sorted((Path(ROOT) / folder).iterdir()):
            if path.name == "expected.txt":
                continue
            for judged in decide(interchange.read(path)[1], MODELS[model]):
                part = linear_page.of_object(judged.key, judged.trial, MODELS[model], judged.answer, 0)
                assert part.figure is not None, (path, judged.key)
                blamed = re.findall(r'class="op blamed[^"]*" data-op="(\d+)"', str(part.figure))
                wanted = [str(judged.answer.blamed)] * 2 if isinstance(judged.answer, NotLinearizable) else []
                assert blamed == wanted, (path, judged.key)
                drawn += 1
    assert drawn
