"""Clients below L2 say nothing of their connections. The wire does, and what it shows counts from when it shows it."""

from __future__ import annotations

import pytest
from telling import judge

from checkers.notation import read
from checkers.traffic.storms import ATTEMPTS
from harness.history import History, Op
from harness.verdict import Verdict

BOTH = "m>open m<ok wire:r>d[type=registered,conn=2] wire:r>m[type=registered,conn=3]"
OFFLINE = "wire:r>d[type=presence,source=device-of-mobile-1,msg=offline/b/7,conn=2]"
END = "@300 m:final[foreground=false,registered=false] d:final"
BACK = "m>foreground m<ok wire:m>r[type=register,conn=4] wire:r>m[type=registered,conn=4]"


def reasons(history: History | str, name: str = "liveness") -> list[str]:
    result = judge(history, name)
    return [result.reason, *result.others] if result.reason else []


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("why", "line", "expected"),
    [
        ("it stands", f"{BOTH} {OFFLINE} @300 m:final d:final", ["presence-wrong"]),
        ("sent to the background", f"{BOTH} m>background m<ok {OFFLINE} {END}", []),
        ("nobody knows whether", f"{BOTH} m>background m<info(timeout) {OFFLINE} {END}", []),
        ("it was not", f"{BOTH} m>background m<fail(down) {BACK} {OFFLINE} @300 m:final d:final", ["presence-wrong"]),
        ("and back", f"{BOTH} m>background m<ok {BACK} {OFFLINE} @300 m:final d:final", ["presence-wrong"]),
        (
            "told on its way out that it was registered",
            f"m>background wire:r>d[type=registered,conn=2] wire:r>m[type=registered,conn=3] m<ok {OFFLINE} {END}",
            [],
        ),
        ("another socket is asked for", f"{BOTH} wire:m>r[type=register,conn=4] {OFFLINE} {END}", []),
        ("asked for again", f"{BOTH} wire:m>r[type=register,conn=3] {OFFLINE} @300 d:final", ["presence-wrong"]),
    ],
)
def test_of_what_the_wire_showed_first_a_later_word_counts(
    level: int, why: str, line: str, expected: list[str]
) -> None:
    assert reasons(f"%level={level} {line}") == expected


def _fault(history: History, time_s: float, f: str, action: str, *nodes: str) -> None:
    value = {"fault": "x", "action": action, "occurrence": 0, "nodes": list(nodes), "directions": []}
    _op(history, time_s, f, None, value, process="nemesis")


def _op(history: History, time_s: float, f: str, node: str | None, value: object, process: str = "n") -> None:
    known = {"index": 0, "time_ns": round(time_s * 1e9), "process": process, "type": "info"}
    history.ops.append(Op(**known, f=f, node=node, value=value))
    history.ops.sort(key=lambda op: op.time_ns)
    for index, op in enumerate(history.ops):
        op.index = index


AT_END = "@300 m:final d:final"


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("action", "node", "started", "again", "expected"),
    [
        ("kill", "mobile-1", True, False, []),
        ("kill", "mobile-1", False, False, []),  # it has not come back
        ("kill", "mobile-1", True, True, ["presence-wrong"]),
        ("kill", "relay", True, False, []),
        ("kill", "relay", True, True, ["presence-wrong"]),
        ("partition", "mobile-1", False, False, ["presence-wrong"]),  # long enough ago for anybody to be back
        ("pause", "relay", False, False, ["presence-wrong"]),
    ],
)
def test_what_ends_a_connection_ends_it_although_it_journals_nothing(
    level: int, action: str, node: str, started: bool, again: bool, expected: list[str]
) -> None:
    both = f"wire:r>d[type=registered,conn=5] wire:r>m[type=registered,conn=6] {OFFLINE.replace('conn=2', 'conn=5')}"
    desk = f"wire:r>d[type=registered,conn=5] {OFFLINE.replace('conn=2', 'conn=5')}"
    line = f"%level={level} {BOTH} @20 {both if again else desk} {AT_END}"
    history = read(line)
    _fault(history, 10, "fault-begin", action, node)
    if started:
        _op(history, 12, "started", node, {"incarnation": 1})
    _fault(history, 12.1, "fault-heal", action, node)
    assert reasons(history) == expected


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(("end_s", "expected"), [(80, []), (140, ["presence-wrong"])])
def test_a_doubt_lasts_until_it_must_have_noticed_and_be_back(level: int, end_s: int, expected: list[str]) -> None:
    history = read(f"%level={level} {BOTH} @16 {OFFLINE} @{end_s} m:final d:final")
    _fault(history, 10, "fault-begin", "partition", "mobile-1")
    _fault(history, 15, "fault-heal", "partition", "mobile-1")
    assert reasons(history) == expected


