"""Who was asleep when his connection broke says later that it is registered: the frame had come before."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from checkers.notation import read
from checkers.past.heard import Heard
from checkers.traffic.bounds import bounds
from checkers.traffic.connections import Connections
from harness.history import Op, Tap

S = 1_000_000_000
UP, DOWN = "mobile-1->relay", "relay->mobile-1"


def op(f: str, at_s: float, node: str | None = None, **value: Any) -> Op:
    return Op(index=0, process="p", type="info", f=f, time_ns=round(at_s * S), value=value, node=node)


def tap(link: str, type_: str, at_s: float, side: Literal["in", "out"] = "out") -> Tap:
    return Tap(
        time_ns=round(at_s * S), link=link, side=side, conn=1, bytes=10, type=type_, job=None, msg=None, source=None
    )


def live_s(*later: Tap, cut: bool = True) -> float:
    """Registered on the wire at 1 s; a cut from 2 s to 3 s; the phone wakes at 4 s and says that it is registered."""
    header = read("m:up").header
    limits = bounds(header)
    assert limits is not None
    connections = Connections(header, limits)
    heard = Heard(header)
    for each in (tap(DOWN, "registered", 1), *later):
        heard.tap(each)
    connections.listens(heard)
    fault = {"fault": "x", "occurrence": 0, "action": "reconnect", "nodes": ["mobile-1"], "directions": []}
    if cut:
        connections.feed(op("fault-begin", 2, **fault))
        connections.feed(op("fault-heal", 3, **fault))
    connections.feed(op("link", 4, "mobile-1", state="registered"))
    found = connections.clients["mobile-1"].live_ns
    assert found is not None
    return found / S


@pytest.mark.parametrize(("level", "seen"), [(1, [False, True]), (2, [])])
def test_sockets_are_shown_of_clients_that_journal_none_once_and_in_their_time(level: int, seen: list[bool]) -> None:
    header = read("m:up").header
    header.nodes["mobile-1"]["level"] = level
    limits = bounds(header)
    assert limits is not None
    connections, heard = Connections(header, limits), Heard(header)
    for each in (tap(UP, "register", 1, "in"), tap(DOWN, "registered", 2), tap(UP, "register", 9, "in")):
        heard.tap(each)
    connections.listens(heard)
    assert connections.due(S // 2) == []
    assert [each.registered for each in connections.due(3 * S)] == seen
    assert connections.due(3 * S) == []


def test_it_is_in_doubt_until_it_must_have_noticed() -> None:
    limits = bounds(read("m:up").header)
    assert limits is not None
    assert live_s() == pytest.approx(4 + limits.dead_peer_ns / S)


def test_the_doubt_ends_when_something_comes_both_ways() -> None:
    assert live_s(tap(UP, "heartbeat", 5), tap(DOWN, "job:x", 6)) == pytest.approx(6)


def test_without_a_fault_meanwhile_there_is_none() -> None:
    assert live_s(cut=False) == pytest.approx(4)
