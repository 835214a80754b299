"""Whose data reaches whom, and which jobs a screen shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telling import OF_JOURNALS, judge, named

from checkers.notation import read
from harness.judging.checking import check
from harness.schedule import CheckSpec
from harness.verdict import Verdict

NAME = "isolation"
OTHER = "%other=m2,d2 d2:+z"
CALL = "wire:m>r[type=rpc:x,msg=c]"
ANSWERED = "wire:r>d[type=rpc:x,msg=c] wire:d>r[type=rpc-reply,msg=c] wire:r>m[type=rpc-reply,msg=c]"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("a job of the scope", "d:+a/s2 m:scope(s2) m:a=1", []),
        (
            "a late list of the former scope",
            "d:+a/s2 m:scope(s2) m:scope(s1) m:a=1(list:c)",
            ["reply-of-another-scope"],
        ),
        ("a late get", "d:+a/s2 m:scope(s1) m:a=1(get:c)", ["reply-of-another-scope"]),
        ("an old list from the cache", "d:+a/s2 m:scope(s1) m:a=1(cache:k)", ["reply-of-another-scope"]),
        ("an event of another session", "d:+a/s2 m:scope(s1) m:a=1(event:7)", ["event-of-another-scope"]),
        ("a change of a job of another session", 'd:+a/s2 d:a"x" m:scope(s1) m:a@2', ["reply-of-another-scope"]),
        ("a job of the project", "d:+a/s2 m:scope(project:p) m:a=1(event:7)", []),
        ("a job of another project", "d:+a m:scope(project:q) m:a=1(event:7)", ["event-of-another-scope"]),
        ("global mode by its session's name", "d:+a/s2 m:scope(mobile-session-1) m:a=1(event:7)", []),
        ("a job that leaves the screen", "d:+a/s2 m:scope(s1) m:~a", []),
        ("a job shown as deleted", "d:+a/s2 d:-a m:scope(s1) m:-a", []),
        ("a job of another desktop", "d:+b d2:+a m:a=1", ["other-desktop"]),
        ("a job of another user's desktop", f"{OTHER} m:z=1", ["foreign-job"]),
        ("the other user shows it", f"{OTHER} m2:z=1", []),
        ("a job that nobody has", "d:+a m:b{status=x}", []),
    ],
)
def test_a_screen_shows_the_jobs_of_its_scope(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("there and on", "d:+a wire:d>r[msg=7,job=a] wire:r>m[msg=7,job=a] d:final", []),
        ("and back", "d:+a wire:d>r[msg=7,job=a] wire:r>d[msg=7,job=a] d:final", ["echo"]),
        ("sent on by another desktop", "d:+a wire:d>r[msg=7] wire:d2>r[msg=7] wire:r>d[msg=7]", ["echo"]),
        ("sent back, but lost on the way", "d:+a wire:d>r[msg=7] wire:r>d[msg=7,side=in]", []),
        ("a head that says where it comes from", "d:+a wire:r>d[type=sync:head,source=device-of-desktop-1]", ["echo"]),
        ("a head of another", "d:+a wire:r>m[type=sync:head,source=device-of-desktop-1]", []),
        ("a device nobody knows", "d:+a wire:r>m[type=sync:head,source=?]", []),
        ("to another user", f"{OTHER} wire:d>r[msg=7] wire:r>m2[msg=7]", ["foreign-user"]),
        ("within the other user", f"{OTHER} wire:d2>r[msg=7] wire:r>m2[msg=7]", []),
        ("two users' desktops that count alike", f"{OTHER} wire:d>r[msg=7] wire:d2>r[msg=7] wire:r>m2[msg=7]", []),
        ("a head to another user", f"{OTHER} wire:r>m2[type=sync:head,source=device-of-desktop-1]", ["foreign-user"]),
        ("a call to another user's desktop", f"{OTHER} {CALL} wire:r>d2[type=rpc:x,msg=c]", ["foreign-user"]),
        ("a call and its reply", f"d:+a {CALL} {ANSWERED}", []),
        ("a reply to another user", f"{OTHER} {CALL} wire:r>m2[type=rpc-reply,msg=c]", ["foreign-user"]),
        ("an event of a mobile", "d:+a wire:m2>r[msg=7] wire:r>m[msg=7]", ["not-a-desktop"]),
        ("an event of a mobile that the relay refuses", "d:+a wire:m2>r[msg=7] wire:r>m2[type=error]", []),
        ("two gaps of one length", f"{OTHER} wire:m>r[type=sync:gap,msg=1] wire:r>m2[type=sync:gap,msg=1]", []),
        ("a mobile that says hello", "d:+a wire:m2>r[type=hello,msg=7] wire:r>m[type=hello,msg=7]", []),
        ("no name and no source", "d:+a wire:r>m[type=job:created]", []),
        ("links that are none", "d:+a wire:m>m2[msg=7] wire:d>m[msg=7]", []),
    ],
)
def test_messages_reach_whom_they_are_for(why: str, line: str, reasons: list[str]) -> None:
    assert named(f"{line} d:final", NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("in time", "wire:m>r[type=register] @3 wire:r>m[msg=7,job=a]", []),
        ("after it, while the socket is being closed", "wire:m>r[type=register] @5.5 wire:r>m[msg=7]", []),
        ("much later", "wire:m>r[type=register] @19 wire:r>m[msg=7,job=a]", ["expired-token"]),
        ("on a new connection", "wire:m>r[type=register] @19 wire:m>r[conn=2] wire:r>m[msg=7,conn=2]", []),
        ("nothing but a farewell", "wire:m>r[type=register] @19 wire:r>m[type=error]", []),
        ("a relay whose clock was set", "fault:x wire:m>r[type=register] @19 wire:r>m[msg=7]", []),
    ],
)
@pytest.mark.parametrize("life", ["5", None, "?"])
def test_nothing_is_sent_on_a_connection_whose_token_expired(
    why: str, line: str, reasons: list[str], life: str | None
) -> None:
    history = read(f"d:+a {line} d:final")
    for op in history.ops:
        if op.f == "fault-begin":
            op.value["nodes"] = ["relay"]
    history.header.nodes["mobile-1"]["token_life_s"] = life
    assert named(history, NAME).get(NAME, []) == (reasons if life == "5" else [])


def test_a_late_list_is_told_with_the_creation_of_its_job() -> None:
    result = judge("d:+a/s2 m:scope(s1) m:a=1(list:c9)", NAME)
    assert result.message == (
        "mobile-1 shows job a of session s2 on the screen of session s1 at 0.200 s (from a job.list)"
    )
    assert result.evidence == [1, 3]


def test_a_stray_message_is_told_with_the_commit_it_speaks_of() -> None:
    result = judge("d:+b d:+a wire:d>r[msg=7,job=a] wire:r>d[msg=7,job=a] d:final", NAME)
    assert result.message == "job:status-changed (job a) of desktop-1 came back to it at 0.300 s"
    assert result.evidence == [3]


def test_without_taps_the_wire_is_not_judged() -> None:
    assert judge("d:+a m:a=1", NAME).details["wire"] == "not judged: no taps"
    assert judge("d:+a wire:r>m", NAME).details["wire"] == "judged"


def test_a_mobile_that_journals_nothing_is_not_judged() -> None:
    assert judge("%level=0 d:+a/s2 m:scope(s1) m:a=1", NAME).verdict is None


ANOMALIES = {
    "echo": "wire:r>d[msg={n},job=a]",
    "foreign-user": "wire:r>m2[msg={n},job=a]",
    "reply-of-another-scope": "m:scope(s1) m:a=1(list:c) m:scope(s2)",
    "event-of-another-scope": "m:scope(s1) m:a=1(event:{n}) m:scope(s2)",
}


@given(st.lists(st.sampled_from(["d>r", "r>m"]), max_size=6), st.sampled_from(sorted(ANOMALIES)), st.data())
def test_a_single_stray_is_named_and_nothing_else_is(ways: list[str], reason: str, data: st.DataObject) -> None:
    """Alice's events go where they belong, in any order, more than once; then one thing goes astray."""
    sent = [f"wire:{way}[msg={n % 2},job=a]" for n, way in enumerate(["d>r", "d>r", *ways])]
    at = data.draw(st.integers(2, len(sent)))
    stray = ANOMALIES[reason].format(n=data.draw(st.integers(0, 1)))
    for found, tokens in (({}, sent), ({NAME: [reason]}, [*sent[:at], stray, *sent[at:]])):
        line = " ".join(["%other=m2,d2 d2:+z d:+a/s2 m:scope(s2) m:a=1 m2:z=1", *tokens, "d:final"])
        assert named(line, NAME, *OF_JOURNALS) == found


def test_an_empty_history_is_no_reason_to_crash() -> None:
    history = read("wire:d>r[msg=7] wire:r>d[msg=7]")
    assert [r.verdict for r in check(history) if r.check == NAME] == [Verdict.VALID]


def test_what_went_astray_before_anything_was_recorded_is_told_all_the_same() -> None:
    line = "%other=m2,d2 wire:m>r[type=rpc:job.get,msg=c1] wire:r>m2[type=rpc-reply,msg=c1] m:final"
    (found,) = check(read(line), [CheckSpec(check="isolation")])
    assert found.reason == "foreign-user"