@pytest.mark.parametrize("level", [0, 1])
def test_a_second_device_takes_the_connection_of_the_first(level: int) -> None:
    for shared, expected in ((True, []), (False, ["presence-wrong"])):
        history = read(f"%level={level} {BOTH} m2>open m2<ok wire:r>m2[type=registered,conn=4] {OFFLINE} {AT_END}")
        nodes = history.header.nodes
        if shared:
            nodes["mobile-2"]["device_id"] = nodes["mobile-1"]["device_id"]
        assert reasons(history) == expected, shared


@pytest.mark.parametrize("level", [0, 1])
def test_whom_the_relay_does_not_list_is_in_the_background_or_unreachable(level: int) -> None:
    for word, expected in (("", ["unreachable"]), ("m>background m<ok", []), ("wire:m>r[type=register,conn=9]", [])):
        history = read(f"%level={level} {BOTH} {word} {END.replace('false', 'true') if not word else END}")
        for node in history.header.nodes.values():
            node["user_id"] = "U1"
        _op(history, 299, "final", "relay", {"connections": {"U1": {"device-of-desktop-1": 1}}})
        assert reasons(history) == expected, word


@pytest.mark.parametrize("level", [0, 1])
def test_who_says_that_it_is_not_registered_must_have_had_no_time(level: int) -> None:
    away = f"%level={level} {BOTH} @{{}} m:final[registered=false] d:final"
    assert reasons(away.format(90)) == []
    assert reasons(away.format(140)) == ["unregistered"]
    assert reasons(f"%level={level} {BOTH} m>background m<ok {END}") == []
    held = read(away.format(140))
    _fault(held, 100, "fault-begin", "kill", "mobile-1")
    assert reasons(held) == []


def test_sockets_opened_before_and_after_a_start_or_a_foreground_are_no_storm() -> None:
    def line(between: str, times: int) -> str:
        opened = " ".join(f"wire:m>r[type=register,conn={n},side=in]" for n in range(10, 10 + times))
        more = " ".join(f"wire:m>r[type=register,conn={n},side=in]" for n in range(30, 30 + times))
        return f"%level=1 @20 {opened} {between} {more} @60 m:final d:final"

    assert reasons(line("m>foreground m<ok", ATTEMPTS)) == []
    assert reasons(line("", ATTEMPTS)) == ["reconnect-storm"]


STREAM = "m:scope(s1) m:listed d:+a m:a=1"


@pytest.mark.parametrize(
    ("why", "line", "expected"),
    [
        ("it stands", f"{BOTH} {STREAM} @100 d:a{{status=queued}} @160 m:a@2 @200 d:final", ["stale"]),
        ("another is asked for", f"{BOTH} {STREAM} @99 wire:m>r[type=register,conn=4] @100 d:a{{status=queued}} @160 "
         "wire:r>m[type=registered,conn=4] m:a@2 @200 d:final", []),
        ("in the background", f"{BOTH} {STREAM} @99 m>background m<ok @100 d:a{{status=queued}} @160 m>foreground "
         "m<ok wire:r>m[type=registered,conn=4] m:a@2 @200 d:final", []),
    ],
)  # fmt: skip
def test_a_commit_is_owed_only_over_a_connection_that_stands(why: str, line: str, expected: list[str]) -> None:
    assert reasons(f"%level=1 {line}", "staleness") == expected


def test_while_a_doubt_lasts_no_commit_is_owed_over_it() -> None:
    for end_s, expected in ((90, []), (190, ["never-shown"])):
        history = read(f"%level=1 {BOTH} {STREAM} @16 d:a{{status=queued}} @{end_s} d:final")
        _fault(history, 14, "fault-begin", "partition", "mobile-1")
        _fault(history, 15, "fault-heal", "partition", "mobile-1")
        assert reasons(history, "staleness") == expected
    assert judge(f"%level=1 {BOTH} {STREAM}", "staleness").verdict is Verdict.VALID
