"""Every call ends once, tells the truth, and takes effect at most once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telling import OF_JOURNALS, judge, named

from checkers.notation import read
from harness.history import History
from harness.judging.checking import check
from harness.schedule import CheckSpec

NAME = "rpc"
BEGIN = 'm!call[corr=c,method=job.delete,phase=begin,params={"jobId":"a"}]'
OK, FAIL, INFO = "m!call[corr=c,phase=ok]", "m!call[corr=c,phase=fail]", "m!call[corr=c,phase=info]"
DONE = "d:-a[cause=rpc:c]"
ASK = "wire:m>r[type=rpc:job.delete,msg=c]"
FORWARD = "wire:r>d[type=rpc:job.delete,msg=c]"
ANSWER = "wire:d>r[type=rpc-reply,msg=c]"
PASS = "wire:r>m[type=rpc-reply,msg=c]"
REFUSED = 'm!call[corr=c,phase=info,error={"code":"relay_failed"}]'


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("a success", f"{BEGIN} {DONE} {OK}", []),
        ("a definite failure", f"{BEGIN} {FAIL}", []),
        ("nobody knows", f"{BEGIN} {DONE} {INFO}", []),
        ("timed out, then answered", f"{BEGIN} {INFO} {OK}", ["completed-twice"]),
        ("answered twice alike", f"{BEGIN} {OK} {OK}", ["completed-twice"]),
        ("an end without a beginning", OK, []),
        ("an end in another life", f"{BEGIN} m!started {OK}", []),
        ("failed, then done", f"{BEGIN} {FAIL} {DONE}", ["failed-but-done"]),
        ("done, then failed", f"{BEGIN} {DONE} {FAIL}", ["failed-but-done"]),
        ("failed, and the desktop says it did it", f"{BEGIN} {FAIL} d!rpc[corr=c,outcome=ok]", ["failed-but-done"]),
        ("failed, and the write failed too", f"{BEGIN} d:-a[cause=rpc:c]! {FAIL}", []),
        ("failed, and somebody else deleted it", f"{BEGIN} d:-a {FAIL}", []),
        ("failed, and another call did it", f"{BEGIN} d:-a[cause=rpc:other] {FAIL}", []),
        ("done twice", f"{BEGIN} d:a{{status=canceled}}[cause=rpc:c] {DONE} {OK}", ["done-twice"]),
        ("two calls by one number tie nothing", f"{BEGIN} {BEGIN.replace('m!', 'm2!')} {FAIL} {DONE}", []),
        ("an error told as success", f"{BEGIN} d!rpc[corr=c,outcome=not_found] {OK}", ["error-as-success"]),
        ("an error, then a success", f"{BEGIN} d!rpc[corr=c,outcome=internal] d!rpc[corr=c,outcome=ok] {OK}", []),
        ("an answer in words of its own", f"{BEGIN} d!rpc[corr=c,outcome=done] {OK}", []),
        ("its user is told otherwise", f"m>delete(a) {BEGIN} {FAIL} m<ok", ["error-as-success"]),
        ("its user is told so", f"m>delete(a) {BEGIN} {FAIL} m<fail", []),
        (
            "no success is no success",
            f'm>delete(a) {BEGIN} {DONE} {OK} m<ok[value={{"success":false}}]',
            ["error-as-success"],
        ),
        ("a success that says so", f'm>delete(a) {BEGIN} {DONE} {OK} m<ok[value={{"success":true}}]', []),
        ("a stranger's, done and refused", f"{DONE} d!rpc[corr=c,outcome=invalid_params]", ["failed-but-done"]),
        ("a stranger's, done", f"{DONE} d!rpc[corr=c,outcome=ok]", []),
        ("a stranger's, done and asked again", f"{DONE} d!rpc[corr=c,outcome=ok] d!rpc[corr=c,outcome=not_found]", []),
        ("a stranger's, done by nobody knows whom", f"{DONE} d!rpc[corr=c,outcome=internal]", []),
        ("asked a second time, with success", f"m>delete(a) {BEGIN} {FAIL} {BEGIN} {OK} m<ok", []),
        ("open for a moment at the end", f"{BEGIN} @20 m:final", []),
        ("open for ever", f"{BEGIN} @90 m:final", ["never-completed"]),
        ("open, of a life that ended", f"{BEGIN} m!started[incarnation=1] @90 m:final", []),
        ("open when the history breaks off", f"{BEGIN} @90 d:final", []),
        ("open since a fault healed a moment ago", f"{BEGIN} fault:x @80 heal:x @90 m:final", []),
    ],
)
def test_calls_end_once_and_tell_the_truth(why: str, line: str, reasons: list[str]) -> None:
    history = _history(f"d:+a {line} d:final")
    assert named(history, NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("there and back", f"{ASK} {FORWARD} {ANSWER} {PASS}", []),
        ("an answer in two parts", f"{ASK} {FORWARD} {ANSWER} {ANSWER} {PASS} {PASS}", []),
        ("two answers for two questions", f"{ASK} {ASK} {PASS} {PASS}", []),
        ("one question, one answer, handed on twice", f"{ASK} {FORWARD} {ANSWER} {PASS} {PASS}", ["answered-twice"]),
        ("a copy made after the relay", f"{ASK} {ANSWER} {PASS} {PASS.replace('msg', 'side=out,msg')}", []),
        ("on a connection that never asked", f"{ASK} {PASS.replace('msg', 'conn=2,msg')}", ["answer-nobody-asked"]),
        ("asked again on it", f"{ASK} {ASK.replace('msg', 'conn=2,msg')} {PASS.replace('msg', 'conn=2,msg')}", []),
        ("a call that no journal knows", f"{PASS.replace('=c]', '=z]')}", []),
        ("refused unclearly", f"{ASK} {REFUSED}", ["unclear-refusal"]),
        ("refused after it was forwarded", f"{ASK} {FORWARD} {REFUSED}", []),
        ("refused clearly", f"{ASK} {FAIL}", []),
        ("a time-out of what got lost", f'{ASK} @30 m!call[corr=c,phase=info,error={{"code":"timeout"}}]', []),
    ],
)
def test_answers_go_to_who_asked(why: str, line: str, reasons: list[str]) -> None:
    assert named(f"d:+a {BEGIN} {line} d:final", NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(("who", "reasons"), [("r!rpc[corr=c,outcome=relay_failed]", ["unclear-refusal"]), ("", [])])
def test_without_taps_the_relays_word_counts(who: str, reasons: list[str]) -> None:
    assert named(f"d:+a {BEGIN} {who} {REFUSED}", NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("where", "reasons"),
    [
        ({"asOf": 3, "desktop": "d", "store": "s"}, []),
        ({"asOf": 3, "desktop": "d"}, ["half-told"]),
        ({"asOf": 3, "store": "s"}, ["half-told"]),
        ({}, []),
    ],
)
def test_a_revision_is_told_with_its_store(where: dict[str, object], reasons: list[str]) -> None:
    history = read(f"d:+a {BEGIN} {FAIL} d:final")
    (end,) = (op for op in history.ops if op.f == "call" and op.value["phase"] == "fail")
    end.value["error"] = {"code": "not_found", "message": "no job a", **where}
    assert named(history, NAME).get(NAME, []) == reasons


def test_what_a_caller_was_told_of_its_call_is_told_once() -> None:
    result = judge(f"d:+a {BEGIN} {DONE} d!rpc[corr=c,outcome=invalid_params] {FAIL} d:final", NAME)
    assert (result.reason, result.details["count"]) == ("failed-but-done", 1)


def _history(line: str) -> History:
    """Starts and faults are those of mobile-1, which journals in a new life after a start."""
    history = read(line)
    for op in history.ops:
        if op.f == "started":
            op.incarnation = 1
        if op.f.startswith("fault"):
            op.value["nodes"] = ["mobile-1"]
        if op.f == "call" and any(o.f == "started" and o.index < op.index for o in history.ops):
            op.incarnation = 1
    return history


def test_a_refused_call_that_took_effect_is_told_in_the_order_of_time() -> None:
    fail = 'm!call[corr=c,phase=fail,error={"code":"desktop_offline"}]'
    result = judge(f"d:+a {BEGIN} {fail} {DONE}", NAME)
    assert result.message == (
        "mobile-1's job.delete of job a of 0.100 s failed as desktop_offline, but desktop-1 carried it out at 0.300 s"
    )
    assert [line["index"] for line in result.details["story"]] == result.evidence == [2, 3, 5]


CORRECT = {
    "ok": [ASK, FORWARD, "d:x{{n={n}}}[cause=rpc:{c}]", ANSWER, PASS, OK],
    "fail": [ASK, FORWARD, "d!rpc[corr={c},outcome=not_found]", ANSWER, PASS, FAIL],
    "refused": [ASK, PASS, FAIL],
    "info": [ASK, INFO],
}
ANOMALIES = {
    "completed-twice": "m!call[corr={c},phase=ok]",
    "answered-twice": "wire:r>m[type=rpc-reply,msg={c},side=in] wire:r>m[type=rpc-reply,msg={c},side=in]",
    "answer-nobody-asked": "wire:r>m[type=rpc-reply,msg={c},side=in,conn=9]",
    "never-completed": 'm!call[corr=z,method=job.get,phase=begin,params={{"jobId":"x"}}]',
}


@given(st.lists(st.sampled_from(sorted(CORRECT)), min_size=1, max_size=5), st.sampled_from(sorted(ANOMALIES)))
def test_a_single_wrong_turn_is_named_and_nothing_else_is(kinds: list[str], reason: str) -> None:
    tokens = []
    for n, kind in enumerate(kinds):
        one = [BEGIN.replace('"a"', '"x"'), *CORRECT[kind]]
        tokens += [t.replace("{c}", f"k{n}").replace("{n}", str(n)).replace("=c,", f"=k{n},").replace("=c]", f"=k{n}]")
                   .replace("{{", "{").replace("}}", "}") for t in one]  # fmt: skip
    stray = ANOMALIES[reason].format(c=f"k{len(kinds) - 1}")
    for found, more in (({}, []), ({NAME: [reason]}, [stray])):
        line = " ".join(["d:+x", *tokens, *more, "@500 m:final d:final"])
        assert named(line, NAME, *OF_JOURNALS) == found


def test_who_is_told_that_a_link_ended_before_its_client_knows_has_not_failed_in_peace() -> None:
    """A token expires: a call ends as disconnected, and the line of its link follows in the same instant."""
    failed = 'm!call[corr=c,method=job.get,phase=begin] @1 m!call[corr=c,phase=info,error={"code":"disconnected"}]'
    up = "d:up m:up @100"
    assert judge(f"{up} {failed} @9 d:final", "rpc").reason == "failed-in-peace"
    assert judge(f"{up} {failed} m:down @9 d:final", "rpc").reason is None
    assert judge(f"{up} {failed} d:down @9 d:final", "rpc").reason is None
    assert judge(f"{up} {failed} @9 m:down d:final", "rpc").reason == "failed-in-peace"


def test_an_answer_into_a_connection_that_a_fault_may_have_left_dead_is_lost_by_nobody() -> None:
    call = "m!call[corr=c,method=job.get,phase=begin] wire:m>r[type=rpc:job.get,msg=c]"
    given = "r!rpc[corr=c,outcome=answered]"
    late = '@131 m!call[corr=c,phase=info,error={"code":"timeout"}] @150 d:final'
    heard = "wire:r>m[type=job:x,msg=e]"
    up = f"d:up m:up wire:r>m[type=registered,msg=r] {heard}"
    assert judge(f"{up} @100 {call} {given} {late}", NAME).reason == "answer-lost"
    faulty = f"{up} @100 fault:x heal:x"
    assert _lost(f"{faulty} {call} {given} {late}") is None
    assert _lost(f"{faulty} {call} {heard} {given} {late}") == "answer-lost", "it was alive after the fault"


def _lost(line: str) -> str | None:
    found = check(_history(line), [CheckSpec(check=NAME)])
    return next(result.reason for result in found if result.check == NAME)
