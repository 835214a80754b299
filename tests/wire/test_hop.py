"""The wire process's links on real sockets: what a rule does to programs that talk through it, as in the simulator."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from faults import MessageRule
from harness import registry
from harness.history import Tap
from harness.wire.hop_link import Link, LinkConfig

LIMIT_S = 20.0
UP, DOWN = "phone->relay", "relay->phone"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110  (nothing says when)
        await asyncio.sleep(0.005)


class Talk:
    """A phone that says numbers through the link to a relay, which keeps them. Nothing stands between the two ports."""

    def __init__(self, link: Link, phone: ClientConnection, taps: list[Tap], heard: list[Any]) -> None:
        self.link, self.phone, self.taps, self.heard = link, phone, taps, heard
        self._said = 0

    async def say(self, count: int, kind: str = "job:note", size: int = 0) -> None:
        for _ in range(count):
            self._said += 1
            payload = {"jobId": "j", "sync": {"msg": self._said}, "text": "x" * size}
            await self.phone.send(json.dumps({"type": "event", "eventType": kind, "payload": payload}))

    async def until_heard(self, count: int) -> list[Any]:
        await until(lambda: len(self.heard) >= count)
        return self.heard

    async def until_entered(self, count: int) -> None:
        await until(lambda: self.link.up.messages_in >= count)

    def tapped(self, side: str) -> list[str | None]:
        return [tap.msg for tap in self.taps if tap.side == side and tap.link == UP]


@asynccontextmanager
async def talking() -> AsyncIterator[Talk]:
    heard: list[Any] = []
    taps: list[Tap] = []

    async def relay(ws: ServerConnection) -> None:
        async for message in ws:
            heard.append(json.loads(message)["payload"]["sync"]["msg"])

    async with serve(relay, "127.0.0.1", 0, max_size=None) as server:
        upstream = next(iter(server.sockets)).getsockname()
        enter, leave = (("127.0.0.1", port) for port in free_ports(2))
        config = LinkConfig(client="phone", server="relay", enter=enter, proxy=leave, leave=leave, upstream=upstream)
        link = Link(config, taps.append, registry.find("dialect", "jobsync"))
        await link.listen()
        try:
            async with connect(f"ws://127.0.0.1:{enter[1]}/", proxy=None, max_size=None) as phone:
                yield Talk(link, phone, taps, heard)
        finally:
            await link.close()


def play(story: Callable[[Talk], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(LIMIT_S), talking() as talk:
            await story(talk)

    asyncio.run(whole())


def test_a_lost_message_is_tapped_where_it_enters_and_nowhere_else() -> None:
    async def story(t: Talk) -> None:
        t.link.add_rule(UP, 1, MessageRule("lose", chance=0.5), 1, "s")
        await t.say(40)
        await t.until_entered(40)
        did = t.link.remove_rule(UP, 1)
        await t.say(1)
        await until(lambda: 41 in t.heard)
        assert did == {
            "candidates": 40,
            "counts": {"messages_matched": 40, "messages_lost": 41 - len(t.heard)},
            "blind": [],
        }
        assert 5 < len(t.heard) < 36
        assert t.tapped("in") == [str(n) for n in range(1, 42)]
        assert t.tapped("out") == [str(n) for n in t.heard]

    play(story)


def test_held_messages_wait_for_heal_while_others_pass() -> None:
    async def story(t: Talk) -> None:
        t.link.add_rule(UP, 1, MessageRule("hold", type="job:*", release="reversed"), 1, "s")
        await t.say(3, size=1_000_000)
        await t.say(1, "presence")
        assert await t.until_heard(1) == [4]
        await t.phone.ping()
        did = t.link.remove_rule(UP, 1)
        assert await t.until_heard(4) == [4, 3, 2, 1]
        assert did["counts"] == {"messages_matched": 3, "messages_kept": 3, "messages_released": 3}

    play(story)


def test_reordered_and_repeated_messages_come_as_the_rules_say() -> None:
    async def story(t: Talk) -> None:
        t.link.add_rule(UP, 1, MessageRule("duplicate", type="b", copies=2, delay_ns=3600 * 10**9), 1, "s")
        t.link.add_rule(UP, 2, MessageRule("reorder", type="a", window=2), 1, "s")
        await t.say(1, "a")
        await t.say(1, "b")
        await t.say(2, "c")
        assert await t.until_heard(4) == [2, 3, 1, 4]
        assert t.link.remove_rule(UP, 2)["counts"]["messages_reordered"] == 1
        t.link.remove_rule(UP, 1)
        assert await t.until_heard(6) == [2, 3, 1, 4, 2, 2]

    play(story)


def test_a_message_kept_for_a_time_comes_when_it_is_over() -> None:
    async def story(t: Talk) -> None:
        t.link.add_rule(UP, 1, MessageRule("reorder", type="a", window_ns=20_000_000), 1, "s")
        await t.say(1, "a")
        await t.say(1, "b")
        assert sorted(await t.until_heard(2)) == [1, 2]
        assert t.link.remove_rule(UP, 1)["counts"]["messages_kept"] == 1

    play(story)


@pytest.mark.parametrize("how", ["close", "reset", "half-open", "dead", "timeout"])
def test_what_is_kept_dies_with_its_connection(how: Any) -> None:
    async def story(t: Talk) -> None:
        t.link.add_rule(UP, 1, MessageRule("hold"), 1, "s")
        await t.say(3)
        await t.until_entered(3)
        t.link.cut(7, how, "client")
        did = t.link.remove_rule(UP, 1)
        t.link.uncut(7)
        assert did["counts"] == {"messages_matched": 3, "messages_kept": 3, "died_with_connection": 3}
        assert t.heard == []
        t.phone.transport.abort()  # of a dead connection it would wait long for an answer to its close

    play(story)


@pytest.mark.parametrize(("how", "told"), [("close", True), ("reset", True), ("timeout", True), ("dead", False)])
def test_of_a_dead_connection_nobody_is_told(how: Any, told: bool) -> None:
    """The wire sees its end as well: whoever is not told by what reaches him has to find out by himself."""

    async def story(t: Talk) -> None:
        await t.say(1)
        await t.until_heard(1)
        t.link.cut(7, how, "client")
        with contextlib.suppress(ConnectionClosed):
            await t.say(1)
        t.link.uncut(7)
        closing = asyncio.create_task(t.phone.wait_closed())
        done, _ = await asyncio.wait([closing], timeout=LIMIT_S / 2 if told else 0.3)
        closing.cancel()
        assert (bool(done), t.heard) == (told, [1])
        t.phone.transport.abort()

    play(story)


def test_an_orderly_close_passes_what_is_held() -> None:
    async def story(t: Talk) -> None:
        t.link.add_rule(UP, 1, MessageRule("hold"), 1, "s")
        await t.say(2)
        await t.phone.close()
        assert t.phone.close_code == 1000
        assert t.link.remove_rule(UP, 1)["counts"]["died_with_connection"] == 2

    play(story)


def test_compression_is_never_agreed_on_through_the_wire() -> None:
    async def story(t: Talk) -> None:
        assert (
            t.phone.request is not None and "permessage-deflate" in t.phone.request.headers["Sec-WebSocket-Extensions"]
        )
        assert t.phone.response is not None and "Sec-WebSocket-Extensions" not in t.phone.response.headers

    play(story)


def test_garbage_passes_and_a_rule_that_met_it_says_so() -> None:
    async def story(t: Talk) -> None:
        t.link.add_rule(UP, 1, MessageRule("lose"), 1, "s")
        t.phone.transport.write(b"\xf3\x00 no frame")
        await t.phone.wait_closed()
        assert t.phone.close_code == 1002, "it reached the relay, which found it against the protocol"
        (said,) = t.link.remove_rule(UP, 1)["blind"]
        assert said.startswith(f"{UP}: bytes that are no WebSocket pass unread: ")

    play(story)
