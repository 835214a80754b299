"""What faults do to the bytes of one direction, and that they leave no trace when they are over."""

from __future__ import annotations

import asyncio

import pytest
from sim_rig import Trio, effects

from faults import Effect, MessageRule
from harness.runtimes.sim.net.links import JITTER_NS, LATENCY_NS

ONE_WAY_S = (LATENCY_NS + JITTER_NS) / 1e9


def test_a_partition_holds_bytes_and_releases_them_in_order_at_once() -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.hold("hub->ear", effect):
            await t.say(20, gap_s=0.1)
            await asyncio.sleep(3)
            assert t.heard == []
        await t.say()
        await asyncio.sleep(1)

    t = Trio().run(play)
    assert t.numbers == list(range(1, 22))
    released_s = [at for at, number in t.heard if number <= 20]
    healed_s = next(tap.time_ns for tap in t.taps if tap.msg == "21") / 1e9
    assert max(released_s) - healed_s <= ONE_WAY_S
    frames = [tap.bytes + 2 for tap in t.taps if (tap.link, tap.side) == ("hub->ear", "out")][:20]
    assert effect.counts == {"bytes_held": sum(frames)}
    assert effect.candidates == sum(frames)


def test_a_held_direction_leaves_the_other_alone() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.hold("ear->hub", Effect()):
            await t.say(5)
            await asyncio.sleep(1)
            assert t.numbers == [1, 2, 3, 4, 5]

    Trio().run(play)


def test_bytes_in_flight_when_a_hold_begins_are_held_too() -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.delay("hub->ear", 500, 0, Effect()):
            await t.say(3)
            await asyncio.sleep(0.1)
            async with t.stage.hold("hub->ear", effect):
                await asyncio.sleep(5)
                assert t.heard == []
                assert effect.candidates > 0
            await asyncio.sleep(0.01)
            assert t.numbers == [1, 2, 3]

    Trio().run(play)


def test_overlapping_holds_heal_independently() -> None:
    first, second = effects(2)

    async def play(t: Trio) -> None:
        one, two = t.stage.hold("hub->ear", first), t.stage.hold("hub->ear", second)
        await one.__aenter__()
        await t.say(2)
        await asyncio.sleep(1)
        await two.__aenter__()
        await asyncio.sleep(1)
        await one.__aexit__(None, None, None)
        await t.say()
        await asyncio.sleep(1)
        assert t.heard == []
        await two.__aexit__(None, None, None)
        await asyncio.sleep(0.01)
        assert t.numbers == [1, 2, 3]

    Trio().run(play)
    assert 0 < first.counts["bytes_held"] < second.counts["bytes_held"]


def test_delays_add_up_and_are_taken_away_one_by_one() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.delay("hub->ear", 300, 0, Effect()):
            async with t.stage.delay("hub->ear", 200, 0, Effect()):
                await _late_by(t, 0.5)
            await _late_by(t, 0.3)
        await _late_by(t, 0.0)

    Trio().run(play)


async def _late_by(t: Trio, expected_s: float) -> None:
    begun_s = t.now_s
    await t.say()
    await asyncio.sleep(expected_s + 1)
    assert expected_s <= t.heard[-1][0] - begun_s <= expected_s + 2 * ONE_WAY_S


def test_what_a_delay_slowed_down_arrives_when_the_delay_heals() -> None:
    """Healing re-times the backlog: Toxiproxy releases it within milliseconds too."""
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.delay("hub->ear", 60_000, 10_000, effect):
            await t.say(10, gap_s=0.1)
            await asyncio.sleep(1)
            assert t.heard == []
        await asyncio.sleep(0.001)
        assert t.numbers == list(range(1, 11))

    Trio().run(play)
    assert effect.counts["segments_delayed"] == 10
    assert effect.candidates == effect.counts["bytes_delayed"] > 0


def test_a_delay_that_heals_leaves_the_other_delay_of_the_same_bytes() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.delay("hub->ear", 2_000, 0, Effect()):
            async with t.stage.delay("hub->ear", 60_000, 0, Effect()):
                begun_s = t.now_s
                await t.say()
                await asyncio.sleep(0.5)
            await asyncio.sleep(3)
            assert 2.0 <= t.heard[0][0] - begun_s <= 2.0 + 2 * ONE_WAY_S

    Trio().run(play)


def test_jitter_never_reorders_the_bytes_of_a_connection() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.delay("hub->ear", 100, 100, Effect()):
            await t.say(50, gap_s=0.001)
            await asyncio.sleep(2)

    t = Trio().run(play)
    assert t.numbers == list(range(1, 51))
    gaps_s = [b - a for (a, _), (b, _) in zip(t.heard, t.heard[1:], strict=False)]
    assert max(gaps_s) > 0.01


