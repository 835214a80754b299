"""Message rules on simulated links: real `websockets` programs talk, and what they hear is compared."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sim_rig import Trio

from faults import Effect, MessageRule, Release
from harness.runtimes.sim.net.hop import Hop
from harness.wire.splitter import Splitter

DOWN = "hub->ear"


def test_lost_messages_enter_the_link_and_never_leave_it() -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.messages(DOWN, MessageRule("lose", chance=0.5), "s", effect):
            await t.say(40, gap_s=0.01)
            await asyncio.sleep(1)
        heard = list(t.numbers)
        assert 5 < len(heard) < 35
        assert t.tapped(DOWN, "in") == [str(n) for n in range(1, 41)]
        assert t.tapped(DOWN, "out") == [str(n) for n in heard]
        assert effect.counts == {"messages_matched": 40, "messages_lost": 40 - len(heard)}
        await t.say(10)
        await asyncio.sleep(1)
        assert t.numbers == [*heard, *range(41, 51)]
        assert t.lost == []

    Trio().run(play)


@pytest.mark.parametrize(
    ("release", "expected"), [("in-order", [1, 2, 3]), ("reversed", [3, 2, 1]), ("shuffled", None)]
)
def test_held_messages_come_at_heal_and_taps_say_when(release: Release, expected: list[int] | None) -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        rule = MessageRule("hold", type="job:*", release=release)
        async with t.stage.messages(DOWN, rule, "s", effect):
            await t.say(3)
            await t.say(kind="system:note")
            await asyncio.sleep(30)
            assert t.numbers == [4]
            healed_s = t.now_s
        await asyncio.sleep(0.1)
        assert t.numbers == [4, *(expected or t.numbers[1:])]
        assert sorted(t.numbers) == [1, 2, 3, 4]
        assert t.tapped(DOWN, "out") == [str(n) for n in t.numbers]
        late = [tap.time_ns for tap in t.taps if tap.link == DOWN and tap.side == "out" and tap.msg != "4"]
        assert all(time_ns > healed_s * 1e9 for time_ns in late)
        assert effect.counts == {"messages_matched": 3, "messages_kept": 3, "messages_released": 3}
        assert t.lost == [], "pings and pongs are not held, so nobody gives the connection up"

    Trio().run(play)


@pytest.mark.parametrize(
    "rule", [MessageRule("reorder", window=2, chance=0.4), MessageRule("reorder", window_ns=10**8)]
)
def test_reordered_messages_all_arrive_once_but_later(rule: MessageRule) -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.messages(DOWN, rule, "s", effect):
            await t.say(20, gap_s=0.03)
            await t.say(4, kind="system:note")
            await asyncio.sleep(1)
        await asyncio.sleep(0.1)
        assert sorted(t.numbers) == list(range(1, 25))
        if rule.window:
            assert t.numbers != sorted(t.numbers) and effect.counts["messages_reordered"] > 0
        assert t.tapped(DOWN, "out") == [str(n) for n in t.numbers]
        before = len(t.numbers)
        await t.say(10)
        await asyncio.sleep(1)
        assert t.numbers[before:] == list(range(25, 35))

    Trio().run(play)


def test_copies_still_to_come_are_delivered_at_heal() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.messages(DOWN, MessageRule("duplicate", delay_ns=3600 * 10**9), "s", Effect()):
            await t.say(2)
            await asyncio.sleep(1)
            assert t.numbers == [1, 2]
        await asyncio.sleep(0.1)
        assert t.numbers == [1, 2, 1, 2]

    Trio().run(play)


@pytest.mark.parametrize("how", ["close", "reset", "half-open", "dead", "timeout"])
def test_a_connection_that_dies_takes_along_what_it_kept(how: Any) -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.messages(DOWN, MessageRule("hold", type="job:*"), "s", effect):
            await t.say(3)
            await asyncio.sleep(0.1)
            async with t.stage.cut("ear", how, "c", Effect()):
                await asyncio.sleep(0.5)
            await asyncio.sleep(1)
        await asyncio.sleep(1)
        assert t.numbers == []
        assert effect.counts["died_with_connection"] == effect.counts["messages_kept"] == 3
        assert "messages_released" not in effect.counts

    Trio().run(play)


def test_a_close_frame_passes_what_is_held_and_ends_it() -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.messages("mouth->hub", MessageRule("hold"), "s", effect):
            await t.say(3)
            closing = t.world.loop.create_task(t._sockets["mouth"].close(), context=t.mouth.context)
            await asyncio.wait([closing], timeout=5)
            assert closing.done()
            assert effect.counts["died_with_connection"] == 3
        await asyncio.sleep(1)
        assert t.numbers == []

    Trio().run(play)


@pytest.mark.parametrize(
    "rule",
    [
        MessageRule("lose", chance=1e-9),
        MessageRule("hold", type="job:*", release="reversed"),
        MessageRule("reorder", window_ns=10**8),
        MessageRule("duplicate"),
    ],
)
def test_no_rule_blocks_on_a_message_larger_than_the_kernel_buffer(rule: MessageRule) -> None:
    async def play(t: Trio) -> None:
        async with t.stage.messages("mouth->hub", rule, "s", Effect()):
            await t.say(2, size=1_000_000)
            await t.say(1, kind="system:note")
            await asyncio.sleep(2)
        await asyncio.sleep(2)
        assert set(t.numbers) == {1, 2, 3}
        assert t.lost == []

    Trio().run(play)


def test_a_byte_hold_below_a_message_hold_keeps_the_order_of_the_release() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.hold(DOWN, Effect()):
            async with t.stage.messages(DOWN, MessageRule("hold", release="reversed"), "s", Effect()):
                await t.say(3, size=1_000_000)
                await asyncio.sleep(1)
            await asyncio.sleep(1)
            assert t.numbers == []
        await asyncio.sleep(5)
        assert t.numbers == [3, 2, 1]

    Trio().run(play)


# ---- what no rule can act on ----------------------------------------------------------------------------------------


def _hop(t: Trio, client: str, way: str) -> Hop:
    connection = next(c for c in t.world.network.connections.values() if c.line.client == client)
    hop: Hop = getattr(connection, way).hop
    return hop


def test_garbage_passes_unchanged_and_a_rule_that_met_it_says_so() -> None:
    noise = b"\xf3\x00 this is no frame"

    async def play(t: Trio) -> None:
        hop, effect = _hop(t, "mouth", "client"), Effect()
        assert hop.take(noise) == (noise,)
        assert t.stage.ailments == []
        async with t.stage.messages("mouth->hub", MessageRule("lose"), "s", effect):
            assert list(hop.take(b"and more")) == [b"and more"]
        assert effect.candidates == 0
        (said,) = t.stage.ailments
        assert said.startswith("mouth->hub: bytes that are no WebSocket pass unread: ")

    Trio().run(play)


def test_a_compressed_message_is_left_alone_and_the_rule_says_so() -> None:
    compressed = b"\xc1\x03abc"

    async def play(t: Trio) -> None:
        hop, effect = _hop(t, "mouth", "server"), Effect()
        async with t.stage.messages("hub->mouth", MessageRule("lose"), "s", effect):
            assert list(hop.take(compressed)) == [compressed]
        assert effect.candidates == 0
        assert t.stage.ailments == ["hub->mouth: compressed messages can be neither read nor changed"]
        assert t.taps[-1].type == ""

    Trio().run(play)


def test_an_offer_of_compression_is_struck_from_the_request() -> None:
    request = (
        b"GET /ear HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    )
    struck = b"\r\n".join(line for line in request.split(b"\r\n") if b"deflate" not in line)

    async def play(t: Trio) -> None:
        for cut in (0, 60):
            hop = _hop(t, "mouth", "client")
            hop._splitter = Splitter()
            sent = [part for written in (request[:cut], request[cut:]) for part in hop.take(written)]
            assert b"".join(sent) == struck

    Trio().run(play)
