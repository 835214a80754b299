"""Every trigger is answered within its bound, and what nobody can know is not judged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telling import judge, named

from checkers.notation import read
from harness.verdict import Verdict

NAME = "reaction"
UP = "m!link[state=registered] m:scope(s1) m!fetch[what=list,corr=c0,licence=first-list,phase=begin,page=0,visit=2]"
LISTED = "m!fetch[what=list,corr=c0,phase=ok,asOf={n}] m:listed"
OPEN = f"{UP} {LISTED.format(n=0)}"
LIST = "m!fetch[what=list,corr=c1,licence=gap,phase=begin,page=0,visit=2]"
GAP = "wire:r>m[type=sync:gap,msg=3]"
D = "device-of-desktop-1"
M = "device-of-mobile-1"
ONLINE = f"wire:r>m[type=presence,source={D},msg={{}}]"
HEAD = f"wire:r>m[type=sync:head,source={D},msg=s/{{}}]"
COMMITS = "d:+a d:a{status=x} d:a{status=y}"


def emits(*revs: int) -> str:
    return " ".join(f"d!emit[bus=link,msg=e{n},rev={n},job=a]" for n in revs)


def event(n: int) -> str:
    return f"wire:r>m[type=job:status-changed,job=a,msg=e{n}]"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("a gap and a list", f"{OPEN} {GAP} {LIST} @9 d:final", []),
        ("a gap and nothing", f"{OPEN} {GAP} @9 d:final", ["gap"]),
        ("a gap and a list too late", f"{OPEN} {GAP} @5 {LIST} @9 d:final", ["gap"]),
        ("gaps, and a list within one wait", f"{OPEN} {GAP} {GAP} {LIST} @9 d:final", []),
        ("gaps that put the list off, one after the other", f"{OPEN} {' '.join([GAP] * 5)} {LIST} @9 d:final", ["gap"]),
        ("a gap in the last moment of the run", f"{OPEN} {GAP} d:final", []),
        (
            "a gap while a list is under way, and one after it",
            f"{UP} {GAP} @2 {LISTED.format(n=0)} {LIST} @9 d:final",
            [],
        ),
        ("a gap while a list is under way, and none", f"{UP} {GAP} @2 {LISTED.format(n=0)} @9 d:final", ["gap"]),
        (
            "a gap while the last page is asked for, and no list after it",
            f"{UP} m!fetch[what=list,corr=c0,phase=ok,more=true] "
            f"@2 m!fetch[what=list,corr=c2,licence=x,phase=begin,page=1,visit=2] @2 {GAP} "
            "m!fetch[what=list,corr=c2,phase=ok] @9 d:final",
            ["gap"],
        ),
        ("a list of another visit", f"{OPEN} {GAP} {LIST.replace('visit=2', 'visit=1')} @9 d:final", ["gap"]),
        ("a list that only answers its user", f"{OPEN} {GAP} {LIST.replace('page=0,', '')} @9 d:final", ["gap"]),
        ("nobody looks", f"m!link[state=registered] {GAP} @9 d:final", []),
        ("the link is lost", f"{OPEN} {GAP} m!link[state=closed] @9 d:final", []),
        ("the screen is closed", f"{OPEN} {GAP} m:scope(s2) @9 d:final", []),
        (
            "the link is registered again",
            f"{OPEN} m!link[state=closed] m!link[state=registered] @9 d:final",
            ["reconnect"],
        ),
        ("and the scope is listed", f"{OPEN} m!link[state=closed] m!link[state=registered] {LIST} @9 d:final", []),
        ("the desktop comes online", f"{OPEN} {ONLINE.format('online/b/1')} @9 d:final", ["presence"]),
        ("it goes offline", f"{OPEN} {ONLINE.format('offline/b/1')} @9 d:final", []),
        ("what is known", f"{OPEN} {ONLINE.format('online/b/1')} {LIST} {ONLINE.format('online/b/1')} @9 d:final", []),
        ("an older word", f"{OPEN} {ONLINE.format('online/b/4')} {LIST} {ONLINE.format('online/b/3')} @9 d:final", []),
        (
            "a newer connection",
            f"{OPEN} {ONLINE.format('online/b/4')} {LIST} m!fetch[what=list,corr=c1,phase=ok] "
            f"{ONLINE.format('online/b/5')} @9 d:final",
            ["presence"],
        ),
        (
            "a late word of a former connection",
            f"{OPEN} {ONLINE.format('online/b/4')} {LIST} m!fetch[what=list,corr=c1,phase=ok] "
            f"{ONLINE.format('offline/b/3')} {ONLINE.format('online/b/4')} @9 d:final",
            [],
        ),
        ("another device", f"{OPEN} wire:r>m[type=presence,source=x,msg=online/b/1] @9 d:final", []),
        ("a head that is not ahead", f"{COMMITS} {UP} {LISTED.format(n=3)} {HEAD.format(3)} @9 d:final", []),
        ("a head ahead", f"{COMMITS} {UP} {LISTED.format(n=2)} {HEAD.format(3)} @9 d:final", ["head"]),
        (
            "what is missing comes late",
            f"{COMMITS} {emits(3)} {UP} {LISTED.format(n=2)} {HEAD.format(3)} {event(3)} @9 d:final",
            [],
        ),
        (
            "a hole",
            f"{COMMITS} {emits(2, 3)} {UP} {LISTED.format(n=1)} {event(3)} @9 d:final",
            ["hole"],
        ),
        (
            "an event that names no revision",
            f"{COMMITS} {emits(2).replace('job=a', 'bare=true')} {emits(3)} {UP} {LISTED.format(n=1)} "
            f"{event(2)} {event(3)} @9 d:final",
            ["hole"],
        ),
        (
            "no hole",
            f"{COMMITS} {emits(2, 3)} {UP} {LISTED.format(n=1)} {event(3)} {event(2)} @9 d:final",
            [],
        ),
        (
            "a failed list",
            f"{UP} m!fetch[what=list,corr=c0,phase=fail] @19 d:final",
            ["failed-fetch"],
        ),
        ("a failed get", f"{OPEN} {{get}} m!fetch[what=get,job=a,corr=g,phase=fail] @19 d:final", ["failed-fetch"]),
        ("a failed get again", f"{OPEN} {{get}} m!fetch[what=get,job=a,corr=g,phase=fail] {{get}} @19 d:final", []),
        (
            "a failed get of a former screen",
            f"{OPEN} {{get}} m:scope(s2) {LIST.replace('visit=2', 'visit=3')} m!fetch[what=list,corr=c1,phase=ok] "
            "m!fetch[what=get,job=a,corr=g,phase=fail] @19 d:final",
            [],
        ),
        (
            "a refresh during a get",
            f"{OPEN} {{get}} m!trigger[what=refresh,detail=a] m!fetch[what=get,job=a,corr=g,phase=ok] @9 d:final",
            ["swallowed"],
        ),
        (
            "a refresh after it",
            f"{OPEN} {{get}} m!trigger[what=refresh,detail=a] m!fetch[what=get,job=a,corr=g,phase=ok] {{get}} @9 d:-a",
            [],
        ),
    ],
)
def test_a_trigger_leads_to_a_fetch(why: str, line: str, reasons: list[str]) -> None:
    get = "m!fetch[what=get,job=a,corr=g,licence=miss,phase=begin,visit=2]"
    assert named(line.replace("{get}", get), NAME).get(NAME, []) == reasons


CALL = "m!link[state=registered] m!call[corr=c,method=job.get,phase=begin]"
DESK = f"r!conn[device={D},state=registered,conn=1] r!conn[device={M},state=registered,conn=2]"
FORWARDED = f"{DESK} {CALL} r!rpc[corr=c,outcome=forwarded]"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("the call fails", f"{CALL} m!link[state=closed] @0.2 m!call[corr=c,phase=info] @9 d:final", []),
        ("it was answered before", f"{CALL} m!call[corr=c,phase=ok] m!link[state=closed] @9 d:final", []),
        ("it hangs", f"{CALL} m!link[state=closed] @9 d:final", ["pending-call"]),
        ("it was never sent", "m!call[corr=c,phase=begin] m!link[state=closed] @9 d:final", []),
        ("its process died", f"{CALL} m!link[state=closed] @0.2 m!started[incarnation=1] @9 d:final", []),
        (
            "a forwarded call hangs",
            f"{FORWARDED} r!conn[device={D},state=closed,conn=1] @9 d:final",
            ["forwarded-call"],
        ),
        (
            "it was answered",
            f"{FORWARDED} r!rpc[corr=c,outcome=answered] r!conn[device={D},state=closed,conn=1] @9 d:final",
            [],
        ),
        ("another connection ends", f"{FORWARDED} r!conn[device={D},state=closed,conn=9] @9 d:final", []),
        (
            "whoever asked is gone",
            f"{FORWARDED} r!conn[device={M},state=closed,conn=2] r!conn[device={D},state=closed,conn=1] @9 d:final",
            [],
        ),
    ],
)
def test_a_disconnect_fails_every_pending_call_at_once(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


EVENT = "r!deliver[event=job:x,msg=7] wire:r>m[type=job:x,msg=7] d:final"
DROP = f"r!drop[device={M},event=job:x,msg=6]"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("a drop, its gap, an event", f"{DESK} {DROP} wire:r>m[type=sync:gap,side=in] {EVENT}", []),
        ("a drop and an event", f"{DESK} {DROP} {EVENT}", ["untold-gap"]),
        ("a drop and an event that was there before", f"r!deliver[msg=7] {DESK} {DROP} {EVENT}", []),
        ("a drop of what is no event", f"{DESK} {DROP.replace('job:x', 'presence')} {EVENT}", []),
        ("a drop and a new connection", f"{DESK} {DROP} r!conn[device={M},state=closed,conn=2] {EVENT}", []),
        ("a desktop that nobody hears of", f"{DESK} {EVENT}", ["untold-presence"]),
        ("a desktop that was told of", f"{DESK} {ONLINE.format('online/b/1')} {EVENT}", []),
        ("a desktop that went again", f"{DESK} r!conn[device={D},state=closed,conn=1] {EVENT}", []),
        (
            "a head that is kept back",
            f"wire:d>r[type=sync:head,msg=s/1] {DESK} {ONLINE.format('online/b/1')} {EVENT}",
            ["untold-head"],
        ),
        (
            "a head that is handed on",
            f"wire:d>r[type=sync:head,msg=s/1] {DESK} {ONLINE.format('online/b/1')} {HEAD.format(1)} {EVENT}",
            [],
        ),
    ],
)
def test_the_relay_says_what_it_owes_before_it_goes_on(why: str, line: str, reasons: list[str]) -> None:
    found = named(line, NAME).get(NAME, [])
    if "gap" in why or why.startswith("a drop"):
        found = [reason for reason in found if reason == "untold-gap"]
    assert found == reasons


def test_who_is_stopped_owes_nothing() -> None:
    history = read(f"{OPEN} fault:stop {GAP} @9 heal:stop d:final")
    assert judge(history, NAME).reason == "gap"
    for op in history.ops:
        if op.f in ("fault-begin", "fault-heal"):
            op.value |= {"action": "pause", "nodes": ["mobile-1"]}
    assert judge(history, NAME).reason is None


def test_the_documented_profile_promises_no_reaction() -> None:
    result = judge(f"%profile=documented {OPEN} {GAP} @9 d:final", NAME)
    assert result.verdict is None and "promise no reaction" in result.message


def test_without_taps_what_the_mobile_says_itself_is_judged() -> None:
    result = judge(f"{OPEN} m!trigger[what=gap,visit=2] @9 d:final", NAME)
    assert (result.verdict, result.reason) == (Verdict.INVALID, "gap")
    assert result.details["wire"] == "not judged: no taps"


TRIGGERS = {
    "gap": GAP,
    "presence": ONLINE.format("online/b/9"),
    "reconnect": "m!link[state=closed] m!link[state=registered]",
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(TRIGGERS)), max_size=6), st.data())
def test_one_trigger_without_its_list_is_named_and_no_other(kinds: list[str], data: st.DataObject) -> None:
    silent = data.draw(st.none() | st.integers(0, len(kinds) - 1)) if kinds else None
    line, expected = OPEN, []
    for at, kind in enumerate(kinds):
        trigger = TRIGGERS[kind].replace("/9]", f"/{at + 1}]")
        answer = f"{LIST.replace('c1', f'l{at}')} m!fetch[what=list,corr=l{at},phase=ok,asOf=0]"
        line += f" @{10 * at + 5} {trigger} {answer if at != silent else ''}"
        expected += [kind] if at == silent else []
    assert named(f"{line} @99 d:final", NAME).get(NAME, []) == expected


BARE = f'{OPEN} d:+a m:a=1 d:a"x" d!emit[bus=link,msg=e2,rev=2,job=a,bare=true]'
HINT = "wire:r>m[type=job:response-appended,job=a,msg=e2]"


def get(corr: str, phase: str = "begin") -> str:
    return f"m!fetch[what=get,job=a,licence=legacy,corr={corr},phase={phase},visit=2]"


@pytest.mark.parametrize(
    ("why", "line", "owed"),
    [
        ("nothing is fetched", f"{BARE} {HINT} @9 d:final", True),
        ("its job is fetched", f"{BARE} {HINT} {get('g')} @9 d:final", False),
        ("the scope is listed", f"{BARE} {HINT} {LIST} @9 d:final", False),
        (
            "a fetch was under way, and one comes after it",
            f"{BARE} {get('g')} {HINT} @4 {get('g', 'ok')} {get('h')} @9",
            False,
        ),
        (
            "a fetch was under way, and none comes after it",
            f"{BARE} {get('g')} {HINT} @4 {get('g', 'ok')} @9 d:final",
            True,
        ),
        ("its job is not shown any more", f"{BARE} m:-a {HINT} @9 d:final", False),
        ("another screen was opened", f"{BARE} m:scope(s2) {HINT} @9 d:final", False),
        ("it says its revision", f"{BARE.replace(',bare=true', '')} {HINT} @9 d:final", False),
    ],
)
def test_an_event_without_a_revision_owes_a_fetch(why: str, line: str, owed: bool) -> None:
    found = judge(line, NAME)
    assert ("hint" in (found.reason, *found.others)) == owed
