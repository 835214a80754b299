"""At the end, every open screen shows what its desktop stores."""

from __future__ import annotations

from typing import Any

import pytest
from telling import judge, named

from checkers.convergence import CHECKER
from checkers.notation import read
from harness.history import History
from harness.verdict import Verdict

NAME = "convergence"
END = "m:final d:final"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("equal", f'd:+a d:a"Hi" m:a=2 {END}', []),
        ("nothing at all", END, []),
        ("no job", f"d:+a {END}", ["missing-job"]),
        ("a deleted job", f"d:+a m:a=1 d:-a {END}", ["extra-job"]),
        ("an old field", f"d:+a m:a=1 d:a{{status=queued}} {END}", ["stale-field"]),
        ("an old text", f'd:+a m:a=1 d:a"x" {END}', ["wrong-text"]),
        ("another text of equal length", f'd:+a d:a"xy" m:a=2"yx" {END}', ["wrong-text"]),
        ("a field more", f"d:+a m:a=1{{errorMessage=odd}} {END}", ["stale-field"]),
        ("a null more", f"d:+a m:a=1{{errorMessage=null}} {END}", []),
        ("only another attempt in sync", f"d:+a d:a^ m:a=2[attempt=1] {END}", []),
        ("a job of another session", f"d:+a/s2 {END}", []),
        ("another session's job is shown", f"d:+a/s2 m:a=1 {END}", ["extra-job"]),
        ("a whole project", f"d:+a/s2 m:scope(project:p) m:a=1 {END}", []),
        ("a whole project, one missing", f"d:+a/s2 d:+b m:scope(project:p) m:a=1 {END}", ["missing-job"]),
        ("another project", f"d:+a/s2 m:scope(project:q) {END}", []),
        ("a job of another desktop is not expected", f"d:+a d2:+b m:a=1 {END} d2:final", []),
        ("a job of another desktop is shown", f"d:+a d2:+b m:a=1 m:b=1 {END} d2:final", ["extra-job"]),
        ("the second of two mobiles", f"d:+a m:a=1 {END} m2:final", ["missing-job"]),
        ("several", f'd:+a d:+b d:+c m:a=1 m:b=2 d:a"x" d:-b {END}', ["wrong-text", "missing-job", "extra-job"]),
    ],
)  # fmt: skip
def test_what_is_shown_is_what_is_stored(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


@pytest.mark.parametrize("closed", ["[foreground=false]", "[scope=null]", "[scope={}]"])
def test_a_mobile_without_an_open_screen_is_not_judged(closed: str) -> None:
    result = judge(f"d:+a m:final{closed} d:final", NAME)
    assert (result.verdict, result.reason) == (None, None)
    assert "no foregrounded mobile" in result.message
    assert judge(f"d:+a m:final{closed} m2:final d:final", NAME).reason == "missing-job"


def test_without_a_final_state_nothing_is_decided() -> None:
    for line in ("d:+a m:a=1 m:final", "d:+a m:a=1 d:final", "d:+a m:final[jobs=7] m2:a=1 d:final"):
        result = judge(line, NAME)
        assert (result.verdict, result.reason) == (Verdict.UNKNOWN, "no-final"), line


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("what no event carries", f"d:+a m:a=1 d:a{{errorMessage=e,modelUsed=m}} {END}", []),
        ("what the event carries", f"d:+a m:a=1 d:a{{status=queued}} {END}", ["stale-field"]),
        ("what this event does not carry", f"d:+a m:a=1 d:a{{tokensSent=9}} {END}", []),
        ("what a retry resets silently", f"d:+a d:a{{endTime=5}} m:a=2 d:a^{{status=created,endTime=null}} {END}", []),
        ("the text", f'd:+a m:a=1 d:a"x" {END}', ["wrong-text"]),
        ("an emptied text that no event announced", f'd:+a d:a"x" m:a=2 d:a^{{status=created}} {END}', []),
        ("a text after a retry", f'd:+a d:a"x" m:a=2 d:a^{{status=created}} d:a"y" {END}', ["wrong-text"]),
    ],
)
def test_documented_is_judged_by_what_its_events_carry(why: str, line: str, reasons: list[str]) -> None:
    assert named(f"%profile=documented {line}", NAME).get(NAME, []) == reasons
    assert named(line, NAME).get(NAME, []), "hardened carries every column"


def test_one_documented_node_of_a_pair_is_enough() -> None:
    history = read(f"d:+a m:a=1 d:a{{errorMessage=e}} {END}")
    history.header.nodes["mobile-1"]["profile"] = "documented"
    assert judge(history, NAME).reason is None


