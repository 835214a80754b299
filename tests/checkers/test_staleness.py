"""A commit is shown within its bound, counted from when the path was whole; a correct system is never blamed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telling import judge

from checkers.notation import read
from harness.history import Tap
from harness.judging.checking import check
from harness.verdict import Verdict

NAME = "staleness"
OPEN = "d:up m:up m:scope(s1) m:listed"
STALE, NEVER, LIST = "stale", "never-shown", "first-list-late"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("shown at once", f"{OPEN} @100 d:+a m:a=1", []),
        ("shown within two seconds", f"{OPEN} @100 d:+a @101 m:a=1", []),
        ("shown later", f"{OPEN} @100 d:+a @103 m:a=1", [STALE]),
        ("never shown, and the end comes late", f"{OPEN} @100 d:+a @103 m:final", [NEVER]),
        ("never shown, and the end comes soon", f"{OPEN} @100 d:+a @101 m:final", []),
        ("a newer row shows it too", f"{OPEN} @100 d:+a d:a{{status=queued}} m:a=2 @200 m:final", []),
        ("the second commit is late", f"{OPEN} @100 d:+a m:a=1 d:a{{status=queued}} @110 m:a@2", [STALE]),
        ("an older one shows nothing new", f"{OPEN} @100 d:+a m:a=1 d:a{{status=queued}} m:a=1 @110 m:a@2", [STALE]),
        ("a message without revision is believed", f'{OPEN} @100 d:+a m:a=1 d:a"x" m:a@2~ @110 m:final', []),
        ("deleted before it was shown", f"{OPEN} @100 d:+a d:-a @200 m:final", []),
        ("its deletion is late", f"{OPEN} @100 d:+a m:a=1 d:-a @110 m:-a", [STALE]),
        ("its deletion comes in time", f"{OPEN} @100 d:+a m:a=1 d:-a m:-a @110 m:final", []),
        ("another session", f"{OPEN} @100 d:+a/s2 @200 m:final", []),
        ("a commit that failed", f"{OPEN} @100 d:+a! @200 m:final", []),
        ("a commit nobody knows of", f"{OPEN} @100 d:+a? @200 m:final", []),
        ("no scope is open", "d:up m:up @100 d:+a @200 m:final", []),
        ("it left with its scope", f"{OPEN} @100 d:+a m:scope(s2) m:listed @200 m:final", []),
        ("before it was opened", "d:up m:up d:+a @100 m:scope(s1) m:a=1 m:listed @200 m:final", []),
        ("the first list lacks it", "d:up m:up d:+a @100 m:scope(s1) m:listed @200 m:final", [NEVER]),
        ("the first list takes a while", "d:up m:up @100 m:scope(s1) @110 m:listed", []),
        ("the first list takes too long", "d:up m:up @100 m:scope(s1) @150 m:listed", [LIST]),
        ("it never comes, and the mobile says so", "d:up m:up @100 m:scope(s1) @150 m:final[listed=false]", [LIST]),
        ("a mobile that never journals its lists", "d:up m:up @100 m:scope(s1) @150 m:final", []),
        ("the mobile is away", f"{OPEN} @100 m:down d:+a @200 m:final", []),
        ("the desktop is away", f"{OPEN} @100 d:+a d:down @200 m:final", []),
        ("back, and fetching", f"{OPEN} @100 m:down d:+a @200 m:up @210 m:a=1", []),
        ("back, and too late", f"{OPEN} @100 m:down d:+a @200 m:up @220 m:a=1", [STALE]),
        ("late before the path was cut", f"{OPEN} @100 d:+a @110 m:down @120 m:final", [STALE]),
        ("a fault on the path", f"{OPEN} @100 fault:x d:+a @300 m:a=1 heal:x", []),
        ("a fault, and its repair", f"{OPEN} @100 fault:x d:+a @200 heal:x @230 m:a=1", []),
        ("a fault, and the time a dead peer takes", f"{OPEN} @100 fault:x d:+a @200 heal:x @292 m:a=1", []),
        ("a fault, and longer than that", f"{OPEN} @100 fault:x d:+a @200 heal:x @293 m:a=1", [STALE]),
        ("a fault long ago", f"{OPEN} @100 fault:x d:+a @200 heal:x @300 m:a=1", [STALE]),
        ("a fault on a commit that was late before", f"{OPEN} @100 d:+a @110 fault:x @120 m:a=1 heal:x", [STALE]),
        ("a new registration", f"{OPEN} @100 fault:x d:+a heal:x d:down d:up m:down m:up @140 m:a=1", [STALE]),
        ("calm again", f"{OPEN} @100 fault:x heal:x @400 d:+a @403 m:a=1", [STALE]),
        ("calm again, and away", f"{OPEN} @100 fault:x heal:x @400 m:down d:+a m:up @425 m:a=1", [STALE]),
        ("a restarted mobile", f"{OPEN} @100 d:+a m:restart @200 m:scope(s2) m:listed m:final", []),
    ],
)  # fmt: skip
def test_the_clock_runs_only_while_the_path_is_whole(why: str, line: str, reasons: list[str]) -> None:
    result = judge(line, NAME)
    assert ([result.reason, *result.others] if result.reason else []) == reasons
    assert result.verdict is (Verdict.INVALID if reasons else None if why == "no scope is open" else Verdict.VALID)


def test_a_commit_that_is_shown_before_its_answer_is_journaled_is_shown() -> None:
    history = read(f"{OPEN} @100 d:+a m:a=1 @110 m:final")
    answer = next(op for op in history.ops if op.f == "commit" and op.type == "ok")
    answer.time_ns += 200_000_000
    history.ops.sort(key=lambda op: op.time_ns)
    assert judge(history, NAME).verdict is Verdict.VALID


def test_within_is_a_bound_of_the_plan() -> None:
    line = f"{OPEN} @100 d:+a @101 m:a=1"
    assert judge(line, NAME, within="2s").verdict is Verdict.VALID
    result = judge(line, NAME, within="500ms")
    assert result.reason == STALE and "the bound is 500.0 ms" in result.message


def test_the_least_delta_and_k_that_would_hold_are_reported() -> None:
    result = judge(f"{OPEN} @100 d:+a d:a{{status=x}} d:a{{status=y}} @101 m:a=3 @110 m:final", NAME)
    assert result.verdict is Verdict.VALID
    assert (result.details["k"], result.details["delta"]) == (4, "1.000 s")


def test_without_anything_that_tells_of_connections_it_is_not_judged() -> None:
    history = read(f"%level=1 {OPEN} @100 d:+a @110 m:a=1")
    result = judge(history, NAME)
    assert result.verdict is None and "which connections are live" in result.message


def test_without_timers_it_is_not_judged() -> None:
    history = read(f"{OPEN} @100 d:+a @110 m:a=1")
    history.header.timing = {}
    assert judge(history, NAME).verdict is None


def _tap(time_s: float, link: str, type_: str, conn: int = 1, **more: Any) -> Tap:
    return Tap(time_ns=round(time_s * 1e9), link=link, side="out", conn=conn, bytes=1, type=type_, **more)


REGISTERED = [_tap(0.1, "relay->mobile-1", "registered"), _tap(0.1, "relay->desktop-1", "registered", 2)]


def test_a_component_that_journals_no_link_is_judged_by_the_wire() -> None:
    history = read("%level=1 m:scope(s1) m:listed @100 d:+a @130 m:a=1")
    history.taps = REGISTERED
    assert judge(history, NAME).reason == STALE
    history.taps = [*REGISTERED, _tap(120, "relay->mobile-1", "registered", 3)]
    assert judge(history, NAME).verdict is Verdict.VALID


BOTH_WAYS = [_tap(201, way, "heartbeat") for way in ("mobile-1->relay", "relay->mobile-1")]
DESKTOPS_TOO = [_tap(201, way, "heartbeat", 2) for way in ("desktop-1->relay", "relay->desktop-1")]


def test_messages_that_arrive_both_ways_end_the_doubt_about_a_connection() -> None:
    history = read(f"{OPEN} @100 fault:x d:+a @200 heal:x @250 m:a=1")
    history.taps = [*REGISTERED, *BOTH_WAYS]
    assert judge(history, NAME).verdict is Verdict.VALID  # the desktop's is still in doubt
    history.taps = [*REGISTERED, *BOTH_WAYS, *DESKTOPS_TOO]
    assert judge(history, NAME).reason == STALE
    history.taps = [*REGISTERED, *BOTH_WAYS, *[_tap(201, t.link, "heartbeat", 9) for t in DESKTOPS_TOO]]
    assert judge(history, NAME).verdict is Verdict.VALID  # of another connection


def test_an_overflow_may_cost_a_fetch() -> None:
    line = f"{OPEN} @100 d:+a @108 m:a=1"
    assert judge(line, NAME).reason == STALE
    history = read(line)
    history.taps = [*REGISTERED, _tap(100.3, "relay->mobile-1", "sync:gap")]
    assert judge(history, NAME).verdict is Verdict.VALID


def test_the_replica_waits_twice_as_long_as_a_late_answer_took() -> None:
    line = f"{OPEN} @100 m:down d:+a @200 m:up @230 m:a=1"
    assert judge(line, NAME).reason == STALE
    history = read(line)
    asked = Tap(time_ns=10**10, link="mobile-1->relay", side="in", conn=1, bytes=1, type="rpc:job.get", msg="c")
    history.taps = [*REGISTERED, asked, _tap(22, "relay->mobile-1", "rpc-reply", msg="c")]
    assert judge(history, NAME).verdict is Verdict.VALID


def test_a_wiped_store_owes_nothing_of_what_it_held() -> None:
    history = read(f"{OPEN} @100 d:+a m:a=1 d:a{{status=x}} @101 d:final @200 m:final")
    assert judge(history, NAME).reason == NEVER
    final = next(op for op in history.ops if op.node == "desktop-1" and op.f == "final")
    final.f, final.type, final.value = "recovered", "info", {"store": "another", "head": 0}
    assert judge(history, NAME).verdict is Verdict.VALID


GAPS = st.floats(0.0, 1.5)


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    """Commits shown in time, one job a commit or several; and the places of the tokens that show one."""
    tokens, shows, now, n = [OPEN], [], 60.0, 0
    for job in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=8)):
        n, known = n + 1, any(f"d:+{job}" == t for t in tokens)
        tokens += [f"@{now:.3f}", f"d:{job}{json.dumps('x')}" if known else f"d:+{job}"]
        now += draw(GAPS) + 0.2
        tokens.append(f"@{now:.3f}")
        shows.append(len(tokens))
        tokens.append(f"m:{job}={n}")
        now += 0.2 + draw(st.sampled_from([0.0, 50.0]))
    return tokens, shows


@settings(max_examples=60, deadline=None)
@given(runs(), st.data())
def test_exactly_the_one_late_commit_is_named(run: tuple[list[str], list[int]], data: st.DataObject) -> None:
    tokens, shows = run
    assert judge(" ".join(tokens), NAME).verdict is Verdict.VALID
    at = data.draw(st.sampled_from(shows))
    late = " ".join([*tokens[:at], f"@{float(tokens[at - 1][1:]) + 2.2:.3f}", *tokens[at:]])
    history = read(late)
    for op in history.ops:
        if op.f == "observe" and op.rev is not None and f"m:{op.job}={op.rev.n}" == tokens[at]:
            blamed = op.index
    result = judge(history, NAME)
    assert result.verdict is Verdict.INVALID and result.first == blamed


def test_a_late_first_list_is_told_with_when_it_came() -> None:
    found = next(r for r in check(read("d:up m:up m:scope(s1) @260 m:listed d:final")) if r.check == "staleness")
    assert found.message == (
        "mobile-1 opened a scope at 0.200 s and merged its first list only at 260.000 s, long past its bound"
    )
