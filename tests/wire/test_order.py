"""Deliveries in an order that was recorded: who waits, for how long, and what that does to a link."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from test_hop import DOWN, UP, Talk, play, until

from harness.history import Tap
from harness.wire.order import PATIENCE_S, Order, Step, recorded

A, B, C = (("l", "t", job) for job in "abc")


def turns(record: list[Step], comes: list[tuple[Step, float]]) -> tuple[list[str], dict[str, int]]:
    """Who was delivered, in order, when each comes so long (s) after the one before."""
    order, gone = Order(record), []

    async def one(step: Step) -> None:
        await order.turn(step)
        gone.append(str(step[2]))

    async def whole() -> None:
        tasks = []
        for step, after_s in comes:
            await asyncio.sleep(after_s)
            tasks.append(asyncio.create_task(one(step)))
        await asyncio.gather(*tasks)

    asyncio.run(whole())
    return gone, order.counts


LONG_S = 4 * PATIENCE_S


@pytest.mark.parametrize(
    ("why", "record", "comes", "gone", "counts"),
    [
        ("as recorded", [A, B, C], [(A, 0), (B, 0), (C, 0)], "abc", {"in_order": 3}),
        ("the other way round", [A, B, C], [(C, 0), (B, 0), (A, 0)], "abc", {"in_order": 3}),
        ("the first does not come", [A, B, C], [(C, 0), (B, 0)], "bc", None),  # one of them has waited long enough
        ("the first comes too late", [A, B], [(B, 0), (A, LONG_S)], "ba", {"hurried": 1, "late": 1}),
        ("not in the record", [A], [(B, 0), (A, 0)], "ba", {"in_order": 1, "unknown": 1}),
        ("equal ones are counted", [A, B, A], [(A, 0), (A, 0), (B, 0)], "aba", {"in_order": 3}),
        ("more than were recorded", [A], [(A, 0), (A, 0)], "aa", {"in_order": 1, "unknown": 1}),
        ("nothing was recorded", [], [(A, 0)], "a", {"unknown": 1}),
    ],
)
def test_each_waits_for_those_before_it(
    why: str, record: list[Step], comes: list[tuple[Step, float]], gone: str, counts: dict[str, int] | None
) -> None:
    found, counted = turns(record, comes)
    assert "".join(found) == gone
    assert sum(counted.values()) == len(comes)
    if counts is not None:
        assert {name: n for name, n in counted.items() if n} == counts
    else:
        assert counted["hurried"]


def test_who_stops_waiting_keeps_nobody() -> None:
    async def whole() -> list[str]:
        order, gone = Order([A, B, C]), []

        async def one(step: Step) -> None:
            await order.turn(step)
            gone.append(str(step[2]))

        stopped, other = asyncio.create_task(one(B)), asyncio.create_task(one(C))
        await asyncio.sleep(0)
        stopped.cancel()
        await asyncio.gather(stopped, return_exceptions=True)
        await asyncio.gather(other, one(A))
        return gone

    assert asyncio.run(whole()) == ["a", "c"]


def test_a_record_is_what_was_delivered_and_not_by_a_timer() -> None:
    def tap(time_ns: int, kind: str, side: str = "out") -> Tap:
        return Tap(time_ns=time_ns, link="l", side=side, conn=1, bytes=1, type=kind, job="j")  # type: ignore[arg-type]

    taps = [tap(3, "job:x"), tap(1, "rpc:y"), tap(2, "job:x", "in"), tap(4, "heartbeat"), tap(5, "")]
    assert recorded(taps) == [("l", "rpc:y", "j"), ("l", "job:x", "j")]


def ordered(story: Callable[[Talk, Order], Awaitable[None]]) -> None:
    """A link whose deliveries have an order before anybody says a word."""

    async def whole(t: Talk) -> None:
        order = t.link.up.order = t.link.down.order = Order()
        await story(t, order)

    play(whole)


def test_a_link_delivers_when_it_is_its_turn() -> None:
    async def story(t: Talk, order: Order) -> None:
        order.extend([(DOWN, "elsewhere", None), (UP, "job:note", "j"), (UP, "job:note", "j")])
        await t.say(2)
        await t.until_entered(2)
        assert t.heard == []
        await order.turn((DOWN, "elsewhere", None))
        assert await t.until_heard(2) == [1, 2]
        assert t.tapped("out") == ["1", "2"]
        assert order.counts == {"in_order": 3, "hurried": 0, "late": 0, "unknown": 0}

    ordered(story)


def test_large_messages_and_the_end_come_after_what_waits() -> None:
    async def story(t: Talk, order: Order) -> None:
        order.extend([(DOWN, "never", None), *[(UP, "job:note", "j")] * 3])
        await t.say(3, size=300_000)
        await t.phone.close()
        assert await t.until_heard(3) == [1, 2, 3]
        assert order.counts["hurried"] == 1
        await until(lambda: not t.link.counters()["live"])

    ordered(story)