def test_a_wrong_text_is_told_with_both_texts_and_sizes() -> None:
    result = judge(f'd:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@2 {END}', NAME)
    assert result.message == (
        "in the end mobile-1 shows the response of job a as “HeHe” (4 bytes), desktop-1 stores “Hello” (5 bytes)"
    )
    assert (result.details["expected_text"], result.details["shown_text"]) == ("Hello", "HeHe")
    assert (result.details["job"], result.details["node"], result.details["field"]) == ("a", "mobile-1", "response")


def test_the_evidence_is_the_commit_the_last_observation_and_both_finals() -> None:
    result = judge(f"d:+a m:a=1(event:1) d:a{{status=queued}} {END}", NAME)
    assert result.evidence == [2, 4, 5, 6]
    assert result.message == "in the end mobile-1 shows status “created” of job a, desktop-1 stores “queued”"
    assert result.details["story"] == [
        {"index": 2, "what": "the last that mobile-1 showed of it: row from an event"},
        {"index": 4, "what": "desktop-1 wrote status of job a (status)"},
        {"index": 6, "what": "desktop-1 stores “queued”"},
        {"index": 5, "what": "mobile-1 shows “created”"},
    ]


def test_state_alone_is_enough_to_judge() -> None:
    history = read(f'%level=0 d:+a d:a"x" m:a=1 {END}')
    history.ops = [op for op in history.ops if op.f == "final"]
    assert judge(history, NAME).reason == "wrong-text"


def test_the_worst_of_a_run_is_named_first_and_all_are_counted() -> None:
    result = judge(f'd:+a d:+b d:+c m:a=1 m:b=2 d:b"x" d:a{{status=queued}} {END}', NAME)
    assert (result.reason, result.others, result.details["count"]) == ("wrong-text", ["missing-job", "stale-field"], 3)


# ---- settled --------------------------------------------------------------------------------------------------------


def _states(history: History) -> dict[str, Any]:
    return {op.node or "": op.value for op in history.ops if op.f == "final"}


def _settled(line: str, **changes: Any) -> bool:
    history = read(line)
    states = _states(history)
    states["mobile-1"].update(changes)
    return CHECKER.settled(history.header, states)  # type: ignore[attr-defined]


def test_a_run_is_settled_when_all_rows_are_equal() -> None:
    assert _settled(f'd:+a d:a"x" m:a=2 {END}')
    assert not _settled(f'd:+a d:a"x" m:a=1 {END}')
    assert not _settled(f"d:+a {END}")
    assert not _settled(f"d:+a m:a=1 d:-a {END}")


def test_a_run_is_not_settled_while_a_client_is_away_or_its_list_is_not_merged() -> None:
    assert not _settled(f"d:+a m:a=1 {END}", registered=False)
    assert not _settled(f"d:+a m:a=1 {END}", listed=False)


def test_nobody_waits_for_a_screen_that_is_closed() -> None:
    assert _settled(f"d:+a {END}", foreground=False, registered=False, listed=False)
    assert _settled(f"d:+a {END}", scope=None, listed=False)


def test_documented_waits_only_for_what_an_event_could_carry() -> None:
    assert _settled(f"%profile=documented d:+a m:a=1 d:a{{errorMessage=e}} {END}")
    assert not _settled(f"%profile=documented d:+a m:a=1 d:a{{tokensSent=3}} {END}")


def test_states_that_are_none_are_not_settled() -> None:
    history = read(f"d:+a m:a=1 {END}")
    assert not CHECKER.settled(history.header, {**_states(history), "mobile-1": None})  # type: ignore[attr-defined]


APART = "m:up d:up d:+a m:a=1 @2 m:down d:a{status=queued} @3 d:down @4 m:up"


@pytest.mark.parametrize(
    ("why", "line", "said"),
    [
        ("never at one time", f"{APART} @200 {END}", (Verdict.UNKNOWN, "apart")),
        ("for a moment", f"{APART} @100 d:up @100.01 d:down @200 {END}", (Verdict.UNKNOWN, "apart")),
        ("for long enough", f"{APART} @100 d:up @130 d:down @200 {END}", (Verdict.INVALID, "stale-field")),
        ("what it shows was never right", f'{APART} m:a=2"odd" @200 {END}', (Verdict.INVALID, "wrong-text")),
        ("it shows it all", f"{APART} m:a=2 @200 {END}", (Verdict.VALID, None)),
    ],
)
def test_of_two_that_never_meet_nobody_can_ask_that_they_agree(
    why: str, line: str, said: tuple[Verdict, str | None]
) -> None:
    result = judge(line, NAME)
    assert (result.verdict, result.reason) == said, result.message
