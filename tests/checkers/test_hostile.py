"""No history, however broken, makes a judge crash."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.convergence import CHECKER as CONVERGENCE
from checkers.notation import read
from harness.history import Header, History, Observation, Op, Rev, Tap, encode_op
from harness.judging.checking import check

WORDS = st.sampled_from(
    ["", "a", "b", "mobile-1", "desktop-1", "relay", "s", "s1", "commit", "observe", "event:1", "get:", ":", "response"]
)
NAMES = st.sampled_from(
    (
        *("kind", "set", "bytes", "digest", "end", "length", "before", "visit", "f", "start", "chunk", "response"),
        *("jobs", "scope", "session", "foreground", "registered", "fault", "occurrence", "exercised", "sync"),
        *("store", "attempt"),
    )
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | NAMES, inner, max_size=5),
    max_leaves=12,
)
KINDS = st.sampled_from(["row", "append", "patch", "remove", "evict", "scope", "listed"])
SIZES = st.none() | st.integers(-2, 6)
OBSERVATIONS = st.builds(
    Observation,
    kind=KINDS,
    set=st.dictionaries(WORDS, JSON, max_size=3),
    bytes=SIZES,
    digest=st.none() | WORDS,
    end=SIZES,
    length=SIZES,
    before=SIZES,
    visit=st.integers(-1, 2),
).map(msgspec.to_builtins)
COMMITS = st.fixed_dictionaries(
    {"f": st.sampled_from(["create", "chunk", "delete", "retry", "status", "odd"])},
    optional={
        "set": st.dictionaries(WORDS, JSON, max_size=3),
        "chunk": st.none() | WORDS,
        "response": st.none() | WORDS,
        "start": SIZES,
        "store": WORDS,
    },
)
JOURNALS = (
    "started",
    "recovered",
    "background",
    "fetch",
    "call",
    "link",
    "trigger",
    "emit",
    "conn",
    "deliver",
    "drop",
    "rpc",
    "cache",
    "recovered",
    "started",
)
TOLD = st.sampled_from(
    (
        *("list", "get", "hit", "begin", "ok", "fail", "registered", "closed", "link", "kill", "pause", "forwarded"),
        *("gap", "head", "hole", "presence", "reconnect", "retry", "follow-up", "miss", "refresh", "first-list", "c1"),
    )
)
LINES = st.dictionaries(
    st.sampled_from(
        (
            *("what", "licence", "corr", "phase", "page", "visit", "also", "more", "asOf", "error", "state", "detail"),
            *(
                "bus",
                "rev",
                "msg",
                "bare",
                "device",
                "conn",
                "event",
                "outcome",
                "head",
                "action",
                "nodes",
                "key",
                "job",
            ),
        )
    ),
    TOLD | JSON,
    max_size=8,
)
OPS = st.builds(
    Op,
    index=st.integers(-1, 40),
    time_ns=st.integers(-5, 5),
    process=WORDS,
    type=st.sampled_from(["invoke", "ok", "fail", "info"]),
    f=st.sampled_from(["commit", "observe", "final", "fault-begin", "fault-heal", "get", "open", "odd", *JOURNALS]),
    value=JSON | OBSERVATIONS | COMMITS | LINES,
    node=st.none() | WORDS,
    incarnation=st.integers(-1, 1),
    job=st.none() | st.sampled_from(["a", "b"]),
    session=st.none() | WORDS,
    rev=st.none() | st.builds(Rev, desktop=WORDS, n=st.integers(-1, 4)),
    attempt=st.none() | st.integers(-1, 3),
    cause=st.none() | WORDS,
)
TAPS = st.builds(
    Tap,
    time_ns=st.integers(-5, 5),
    link=WORDS | st.just("relay->mobile-1"),
    side=st.sampled_from(["in", "out"]),
    conn=st.integers(0, 1),
    bytes=st.integers(0, 9),
    msg=st.none() | WORDS | st.sampled_from(["s/3", "online/b/2", "offline/b/x", "1"]),
    type=WORDS
    | st.sampled_from(
        ["sync:head", "sync:gap", "presence", "register", "registered", "rpc:job.get", "rpc-reply", "job:x"]
    ),
    job=st.none() | st.sampled_from(["a", "b"]),
    source=st.none() | WORDS,
)
NODES = st.dictionaries(
    WORDS,
    st.fixed_dictionaries(
        {"role": st.sampled_from(["desktop", "mobile", "relay"]) | JSON},
        optional={
            **dict.fromkeys(("user", "device_id", "desktop", "profile", "projects"), JSON),
            "level": st.just(2) | JSON,
        },
    ),
    max_size=4,
)
HEADERS = st.builds(
    Header,
    plan=WORDS,
    seed=st.integers(),
    runtime=WORDS,
    profile=st.sampled_from(["hardened", "documented", ""]),
    nodes=NODES | st.just(read("").header.nodes),
    timing=st.just(read("").header.timing) | st.dictionaries(WORDS | st.just("head_s"), st.floats(-1, 9)),
    faults=st.lists(st.dictionaries(NAMES | st.just("fixed") | st.just("occurrences"), JSON, max_size=3), max_size=2),
    scheduled_ops=st.integers(-1, 5),
)


def _crashes(history: History) -> list[str]:
    return [r.details["traceback"] for r in check(history) if r.reason == "crashed"]


@settings(max_examples=150, deadline=None)
@given(HEADERS, st.lists(OPS, max_size=14), st.lists(TAPS, max_size=3))
def test_random_ops_crash_no_judge(header: Header, ops: list[Op], taps: list[Tap]) -> None:
    assert _crashes(History(header=header, ops=ops, taps=taps)) == []


GOOD = read(
    'd:+a d:a"He" d:a"llo" m:a=1 m:a@2(event:1) m:a@3~ d:a{status=failed} m:a@4 d:a^ m:a@5 d:a"x" m:a=6 d:-a m:-a '
    "fault:x heal:x m:scope(s1) m:listed d:+b m:b=8 m>get(b) m<ok(b=8)@8 m>list m<ok(b=8)@8{source=cache,call=c1} "
    "m>list{statusFilter=x} m<ok() m>cancel(b) d:b{status=canceled} m<ok m>delete(a) m<fail(not_found) "
    "r!conn[device=device-of-mobile-1,state=registered,conn=1] m!link[state=registered] "
    "m!fetch[what=list,licence=first-list,corr=c1,phase=begin,page=0,visit=2] m!call[corr=c2,phase=begin] "
    "m!fetch[what=list,corr=c1,phase=ok,asOf=8] wire:r>m[type=sync:gap] "
    "m!fetch[what=get,job=b,licence=miss,corr=c3,phase=begin,visit=2] m!fetch[what=get,job=b,corr=c3,phase=fail] "
    "r!drop[device=device-of-mobile-1,event=job:x] m!link[state=closed] m:down d:+c @200 m:final d:final"
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_good_history_with_broken_ops_crashes_no_judge(data: st.DataObject) -> None:
    ops = [msgspec.json.decode(encode_op(op), type=Op) for op in GOOD.ops]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(ops) - 1))
        way = data.draw(st.sampled_from(["drop", "double", "move", "field", "value"]))
        if way == "drop":
            del ops[at]
        elif way == "double":
            ops.insert(data.draw(st.integers(0, len(ops))), ops[at])
        elif way == "move":
            ops.insert(data.draw(st.integers(0, len(ops) - 1)), ops.pop(at))
        elif way == "field":
            name = data.draw(st.sampled_from(["node", "job", "session", "rev", "attempt", "cause", "value"]))
            setattr(ops[at], name, None)
        elif isinstance(ops[at].value, dict) and ops[at].value:
            name = data.draw(st.sampled_from(sorted(ops[at].value)))
            ops[at].value[name] = data.draw(JSON)
    assert _crashes(History(header=GOOD.header, ops=ops, taps=GOOD.taps)) == []


@settings(max_examples=100, deadline=None)
@given(HEADERS, st.dictionaries(WORDS, JSON, max_size=4))
def test_random_states_can_be_asked_whether_they_are_settled(header: Header, states: dict[str, Any]) -> None:
    assert CONVERGENCE.settled(header, states) in (True, False)  # type: ignore[attr-defined]
