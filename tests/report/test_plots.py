"""The plots of a run: every number in them is one of the history, and every place is to scale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from a_run import file_run
from page_reader import Page

from checkers import notation
from harness.history import Op
from harness.report.sections import _plots_calls, _plots_traffic, plots
from harness.report.sections._plots_draw import LAYOUT, draw
from harness.report.sections._plots_lag import measured
from harness.report.sections._plots_model import (
    COLUMNS,
    Plot,
    Points,
    Span,
    peak,
    quantile_lines,
    stacked,
    thinned,
)
from harness.schedule import CheckSpec

SHOWING = "d:up m:up m:scope(s1) m:listed "
MS = 1_000_000


def lags(line: str) -> list[tuple[int | None, str]]:
    """How long after each commit it was shown, in ms, and by what."""
    found = measured(notation.read(line))
    return [(None if s.shown_ns is None else (s.shown_ns - s.commit_ns) // MS, s.way) for s in found]


def drawn(tmp_path: Path, line: str, checks: tuple[str, ...] = ()) -> Page:
    html = plots.render(file_run(tmp_path / "run", line, checks))
    assert html is not None
    return Page(str(html))


# ---- lag ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("d:+a m:a=1(event:1)", [(100, "an event")]),
        ("d:+a d:a{status=x} m:a=2(get:c1)", [(200, "a fetch"), (100, "a fetch")]),
        (
            "d:+a m:a=1 d:a{status=x} d:a{status=y} m:a=2 @2.0 m:a=3",
            [(100, "a fetch"), (200, "a fetch"), (1300, "a fetch")],
        ),
        ("d:+a m:a=1 d:a{status=x} @2.0 m:scope(s1)", [(100, "a fetch")]),
        ("d:+a @2.0 d:+b m:b=2", [(None, ""), (100, "a fetch")]),
        ("d:+a/s2 @2.0 d:+b m:b=2", [(100, "a fetch")]),
        ("d:+a m:a=1 d:-a m:-a", [(100, "a fetch"), (100, "a fetch")]),
        ("d:+a d:-a @2.0 d:+b m:b=3", [(100, "a fetch")]),
        ("d:+a m:a=1 d:a{status=x} m:~a", [(100, "a fetch")]),
        ("d:+a m:restart m:a=1", []),
    ],
    ids=[
        *("an event", "a fetch shows two", "one by one", "another scope", "never", "not in the scope"),
        *("deleted", "gone before it was shown", "evicted", "started anew"),
    ],
)
def test_the_lag_of_a_commit_is_from_its_end_to_the_first_observation_that_shows_it(line, found):
    assert lags(SHOWING + line) == found


def test_before_the_first_list_of_a_scope_nothing_is_late():
    assert lags("d:up m:up m:scope(s1) d:+a @2.0 m:listed m:a=1") == []


def test_what_is_shown_before_its_commit_is_answered_is_not_late():
    history = notation.read(SHOWING + "d:+a m:a=1 d:a{status=x} m:a=2 d:final")
    answered = next(op for op in history.ops if op.f == "commit" and op.type == "ok" and op.rev and op.rev.n == 2)
    answered.time_ns += 150 * MS
    history.ops.sort(key=lambda op: op.time_ns)
    assert len(measured(history)) == 1


def test_the_worst_lag_stands_in_words_with_the_bound_that_the_checker_told_and_the_faults(tmp_path):
    line = SHOWING + "d:+a m:a=1 fault:f d:a{status=x} @3.0 m:a=2 heal:f d:+b @9.5 m:b=3 m:final d:final"
    text = drawn(tmp_path, line, ("staleness",)).text
    assert "At most 6.300 s (mobile-1, a commit at 3.200 s), half within 2.300 s." in text
    assert "The bound of 2.000 s was passed 2 times, 1 of them with a fault meanwhile." in text


def test_what_a_plan_allows_an_event_is_the_bound_of_actions(tmp_path):
    line = SHOWING + "d:+a m:a=1 " + " ".join(f"d:a{{status=s{n}}} m:a={n}" for n in range(2, 8))
    asked = CheckSpec(check="latency", params={"within": "150ms"})
    html = str(plots.render(file_run(tmp_path / "run", line, (asked,))))
    (figure,) = re.findall(r'<figure class="plot-figure" id="plots-actions">.*?</figure>', html)
    assert "bound-line" in figure and "bound-line" not in html.replace(figure, "")


def test_without_a_judgement_there_is_no_bound(tmp_path):
    assert "bound" not in drawn(tmp_path, SHOWING + "d:+a m:a=1", ("monotonic",)).text


def test_staleness_is_the_age_of_the_oldest_commit_that_is_not_shown(tmp_path):
    text = drawn(tmp_path, SHOWING + "d:+a m:a=1 d:a{status=x} @2.4 d:a{status=y} @4.4 m:a=3 @9.9 m:final").text
    assert "mobile-1 was behind by 3.800 s at most, and behind at all in 39% of the run." in text


# ---- calls ----------------------------------------------------------------------------------------------------------


def calls(line: str) -> list[tuple[str, int, str]]:
    history = notation.read(line)
    span = Span(history.ops[0].time_ns, history.ops[-1].time_ns)
    return [(c.f, (c.end_ns - c.begin_ns) // MS, c.outcome) for c in _plots_calls.calls(history, span)]


def test_a_call_lasts_until_it_returns_and_one_that_never_does_to_the_end():
    line = "d:+a m>get(a) m<ok(a=1) m2>list @2.0 m2<fail(offline) m>get(a) @5.0 d:final"
    assert calls(line) == [("get", 100, "ok"), ("list", 1700, "fail"), ("get", 2900, "info")]


def test_outcomes_have_marks_of_their_own_and_not_colours_alone(tmp_path):
    found = drawn(tmp_path, "d:+a m>get(a) m<ok(a=1) m>get(a) m<fail(offline) m>get(a) m<info d:final")
    paths = {name: found.all("path", name) for name in ("ok", "fail", "info")}
    shapes = {name: re.sub(r"[\d.]+", "", found_[0]["d"]) for name, found_ in paths.items()}
    assert len(set(shapes.values())) == 3
    assert "● ok × failed △ may have happened" in found.text
    assert "3 calls: 1 ok, 1 failed, 1 may have happened." in found.text


# ---- traffic --------------------------------------------------------------------------------------------------------


def test_a_fetch_is_counted_by_its_reason_and_a_users_read_apart_from_it():
    history = notation.read(
        "m!fetch[what=get,licence=order,corr=c1,phase=begin] m!call[corr=c1,method=job.get,phase=begin] "
        "m!call[corr=c2,method=job.list,phase=begin] m!call[corr=c3,method=job.cancel,phase=begin] "
        "m!fetch[what=get,licence=order,corr=c1,phase=ok]"
    )
    assert [name for _, name in _plots_traffic._asked(history)] == ["get: order", "list by a user"]


def test_without_a_journal_the_links_tell_what_was_asked():
    history = notation.read(
        "wire:m>r[msg=c1,type=rpc:job.get] wire:m>r[msg=c2,type=rpc:job.cancel] wire:r>d[msg=c1,type=rpc:job.get]"
    )
    assert [name for _, name in _plots_traffic._asked(history)] == ["get"]


def test_what_is_under_way_is_counted_from_one_end_of_a_link_to_the_other():
    history = notation.read(
        "wire:d>r[msg=1,side=in] wire:d>r[msg=2,side=in] wire:d>r[msg=3,side=in] @2.0 "
        "wire:d>r[msg=1,side=out] wire:d>r[msg=2,side=out] wire:d>r[msg=2,side=out] @4.0 d:final"
    )
    span = Span(0, 4_000 * MS)
    changes, lost = _plots_traffic._crossings(history.taps)
    depths = _plots_traffic._depths(changes["desktop-1→relay"], span)
    assert (max(depths), lost) == (2, 1)
    assert depths[span.column(1_000 * MS)] == 2
    assert depths[-1] == 0


def test_messages_are_counted_where_they_enter_a_link(tmp_path):
    line = "d:+a wire:d>r[msg=1,type=job:created,bytes=70] wire:r>m[msg=1,type=job:created,side=in,bytes=70] m:a=1"
    assert "2 messages and 140 bytes entered a link. 2 job:created." in drawn(tmp_path, line).text


# ---- series ---------------------------------------------------------------------------------------------------------


def test_a_stack_holds_every_event_the_seldom_ones_as_others():
    span = Span(0, 10_000 * MS)
    events = [(n * 37 * MS % span.end_ns, name) for n, name in enumerate("aaaaaabbbbbcccccddddeeeeffffghij" * 3)]
    stack = stacked(events, span)
    assert stack is not None
    assert stack.names == [*"abcdef", "others"]
    assert peak(stack, span) == "At most 30 a second, in the 0.2 s from 0.000 s"
    counts = [round(sum(row) * stack.window_ns / 1e9) for row in stack.rows]
    assert counts == [18, 15, 15, 12, 12, 12, 12]


def test_of_too_many_points_the_extremes_of_every_stretch_are_kept():
    at = [(n, float((n * 7919) % 10_007 + 1)) for n in range(10_000)]
    (kept,), left_out = thinned([Points("x", 0, "ok", at)], 600)
    values = [value for _, value in at]
    assert len(kept.at) + left_out == len(at) and len(kept.at) <= 600
    assert (min(values), max(values)) == (min(v for _, v in kept.at), max(v for _, v in kept.at))
    for part in (at[:33], at[33:66]):  # stretches
        assert {min(v for _, v in part), max(v for _, v in part)} <= {v for _, v in kept.at}
    assert set(kept.at) <= set(at) and kept.at == sorted(kept.at)


def test_quantiles_are_those_of_their_window_and_a_window_without_calls_is_a_gap():
    span = Span(0, 7_000 * MS)  # windows of 400 ms
    lines = {
        line.name: line.at
        for line in quantile_lines([(n * MS, float(n)) for n in [*range(100), *range(900, 910)]], span)
    }
    assert [value for _, value in lines["half of all"]] == [50.0, None, 905.0]
    assert [value for _, value in lines["95 %"]] == [95.0, None, 909.0]
    assert [value for _, value in lines["all"]] == [99.0, None, 909.0]


# ---- the picture ----------------------------------------------------------------------------------------------------


def test_points_stand_where_their_times_and_values_say():
    span = Span(0, 10_000 * MS)
    plot = Plot(
        "x",
        "X",
        "u",
        "s",
        log=True,
        seconds=True,
        points=[Points("a", 0, "ok", [(5_000 * MS, 1e6), (10_000 * MS, 1e8)])],
    )
    found = Page(str(draw(plot, span, [])))
    (x1, y1), (x2, y2) = (map(float, pair) for pair in re.findall(r"M([\d.]+) ([\d.]+)h0", found.all("path")[0]["d"]))
    ticks = {a["data-ns"]: float(a["x"]) for a in found.all("text", "tick") if "data-ns" in a}
    assert x1 == pytest.approx(ticks[str(5_000 * MS)], abs=0.5)
    assert x2 == pytest.approx(LAYOUT.width - LAYOUT.right, abs=0.5)
    assert y1 > y2


def test_a_fault_lies_behind_every_plot_from_its_begin_to_its_end(tmp_path):
    found = drawn(tmp_path, "d:+a m>get(a) m<ok(a=1) @4.0 fault:cut @8.0 heal:cut @15.8 d:final")
    pictures, bands = found.all("svg", "plot"), found.all("path", "fault-band")
    assert len(pictures) == len(bands) >= 2
    ((left, width),) = (map(float, found_) for found_ in re.findall(r"^M([\d.]+) [\d.]+h([\d.]+)V", bands[0]["d"]))
    inner = LAYOUT.width - LAYOUT.left - LAYOUT.right
    assert (left - LAYOUT.left) / inner == pytest.approx(4.0 / 15.8, abs=0.01)
    assert width / inner == pytest.approx(4.0 / 15.8, abs=0.01)
    assert "Bands: cut." in found.text


def test_every_picture_says_what_it_shows_to_those_who_cannot_see_it(tmp_path):
    found = drawn(tmp_path, SHOWING + "d:+a m:a=1 m>get(a) m<ok(a=1)")
    ids = {a["id"] for _, a in found.elements if "id" in a}
    for picture in found.all("svg", "plot"):
        assert picture["role"] == "img"
        assert set(picture["aria-labelledby"].split()) <= ids


def test_there_is_no_plot_of_nothing(tmp_path):
    assert plots.render(file_run(tmp_path / "a", "fault:f heal:f")) is None
    found = drawn(tmp_path, "d:+a m>get(a) m<ok(a=1)")
    assert {a["id"] for a in found.all("figure")} == {"plots-calls", "plots-rate"}


def test_names_from_a_run_become_no_mark_up(tmp_path):
    begun = "phase=begin]"
    line = f"wire:d>r[msg=1,type=<img/src=x>] m!call[method=job.get,{begun} m!fetch[what=<b>,licence=<b>,{begun}"
    found = drawn(tmp_path, line)
    assert not found.all("img") and not found.all("b") and not found.open
    assert "<img/src=x>" in found.text


def test_however_long_a_run_its_plots_stay_small(tmp_path):
    run = file_run(tmp_path / "run", "d:+a m>get(a) m<ok(a=1)")
    assert run.history is not None
    for n in range(20_000):
        at = {"process": f"mobile-1/u{n % 7}", "node": "mobile-1", "f": f"f{n % 40}"}
        begin_ns = 10**9 + n * 900_001
        run.history.ops.append(Op(index=2 * n, time_ns=begin_ns, type="invoke", **at))
        run.history.ops.append(Op(index=2 * n + 1, time_ns=begin_ns + (n * 7919) % 10_007 * 1000, type="ok", **at))
    html = plots.render(run)
    assert html is not None and len(html) < 60_000
    assert "points between the extremes are left out" in html


def test_there_are_as_many_columns_as_a_plot_has():
    span = Span(5, 5 + 10**9)
    assert [span.column(span.column_ns(column) + 9) for column in (0, 1, COLUMNS - 1)] == [0, 1, COLUMNS - 1]
    assert span.column(span.end_ns + 1) == COLUMNS - 1
