"""What is shown in advance comes true, or goes when it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telling import OF_JOURNALS, judge, named

NAME = "optimistic"


def wish(phase: str, f: str = "cancel", corr: str = "c") -> str:
    return f"m!pending[corr={corr},job=a,f={f},phase={phase}]"


def call(phase: str, corr: str = "c") -> str:
    return f"m!call[corr={corr},phase={phase}]"


RUNS, CANCELED = "d:+a m:a=1 d:a{status=running} m:a@2", "d:a{status=canceled} m:a@3"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("nobody wishes anything", f"{RUNS} {call('fail')} m:final", []),
        ("shown, then confirmed", f"{RUNS} {wish('begin')} {call('ok')} {CANCELED} {wish('settled')} m:final", []),
        ("confirmed after it was shown", f"{RUNS} {wish('begin')} {CANCELED} {call('ok')} {wish('settled')}", []),
        ("gone before it was shown", f"{RUNS} {wish('begin')} {call('ok')} {wish('settled')} {CANCELED}", ["flicker"]),
        ("deleted", f"{RUNS} {wish('begin', 'delete')} d:-a m:-a {call('ok')} {wish('settled', 'delete')}", []),
        (
            "a deleted job is there again",
            f"{RUNS} {wish('begin', 'delete')} {call('ok')} {wish('settled', 'delete')} d:-a m:-a",
            ["flicker"],
        ),
        ("failed and taken back", f"{RUNS} {wish('begin')} {call('fail')} {wish('rolled-back')} m:final", []),
        ("failed and kept", f"{RUNS} {wish('begin')} {call('fail')} m:final", ["not-rolled-back"]),
        ("nobody knows, and kept", f"{RUNS} {wish('begin')} {call('info')} m:final", ["not-rolled-back"]),
        ("not answered yet", f"{RUNS} {wish('begin')} m:final", []),
        ("the history ends with the failure", f"{RUNS} {wish('begin')} {call('fail')}", []),
        (
            "done and taken back",
            f"{RUNS} {wish('begin')} {call('ok')} {wish('rolled-back')} m:final",
            ["wrongly-rolled-back"],
        ),
        ("confirmed and not shown yet", f"{RUNS} {wish('begin')} {call('ok')} m:final", []),
        ("its scope was left", f"{RUNS} {wish('begin')} m:scope(s2) {call('ok')} {wish('settled')} m:final", []),
        ("another call failed", f"{RUNS} {wish('begin')} {call('fail', 'other')} m:final", []),
    ],
)
def test_a_wish_comes_true_or_goes(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


def test_a_mobile_that_shows_nothing_in_advance_is_not_judged() -> None:
    assert judge("%level=1 d:+a m:a=1", NAME).verdict is None
    assert judge("d:+a m:a=1", NAME).verdict is None


@given(
    st.lists(st.sampled_from(["right", "refused"]), max_size=4), st.sampled_from(["kept", "flicker", "back"]), st.data()
)
def test_one_broken_wish_among_right_ones_is_named_and_nothing_else_is(
    others: list[str], broken: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(others)))
    parts, reasons = (
        ["d:+z m:z=1 d:+a m:a=2"],
        {"kept": "not-rolled-back", "flicker": "flicker", "back": "wrongly-rolled-back"},
    )
    for n, kind in enumerate([*others[:at], broken, *others[at:]]):
        begin = f"m!pending[corr=c{n},job={'z' if kind == 'right' else 'a'},f=cancel,phase=begin]"
        end = {"kept": "fail", "refused": "fail"}.get(kind, "ok")
        last = {"kept": "", "refused": "rolled-back", "flicker": "settled", "back": "rolled-back", "right": ""}[kind]
        parts += [begin, f"m!call[corr=c{n},phase={end}]"]
        parts += [f"m!pending[corr=c{n},job=a,f=cancel,phase={last}]"] if last else []
    line = " ".join([*parts, "d:final m:final"])
    assert named(line, NAME) == {NAME: [reasons[broken]]}
    assert named(line, *OF_JOURNALS) == {}