def test_a_fault_taken_away_moves_no_draw_of_another() -> None:
    """What shrinking lives on: the arrivals under the second delay do not know of the first one."""

    def arrivals(with_first: bool) -> list[float]:
        async def play(t: Trio) -> None:
            if with_first:
                async with t.stage.delay("hub->mouth", 5, 5, Effect()), t.stage.delay("ear->hub", 5, 5, Effect()):
                    await asyncio.sleep(1)
            else:
                await asyncio.sleep(1)
            async with t.stage.delay("hub->ear", 50, 40, Effect()):
                await t.say(10, gap_s=0.2)
                await asyncio.sleep(1)

        return [at for at, _ in Trio().run(play).heard]

    assert arrivals(True) == arrivals(False)


def test_a_lost_syn_is_sent_again_and_the_attempt_is_counted() -> None:
    effect = Effect()

    async def play(t: Trio) -> None:
        async with t.stage.cut("ear", "reset", "s", Effect()):
            await asyncio.sleep(0.001)
        async with t.stage.hold("ear->hub", effect):
            await asyncio.sleep(2)
        assert effect.counts == {"connections_held": 1}
        healed_s = t.now_s
        await asyncio.sleep(10)
        again_s = t.connected[-1][0]
        # The third SYN (1 + 2 s after the first) is the first that comes through.
        assert 0.5 < again_s - healed_s < 1.5

    Trio().run(play)


def test_a_connect_that_nobody_answers_times_out_as_linux_does() -> None:
    failed: list[tuple[float, str]] = []

    async def play(t: Trio) -> None:
        async def dial() -> None:
            begun_s = t.now_s
            try:
                await t.world.loop.create_connection(asyncio.Protocol, "hub", 8000)
            except OSError as exc:
                failed.append((t.now_s - begun_s, type(exc).__name__))

        async with t.stage.hold("ear->hub", Effect()):
            await t.world.loop.create_task(dial(), context=t.ear.context)

    Trio().run(play)
    ((took_s, name),) = failed
    assert name == "TimeoutError"
    assert 127 <= took_s < 128


def test_a_fin_is_held_like_any_byte() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.hold("ear->hub", Effect()):
            t._sockets["ear"].transport.abort()
            await asyncio.sleep(2)
            assert not any(who == "hub of ear" for _, who, _ in t.lost)
        await asyncio.sleep(0.01)
        assert any(who == "hub of ear" for _, who, _ in t.lost)

    Trio().run(play)


def test_scopes_heal_when_they_are_left_by_an_exception() -> None:
    async def play(t: Trio) -> None:
        rule = MessageRule("duplicate")
        for scope in (
            t.stage.hold("hub->ear", Effect()),
            t.stage.delay("hub->ear", 9_000, 0, Effect()),
            t.stage.messages("hub->ear", rule, "s", Effect()),
            t.stage.refuse("ear->hub", True, Effect()),
            t.stage.cut("ear", "timeout", "s", Effect()),
        ):
            with pytest.raises(ZeroDivisionError):
                async with scope:
                    raise ZeroDivisionError
        line = t.world.network.lines["ear", "hub"]
        assert (line.back.holds, line.back.delays, bool(line.back.rules), line.refusals) == ([], [], False, [])
        await asyncio.sleep(1)
        await t.say()
        await asyncio.sleep(1)
        assert t.numbers == [1]

    Trio().run(play)


def test_a_frame_larger_than_the_kernel_buffer_passes_a_message_rule() -> None:
    """The hop that keeps a message until it is whole stands above that buffer, or it would wait for ever."""

    async def play(t: Trio) -> None:
        rule = MessageRule("duplicate")
        async with t.stage.messages("mouth->hub", rule, "s", Effect()):
            await t.say(size=3_000_000)
            await asyncio.sleep(5)
        assert t.numbers == [1, 1]

    Trio().run(play)


def test_a_slow_reader_blocks_the_writer_and_loses_nothing() -> None:
    async def play(t: Trio) -> None:
        async with t.stage.hold("hub->ear", Effect()):
            await t.say(100, size=20_000)
            await asyncio.sleep(1)
            hub_end = next(c.server for c in t.world.network.connections.values() if c.line.client == "ear")
            assert hub_end.get_write_buffer_size() > 0
        await asyncio.sleep(5)
        assert t.numbers == list(range(1, 101))

    Trio().run(play)
