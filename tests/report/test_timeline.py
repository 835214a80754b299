"""What was where and when: also of a history that nobody of ours has written."""

from __future__ import annotations

from typing import Any

import pytest

from harness.history import Header, History, Op, Tap
from harness.report.told.timeline import crossings, spans


def history(*ops: Op) -> History:
    return History(header=Header(plan="p", seed=0, runtime="sim", profile="hardened"), ops=list(ops), taps=[])


def fault(f: str, time_ns: int, **value: Any) -> Op:
    return Op(index=time_ns, time_ns=time_ns, process="harness", type="info", f=f, value=value)


def tap(time_ns: int, side: str, msg: str = "m") -> Tap:
    return Tap(link="a->b", side=side, time_ns=time_ns, type="job:x", conn=1, msg=msg, bytes=1)


@pytest.mark.parametrize("name", ["delay", 7, None, {"a": 1}, ["b"]])
def test_a_fault_is_healed_by_its_own_heal_whatever_it_is_called(name: Any) -> None:
    said = history(
        fault("fault-begin", 1, fault=name, occurrence=0, directions=7, nodes="x", params=[3]),
        fault("fault-begin", 2, fault="other", occurrence=0),
        fault("fault-heal", 5, fault=name, occurrence=0, exercised=True),
    )
    assert [(s.name, s.begin_ns, s.end_ns, s.directions, s.nodes, s.params) for s in spans(said)] == [
        (str(name), 1, 5, [], [], {}),
        ("other", 2, 5, [], [], {}),
    ]


@pytest.mark.parametrize(
    ("taps", "ways"),
    [
        ("i1 o2", [(1, 2, False)]),
        ("i1 o2 o3 i8 o9", [(1, 2, False), (1, 3, True), (8, 9, False)]),
        ("i1 i2 o3", [(1, 3, False), (2, None, False)]),
        ("o4", [(4, 4, False)]),
        ("i5 o5", [(5, 5, False)]),
    ],
)
def test_no_message_arrives_before_it_was_sent(taps: str, ways: list[tuple[int, int | None, bool]]) -> None:
    seen = [tap(int(word[1:]), {"i": "in", "o": "out"}[word[0]]) for word in taps.split()]
    assert [(f.sent_ns, f.arrived_ns, f.again) for f in crossings(seen)] == ways
