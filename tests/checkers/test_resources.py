"""Every fetch has a reason that the history shows, and nothing is kept that nobody needs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telling import judge, named

from checkers.notation import read
from harness.history import History

NAME = "resources"
OPEN = "m!link[state=registered] m:scope(s1) m:listed"
D = "device-of-desktop-1"


def lists(licence: str, corr: str = "c1", **fields: object) -> str:
    known = {"what": "list", "licence": licence, "corr": corr, "phase": "begin", "page": 0, "visit": 2, **fields}
    return f"m!fetch[{','.join(f'{k}={v}' for k, v in known.items())}]"


def gets(licence: str, corr: str = "g1", **fields: object) -> str:
    known = {"what": "get", "job": "a", "licence": licence, "corr": corr, "phase": "begin", "visit": 2, **fields}
    return f"m!fetch[{','.join(f'{k}={v}' for k, v in known.items())}]"


def ends(what: str, corr: str, phase: str = "ok", more: str = "") -> str:
    return f"m!fetch[what={what},job=a,corr={corr},phase={phase}{more}]"


GAP = "wire:r>m[type=sync:gap,msg=1]"
EVENT = "wire:r>m[type=job:x,job=a,msg=7]"
LATER = "wire:r>m[type=job:x,job=a,msg=8]"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("the first of a scope", f"m!link[state=registered] m:scope(s1) {lists('first-list')}", []),
        ("a second first one", f"{OPEN} {lists('first-list')}", ["unlicensed"]),
        ("for a gap", f"{OPEN} {GAP} {lists('gap')}", []),
        ("for a gap that only it knows of", f"{OPEN} {lists('gap')}", ["unlicensed"]),
        ("twice for one gap", f"{OPEN} {GAP} {lists('gap')} {ends('list', 'c1')} {lists('gap', 'c2')}", ["unlicensed"]),
        ("after a reconnect", f"{OPEN} m!link[state=closed] m!link[state=registered] {lists('reconnect')}", []),
        (
            "its desktop online",
            f"{OPEN} wire:r>m[type=presence,source={D},msg=online/b/1] {lists('presence')}",
            [],
        ),
        (
            "another device online",
            f"{OPEN} wire:r>m[type=presence,source=x,msg=online/b/1] {lists('presence')}",
            ["unlicensed"],
        ),
        (
            "a head that was ahead",
            f"{OPEN} wire:r>m[type=sync:head,source={D},msg=s/3] m!trigger[what=head] {lists('head')}",
            [],
        ),
        ("a head that never came", f"{OPEN} {GAP} m!trigger[what=head] {lists('head')}", ["unlicensed"]),
        ("for fun", f"{OPEN} {lists('boredom')}", ["no-licence"]),
        ("for no reason", f"{OPEN} {lists('gap').replace('licence=gap,', '')}", ["no-licence"]),
        (
            "again after a failure",
            f"{OPEN} {GAP} {lists('gap')} {ends('list', 'c1', 'fail')} @2 {lists('retry', 'c2')}",
            [],
        ),
        (
            "again at once",
            f"{OPEN} {GAP} {lists('gap')} {ends('list', 'c1', 'fail')} {lists('retry', 'c2')}",
            ["too-soon"],
        ),
        (
            "again without a failure",
            f"{OPEN} {GAP} {lists('gap')} {ends('list', 'c1')} {lists('retry', 'c2')}",
            ["unlicensed"],
        ),
        ("beside another", f"{OPEN} {GAP} {GAP} {lists('gap')} {lists('gap', 'c2')}", ["two-in-flight"]),
        (
            "page after page",
            f"{OPEN} {GAP} {lists('gap')} {ends('list', 'c1', more=',more=true')} {lists('gap', 'c2', page=1)}",
            [],
        ),
        (
            "a page beyond the last",
            f"{OPEN} {GAP} {lists('gap')} {ends('list', 'c1')} {lists('gap', 'c2', page=1)}",
            ["unlicensed"],
        ),
        ("without a link", f"{OPEN} {GAP} m!link[state=closed] {lists('gap')}", ["while-offline"]),
        ("behind a user's list", f"{OPEN} m>list m<ok {lists('refresh').replace('page=0,', '')}", []),
        ("behind nobody's list", f"{OPEN} {lists('refresh').replace('page=0,', '')}", ["unlicensed"]),
    ],
)
def test_a_list_has_a_licence(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("for an event that waits", f"{OPEN} {EVENT} @2 {gets('miss')}", []),
        ("without any", f"{OPEN} {GAP} @2 {gets('miss')}", ["unlicensed"]),
        ("at once", f"{OPEN} {EVENT} {gets('miss')}", ["uncoalesced"]),
        ("at once in documented", f"%profile=documented {OPEN} {EVENT} {gets('miss')}", []),
        ("for an event that was applied", f"d:+a {OPEN} {EVENT} m:a@1(event:7) @2 {gets('order')}", ["unlicensed"]),
        ("before the first list", f"m!link[state=registered] m:scope(s1) {EVENT} @2 {gets('miss')}", ["too-early"]),
        (
            "twice for one event",
            f"{OPEN} {EVENT} @2 {gets('miss')} {ends('get', 'g1')} {gets('order', 'g2')}",
            ["unlicensed"],
        ),
        (
            "for the next event",
            f"{OPEN} {EVENT} @2 {gets('miss')} {ends('get', 'g1')} {LATER} @3 {gets('order', 'g2')}",
            [],
        ),
        (
            "once more after it",
            f"{OPEN} {EVENT} @2 {gets('miss')} {ends('get', 'g1')} @3 {gets('follow-up', 'g2')}",
            [],
        ),
        (
            "once more, twice",
            f"{OPEN} {EVENT} @2 {gets('miss')} {ends('get', 'g1')} @3 {gets('follow-up', 'g2')} "
            f"{gets('follow-up', 'g3')}",
            ["two-in-flight", "unlicensed"],
        ),
        (
            "a failure leads to no follow-up",
            f"{OPEN} {EVENT} @2 {gets('miss')} {ends('get', 'g1', 'fail')} @3 {gets('follow-up', 'g2')}",
            ["unlicensed"],
        ),
        (
            "it is repeated",
            f"{OPEN} {EVENT} @2 {gets('miss')} {ends('get', 'g1', 'fail')} @3 {gets('retry', 'g2')}",
            [],
        ),
        (
            "in another visit",
            f"{OPEN} {EVENT} @2 {gets('miss')} m:scope(s1) m:listed {LATER} @3 {gets('miss', 'g2', visit=3)}",
            [],
        ),
    ],
)
def test_a_get_has_a_licence(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


def test_a_definite_answer_is_not_asked_for_again() -> None:
    line = f"{OPEN} {EVENT} @2 {gets('miss')} {ends('get', 'g1', 'fail')} @3 {gets('retry', 'g2')}"
    history = read(line)
    history.ops[-2].value["error"] = {"code": "not_found"}
    assert judge(history, NAME).reason == "unlicensed"


def _slow(second: float) -> str:
    """A get times out after 5 s, its answer comes after 8 s; another is given up `second` seconds after it began."""
    first = f"{OPEN} {EVENT} @2 {gets('miss')} @7 {ends('get', 'g1', 'fail')}"
    again = f"@12 {gets('retry', 'g2')} @{12 + second} {ends('get', 'g2', 'fail')}"
    return f"{first} @10 wire:r>m[type=rpc-reply,msg=g1] {again}"


@pytest.mark.parametrize(("second", "reason"), [(5.0, "impatient"), (16.0, None)])
def test_who_knows_how_slow_the_path_is_waits_for_it(second: float, reason: str | None) -> None:
    history = read(_slow(second))
    for op in history.ops:
        if op.f == "fetch" and op.value["phase"] == "fail":
            op.value["error"] = {"code": "timeout"}
    assert judge(history, NAME).reason == reason


EMIT = "d!emit[bus=link,msg=e{n},rev={n},job=a]"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("behind its events", f"{EMIT.format(n=1)} {EMIT.format(n=2)} wire:d>r[type=sync:head,msg=s/2] d:final", []),
        ("before its event", f"{EMIT.format(n=1)} wire:d>r[type=sync:head,msg=s/2] {EMIT.format(n=2)}", ["early-head"]),
        ("after a start", "d!recovered[boot=b,head=4] wire:d>r[type=sync:head,msg=s/4] d:final", []),
        ("of a desktop that says nothing", "wire:d>r[type=sync:head,msg=s/4] d:final", []),
    ],
)
def test_a_head_keeps_behind_the_events_it_speaks_of(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


def _changes(events: int, fetched: int, licence: str = "gap", *, again: bool = False) -> str:
    """`again`: the list fails, and what is shown comes from the next one."""
    trigger = {"gap": GAP, "reconnect": "m!link[state=closed] m!link[state=registered]"}[licence]
    shown = " ".join([f"m:a{{status=s{n}}}(event:{n})" for n in range(events)])
    more = " ".join([f"m:a{{status=f{n}}}(list:{'c2' if again else 'c1'})" for n in range(fetched)])
    fetches = f"{lists(licence)} {ends('list', 'c1', 'fail')} @20 {lists('retry', 'c2')}" if again else lists(licence)
    return f"d:+a {OPEN} m:a=1 {shown} {trigger} {fetches} {more} d:final"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("nearly all from events", _changes(38, 2), []),
        ("too many from fetches", _changes(38, 3), ["polling"]),
        ("too few to say", _changes(10, 5), []),
        ("those of a reconnect stand apart", _changes(38, 9, "reconnect"), []),
        ("and so do those that are made again", _changes(38, 9, "reconnect", again=True), []),
        ("made again for a gap", _changes(38, 9, again=True), ["polling"]),
        ("a fault was at work", f"fault:x {_changes(38, 9)}", []),
        ("a mailbox was full", f"r!drop[device=x,event=job:x] {_changes(38, 9)}", []),
    ],
)
def test_without_faults_what_is_shown_comes_from_events(why: str, line: str, reasons: list[str]) -> None:
    assert named(line, NAME).get(NAME, []) == reasons


@pytest.mark.parametrize(
    ("gauges", "reasons", "at_s"),
    [
        ({"index": 0, "waiters": 0}, [], 60),
        ({"index": 1}, ["leak"], 60),
        ({"waiters": 1}, ["leak"], 60),
        ({"tombstones": 3}, ["leak"], 60),
        ({"wishes": 1}, ["leak"], 60),
        ({"waiters": 1}, [], 5),
        ({"waiters": -1}, ["miscounted"], 60),
        ({"waiters": -1}, ["miscounted"], 5),
        ({"calls": "?"}, [], 60),
    ],
)
def test_with_nothing_left_to_do_maps_are_empty(gauges: dict[str, object], reasons: list[str], at_s: int) -> None:
    history = read(f"{OPEN} @{at_s} m:final")
    history.ops[-1].value["gauges"] = gauges
    found = judge(history, NAME)
    assert [found.reason] * bool(found.reason) == reasons
    assert found.details["quiet"]["mobile-1"].startswith("judged" if at_s == 60 else "not judged")


LISTED = "m!fetch[what=list,licence=gap,corr=l,phase=begin,page=0,visit=2] m!fetch[what=list,corr=l,phase=ok,asOf=7]"


@pytest.mark.parametrize(
    ("line", "as_of", "reasons"),
    [
        (LISTED, 7, []),
        (LISTED, 9, []),  # a user's list may be newer
        (LISTED, 6, ["miscounted"]),
        (f"{LISTED} m:scope(s2) m:listed", 6, []),  # of another screen
        (LISTED.replace("asOf", "was"), 6, []),  # nobody says
        (LISTED.replace("phase=ok", "phase=fail"), 6, []),
    ],
)
def test_a_whole_list_counts_for_what_it_is_as_of(line: str, as_of: int, reasons: list[str]) -> None:
    history = read(f"{OPEN} wire:r>m[type=sync:gap] {line} @60 m:final")
    history.ops[-1].value["gauges"] = {"asOf": as_of}
    found = [reason for reason in named_of(history) if reason == "miscounted"]
    assert found == reasons


EMITTED = "d:+a d!emit[bus=link,msg=7,job=a,rev=1]"


@pytest.mark.parametrize(
    ("why", "as_of", "told", "reasons"),
    [
        ("an event that the list tells of already", 3, "@5", ["unlicensed"]),
        ("an event that is newer", 0, "@5", []),
        ("nobody knows which was first", 3, "", []),
    ],
)
def test_an_event_that_a_list_covers_asks_for_nothing(why: str, as_of: int, told: str, reasons: list[str]) -> None:
    listed = LISTED.replace("asOf=7", f"asOf={as_of}")
    event = "wire:r>m[type=job:status-changed,job=a,msg=7]"
    line = f"{OPEN} {EMITTED} wire:r>m[type=sync:gap] {listed} {told} {event} @6 "
    line += "m!fetch[what=get,job=a,licence=miss,corr=g,phase=begin,visit=2]"
    if not told:
        line = f"%runtime=process {line}".replace("@6", "@3")
    assert [reason for reason in named_of(read(line)) if reason == "unlicensed"] == reasons


def named_of(history: History) -> list[str]:
    result = judge(history, NAME)
    return [*([result.reason] if result.reason else []), *result.others]


CALL = "m!call[corr=c,method=job.get,phase=begin]"


@pytest.mark.parametrize(
    ("why", "line", "reasons"),
    [
        ("a user's call waits for its answer", f"@59 {CALL} @60", []),
        ("it has waited longer than a call may", f"{CALL} @60", ["leak"]),
        ("it was answered", f"@59 {CALL} m!call[corr=c,phase=ok] @60", ["leak"]),
    ],
)
def test_a_user_s_call_under_way_is_no_leak(why: str, line: str, reasons: list[str]) -> None:
    history = read(f"{OPEN} {line} m:final")
    history.ops[-1].value["gauges"] = {"calls": 1, "ops": 1}
    found = judge(history, NAME)
    assert [found.reason] * bool(found.reason) == reasons
    assert found.details["quiet"]["mobile-1"] == "judged"


SERVED = "wire:m>r[type=rpc:job.get,msg=c] wire:r>d[type=rpc:job.get,msg=c]"


@pytest.mark.parametrize(
    ("why", "line", "gauges", "reasons"),
    [
        ("nothing is left", f"{SERVED} @70", {"pending": 0, "waiting": 1, "connections": 2, "sockets": 2}, []),
        ("a call is remembered for ever", f"{SERVED} @70", {"pending": 1}, ["leak"]),
        ("a call that nobody asked for", "@70", {"pending": 1}, ["leak"]),
        ("what nobody reads", f"{SERVED} @70", {"waiting": 3}, ["leak"]),
        ("a socket that nobody uses", f"{SERVED} @70", {"sockets": 3}, ["leak"]),
        ("a device twice", f"{SERVED} @70", {"connections": 3}, ["leak"]),
        ("it counts fewer than there are", f"{SERVED} @70", {"sockets": 0}, ["miscounted"]),
        ("fewer, soon after something happened", f"@40 {SERVED} @70", {"sockets": 0}, None),
        ("something had just happened", f"@40 {SERVED} @70", {"sockets": 3}, None),
        ("a fault had just healed", "fault:x @40 heal:x @70", {"sockets": 3}, None),
        ("a fault is at work", "fault:x @100", {"sockets": 3}, None),
        ("a lost link had just come back", "@40 d!link[state=registered] @70", {"sockets": 3}, None),
    ],
)
def test_the_relay_keeps_nothing_that_nobody_needs(
    why: str, line: str, gauges: dict[str, object], reasons: list[str] | None
) -> None:
    history = read(f"{OPEN} wire:r>m[type=sync:gap] {line} r:final")
    history.ops[-1].value = {"gauges": gauges}
    found = judge(history, NAME)
    assert [found.reason] * bool(found.reason) == (reasons or [])
    assert found.details["quiet"]["relay"].startswith("not judged" if reasons is None else "judged")


@pytest.mark.parametrize(
    ("why", "line", "gauges", "reasons"),
    [
        ("nothing is left", "d!link[state=registered] @70", {"queued": 1, "calls": 0, "cached": 9}, []),
        ("a call never ends", f"d!link[state=registered] {SERVED} @70", {"calls": 1}, ["leak"]),
        ("events that are never sent", "d!link[state=registered] @70", {"queued": 2}, ["leak"]),
        ("it has no link to send them on", "d!link[state=closed] @70", {"queued": 2}, None),
    ],
)
def test_the_desktop_keeps_nothing_that_nobody_needs(
    why: str, line: str, gauges: dict[str, object], reasons: list[str] | None
) -> None:
    history = read(f"{OPEN} wire:r>m[type=sync:gap] {line} d:final")
    history.ops[-1].value = {"gauges": gauges}
    found = judge(history, NAME)
    assert [found.reason] * bool(found.reason) == (reasons or [])
    assert found.details["quiet"]["desktop-1"].startswith("not judged" if reasons is None else "judged")


TRIGGERS = {
    "gap": GAP,
    "presence": f"wire:r>m[type=presence,source={D},msg=online/b/9]",
    "reconnect": "m!link[state=closed] m!link[state=registered]",
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(TRIGGERS)), max_size=6), st.data())
def test_one_list_without_its_trigger_is_named_and_no_other(kinds: list[str], data: st.DataObject) -> None:
    claimed = data.draw(st.none() | st.integers(0, len(kinds) - 1)) if kinds else None
    line = OPEN.replace("m!link[state=registered]", "wire:r>m[type=sync:gap] m!link[state=registered]")
    line += f" {lists('reconnect', 'l')} {ends('list', 'l')}"
    for at, kind in enumerate(kinds):
        trigger = "" if at == claimed else TRIGGERS[kind]
        line += f" @{10 * at + 15} {trigger} {lists(kind, f'l{at}')} {ends('list', f'l{at}')}"
    assert named(f"{line} d:final", NAME).get(NAME, []) == ([] if claimed is None else ["unlicensed"])
