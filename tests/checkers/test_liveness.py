"""After the faults everybody is back, reachable and quiet; and nobody storms meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telling import judge

from checkers.notation import read
from checkers.traffic.storms import ATTEMPTS, RETRIES
from harness.history import History, Op, Tap
from harness.judging.checking import check
from harness.verdict import Verdict

NAME = "liveness"
UP = "d:up m:up"


def reasons(history: History | str) -> list[str]:
    result = judge(history, NAME)
    assert (result.verdict is Verdict.INVALID) == (result.reason is not None)
    return [result.reason, *result.others] if result.reason else []


@pytest.mark.parametrize(
    ("why", "line", "expected"),
    [
        ("nothing happened to it", f"{UP} @500 m:final", []),
        ("it came back", f"{UP} fault:x m:down heal:x @90 m:up @500 m:final", []),
        ("it did not", f"{UP} fault:x m:down heal:x @200 m:final", ["unregistered"]),
        ("the desktop did not", f"{UP} fault:x d:down heal:x @200 m:final", ["unregistered"]),
        ("the run ended before it had to", f"{UP} fault:x m:down heal:x @90 m:final", []),
        ("a fault still holds it back", f"{UP} fault:x m:down @200 m:final", []),
        ("lost without any fault", f"{UP} @100 m:down @250 m:final", ["unregistered"]),
    ],
)
def test_a_client_comes_back_within_its_bound(why: str, line: str, expected: list[str]) -> None:
    assert reasons(line) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f'{UP} @3 d!crashed[said="KeyError: x"] @200 m:final', "desktop-1 broke down at 3.000 s: KeyError: x"),
        (f"{UP} @3 d!crashed @200 m:final", "desktop-1 broke down at 3.000 s: it does not say how"),
    ],
)
def test_a_task_that_breaks_down_is_a_finding(line: str, said: str) -> None:
    found = judge(line, NAME)
    assert (found.reason, found.message) == ("crashed", said)


GIVES_UP = 'd!link[state=closed,reason="dead peer"]'


@pytest.mark.parametrize(
    ("why", "line", "expected"),
    [
        ("nothing had happened to it", f"{UP} @100 {GIVES_UP} d:up @200 m:final", ["given-up"]),
        ("a fault had, long before", f"{UP} fault:x heal:x @100 {GIVES_UP} d:up @200 m:final", ["given-up"]),
        ("a fault had, lately", f"{UP} fault:x heal:x @50 {GIVES_UP} d:up @200 m:final", []),
        ("a fault still does", f"{UP} fault:x @100 {GIVES_UP} d:up @200 m:final", []),
        ("somebody else ended it", f"{UP} @100 d!link[state=closed,reason=reset] d:up @200 m:final", []),
        ("it was never registered", f"m:up @100 {GIVES_UP} d:up @200 m:final", []),
    ],
)
def test_a_healthy_connection_is_not_given_up(why: str, line: str, expected: list[str]) -> None:
    assert reasons(line) == expected


def test_outside_the_simulator_a_machine_may_be_silent_but_not_again_and_again() -> None:
    def line(times: int) -> str:
        return f"%runtime=docker {UP} " + " ".join(f"@{100 * n} {GIVES_UP} d:up" for n in range(1, times + 1))

    assert reasons(f"{line(2)} @400 m:final") == []
    assert reasons(f"{line(3)} @400 m:final") == ["given-up"]


def test_where_nobody_says_how_often_the_relay_pings_nobody_is_blamed_for_silence() -> None:
    history = read(f"{UP} @100 {GIVES_UP} d:up @200 m:final")
    del history.header.timing["ping_s"]
    assert reasons(history) == []


@pytest.mark.parametrize(("level", "expected"), [(2, ["given-up"]), (0, []), (None, [])])
def test_of_a_relay_that_journals_nothing_nobody_knows_that_it_pings(level: int | None, expected: list[str]) -> None:
    history = read(f"{UP} @100 {GIVES_UP} d:up @200 m:final")
    history.header.nodes["relay"]["level"] = level
    assert reasons(history) == expected


def test_a_client_in_the_background_owes_nothing() -> None:
    history = read(f"{UP} @100 m:down @300 m:final")
    next(op for op in history.ops if op.f == "link" and op.value["state"] == "closed").value = {"state": "suspended"}
    _insert(history, 100.2, "link", "mobile-1", {"state": "closed", "reason": "suspended"})
    assert reasons(history) == []
    _insert(history, 101, "link", "mobile-1", {"state": "connecting"})
    _insert(history, 102, "link", "mobile-1", {"state": "closed", "reason": "refused"})
    assert reasons(history) == ["unregistered"]


def _insert(history: History, time_s: float, f: str, node: str, value: dict[str, Any], **more: Any) -> Op:
    known: dict[str, Any] = {"index": 0, "time_ns": round(time_s * 1e9), "process": f"{node}/journal", "type": "info"}
    op = Op(**known, f=f, node=node, value=value, **more)
    history.ops.append(op)
    history.ops.sort(key=lambda op: op.time_ns)
    for index, each in enumerate(history.ops):
        each.index = index
    return op


def _map(history: History, *devices: str) -> None:
    for node in history.header.nodes.values():
        node["user_id"] = "U1"
    _insert(history, 99, "final", "relay", {"connections": {"U1": dict.fromkeys(devices, 1)}})


def test_a_registered_client_is_among_the_relays_connections() -> None:
    history = read(f"{UP} @98 m:final @100 d:final")
    _map(history, "device-of-mobile-1", "DEVICE-of-desktop-1")
    assert reasons(history) == []
    history = read(f"{UP} @98 m:final @100 d:final")
    _map(history, "device-of-desktop-1")
    assert reasons(history) == ["unreachable"]


def test_of_one_that_has_just_registered_or_is_in_doubt_nothing_is_known() -> None:
    for line in (f"{UP} @97 m:down @99.9 m:up @100 d:final", f"{UP} fault:x @97 heal:x @100 d:final"):
        history = read(line)
        _map(history, "device-of-desktop-1")
        assert reasons(history) == []


def _conn(history: History, time_s: float, state: str, number: int) -> None:
    _insert(history, time_s, "conn", "relay", {"device": "device-of-mobile-1", "state": state, "conn": number})


def test_an_older_socket_throws_nobody_out() -> None:
    history = read(f"{UP} @100 m:final")
    _conn(history, 10, "registered", 4)
    _conn(history, 11, "registered", 5)
    assert reasons(history) == []
    _conn(history, 12, "registered", 3)
    assert reasons(history) == ["evicted"]


def test_an_older_socket_may_register_when_the_newer_one_is_gone() -> None:
    history = read(f"{UP} @100 m:final")
    _conn(history, 10, "registered", 4)
    _conn(history, 11, "closed", 4)
    _conn(history, 12, "registered", 3)
    assert reasons(history) == []


def test_a_relay_that_was_restarted_counts_anew() -> None:
    history = read(f"{UP} @100 m:final")
    _conn(history, 10, "registered", 4)
    _insert(history, 11, "started", "relay", {"incarnation": 1})
    _conn(history, 12, "registered", 1)
    assert reasons(history) == []


def _presence(time_s: float, word: str, conn: int = 2) -> Tap:
    return Tap(
        time_ns=round(time_s * 1e9),
        link="relay->desktop-1",
        side="in",
        conn=conn,
        bytes=1,
        type="presence",
        msg=f"{word}/boot/7",
        source="device-of-mobile-1",
    )


def _registered(time_s: float, node: str, conn: int) -> Tap:
    return Tap(time_ns=round(time_s * 1e9), link=f"relay->{node}", side="out", conn=conn, bytes=1, type="registered")


def test_the_relays_last_word_on_a_client_is_right() -> None:
    history = read(f"{UP} @100 m:final")
    both = [_registered(0.1, "desktop-1", 2), _registered(0.2, "mobile-1", 3)]
    for words, expected in (
        (["online"], []),
        (["offline", "online"], []),
        (["online", "offline"], ["presence-wrong"]),
    ):
        history.taps = [*both, *(_presence(10 + at, word) for at, word in enumerate(words))]
        assert reasons(history) == expected, words
    history.taps = [*both, _presence(10, "offline", conn=1)]  # a connection that is gone
    assert reasons(history) == []


@pytest.mark.parametrize(("mapped", "judged"), [(("desktop-1", "mobile-1"), True), (("mobile-1",), False)])
def test_the_relay_owes_no_word_to_a_listener_that_it_has_given_up(mapped: tuple[str, ...], judged: bool) -> None:
    history = read(f"{UP} @98 m:final @100 d:final")
    _map(history, *(f"device-of-{name}" for name in mapped))
    both = [_registered(0.1, "desktop-1", 2), _registered(0.2, "mobile-1", 3)]
    history.taps = [*both, _presence(10, "online"), _presence(11, "offline")]
    assert ("presence-wrong" in reasons(history)) is judged


def test_a_client_in_the_background_is_not_said_to_be_online() -> None:
    for seconds, word, expected in ((300, "online", ["presence-wrong"]), (150, "online", []), (300, "offline", [])):
        history = read(f"{UP} @100 m:down @{seconds} m:final")
        closed = next(op for op in history.ops if op.f == "link" and op.value["state"] == "closed")
        closed.value = {"state": "suspended"}
        history.taps = [_registered(0.1, "desktop-1", 2), _registered(0.2, "mobile-1", 3), _presence(90, word)]
        assert reasons(history) == expected, (seconds, word)


def _storm(history: History, count: int, every_s: float, stays_s: float = 0.0, begin_s: float = 20.0) -> None:
    for k in range(count):
        at = begin_s + k * every_s
        _insert(history, at, "link", "mobile-1", {"state": "open"})
        if stays_s:
            _insert(history, at, "link", "mobile-1", {"state": "registered"})
            _insert(history, at + stays_s, "link", "mobile-1", {"state": "closed"})


QUIET_END = f"{UP} @55 m:up @60 m:final"


@pytest.mark.parametrize(
    ("why", "storm", "expected"),
    [
        ("without a pause", {"count": ATTEMPTS + 1, "every_s": 0.1}, ["reconnect-storm"]),
        ("as often as is allowed", {"count": ATTEMPTS, "every_s": 0.1}, []),
        ("with pauses", {"count": 20, "every_s": 1.0}, []),
        ("each registered for a moment", {"count": 20, "every_s": 0.1, "stays_s": 0.05}, ["reconnect-storm"]),
    ],
)
def test_sockets_are_not_opened_without_a_pause(why: str, storm: dict[str, Any], expected: list[str]) -> None:
    history = read(QUIET_END)
    _storm(history, **storm)
    assert reasons(history) == expected


def test_after_a_long_registration_a_start_or_the_background_the_back_off_begins_anew() -> None:
    pardons: list[Callable[[History], object]] = [
        lambda h: _insert(h, 20.75, "started", "mobile-1", {"incarnation": 1}),
        lambda h: _insert(h, 20.75, "foreground", "mobile-1", {}),
        lambda h: _insert(h, 20.75, "fault-begin", "nemesis", {"action": "clock", "nodes": ["mobile-1"]}),
    ]
    for pardon in pardons:
        history = read(QUIET_END)
        _storm(history, ATTEMPTS + 1, 0.1)
        pardon(history)
        assert "reconnect-storm" not in reasons(history)


def test_a_client_that_journals_no_link_storms_on_the_wire() -> None:
    history = read("%level=1 @60 m:final d:final")
    for many, expected in ((ATTEMPTS, []), (ATTEMPTS + 1, ["reconnect-storm"])):
        history.taps = [
            Tap(time_ns=20 * 10**9 + k * 10**8, link="mobile-1->relay", side="in", conn=k, bytes=1, type="register")
            for k in range(many)
        ]
        assert reasons(history) == expected


@pytest.mark.parametrize(("count", "expected"), [(RETRIES, []), (RETRIES + 1, ["fetch-storm"])])
def test_failed_fetches_are_not_repeated_without_a_pause(count: int, expected: list[str]) -> None:
    history = read(QUIET_END)
    for k in range(count):
        value = {"what": "list", "licence": "retry", "corr": str(k), "phase": "begin"}
        _insert(history, 20 + k * 0.1, "fetch", "mobile-1", value)
    assert reasons(history) == expected


def test_fetches_of_other_jobs_or_for_other_reasons_are_no_storm() -> None:
    history = read(QUIET_END)
    for k in range(3 * RETRIES):
        licence, job = ("retry", f"j{k}") if k % 2 else ("miss", "a")
        value = {"what": "get", "licence": licence, "corr": str(k), "phase": "begin"}
        _insert(history, 20 + k * 0.01, "fetch", "mobile-1", value, job=job)
    assert reasons(history) == []


def test_nothing_changes_after_everything_should_have_been_shown() -> None:
    for at, expected in ((90, []), (200, ["late-convergence"])):
        assert reasons(f"{UP} @10 d:+a @{at} m:a=1(event:1) @300 m:final") == expected
    assert reasons(f"{UP} @10 d:+a @200 m:a=1(local:open) @300 m:final") == []


@pytest.mark.parametrize(
    ("type_", "at_s", "expected"),
    [
        ("heartbeat", 250, []),
        ("sync:head", 250, []),
        ("rpc:job.list", 60, []),
        ("rpc:job.list", 250, ["restless"]),
        ("presence", 250, ["restless"]),
    ],
)
def test_an_idle_system_says_heartbeats_and_heads(type_: str, at_s: int, expected: list[str]) -> None:
    history = read(f"{UP} @10 d:+a @300 m:final")
    history.taps = [
        Tap(time_ns=at_s * 10**9, link="mobile-1->relay", side="in", conn=1, bytes=1, type=type_, msg="online/boot/7")
    ]
    assert reasons(history) == expected


def test_a_new_registration_may_be_followed_by_anything() -> None:
    said = Tap(time_ns=250 * 10**9, link="mobile-1->relay", side="in", conn=1, bytes=1, type="rpc:job.list")
    for level in (1, 2):
        history = read(f"%level={level} {UP} @10 d:+a @300 m:final")
        history.taps = [said]
        assert reasons(history) == ["restless"]
        history.taps = [_registered(200, "mobile-1", 1), said]
        assert reasons(history) == []
    history = read(f"{UP} @10 d:+a @200 m:down m:up @300 m:final")
    history.taps = [said]
    assert reasons(history) == []


def test_without_timers_it_is_not_judged() -> None:
    history = read(f"{UP} @100 m:final")
    history.header.timing = {}
    assert judge(history, NAME).verdict is None


@st.composite
def lives(draw: st.DrawFn) -> str:
    """Connections come and go among faults, each back within its bound."""
    tokens, now = [UP], 10.0
    for number in range(draw(st.integers(1, 5))):
        who = draw(st.sampled_from("dm"))
        down = draw(st.floats(0.2, 60))
        tokens += [
            f"@{now:.2f}",
            f"fault:f{number}",
            f"{who}:down",
            f"@{now + down:.2f}",
            f"heal:f{number}",
            f"{who}:up",
        ]
        now += down + draw(st.floats(1, 100))
    return " ".join([*tokens, f"@{now:.2f}"])


@settings(max_examples=40, deadline=None)
@given(lives(), st.sampled_from("dm"))
def test_exactly_the_one_that_stays_away_is_named(line: str, who: str) -> None:
    end = float(line.rpartition("@")[2]) + 150
    assert reasons(f"{line} @{end:.2f} m:final") == []
    result = judge(f"{line} {who}:down @{end:.2f} m:final", NAME)
    node = "desktop-1" if who == "d" else "mobile-1"
    assert (result.reason, result.others) == ("unregistered", []) and result.message.startswith(node)


def test_what_proves_it_is_told_in_words() -> None:
    line = "d:up m:up fault:x m:down heal:x @200 m:final[registered=false]"
    found = next(r for r in check(read(line)) if r.check == "liveness")
    told = [sentence["what"] for sentence in found.details["story"]]
    assert told[:2] == ["mobile-1's connection is closed", "fault “x” is healed"]
