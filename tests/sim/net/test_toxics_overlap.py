"""Faults that overlap on one direction: they add up, and each heals without the others."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from sim_rig import Trio
from toxic_rig import SimBench

from faults import Effect, Toxic
from harness.runtimes.sim.net.links import JITTER_NS, LATENCY_NS

ONE_WAY_S = (LATENCY_NS + JITTER_NS) / 1e9
WAY = "client->server"

Scope = AbstractAsyncContextManager[Any]


def delayed(b: SimBench, latency_ms: float, jitter_ms: float = 0) -> Scope:
    return b.stage.delay(WAY, latency_ms, jitter_ms, Effect())


def slow(b: SimBench, rate: int) -> Scope:
    return b.toxic("bandwidth", "upstream", {"rate": rate})


def held(b: SimBench) -> Scope:
    return b.stage.hold(WAY, Effect())


_entered: list[Scope] = []  # a scope that nobody holds is left


async def _enter(*scopes: Scope) -> None:
    for scope in scopes:
        await scope.__aenter__()
        _entered.append(scope)


async def _leave(scope: Scope) -> None:
    await scope.__aexit__(None, None, None)


def play(scenario: Callable[[SimBench], Awaitable[None]], seed: int = 1) -> SimBench:
    bench = SimBench(seed)
    bench.play(scenario)  # type: ignore[arg-type]
    _entered.clear()
    return bench


async def _sent(b: SimBench, data: bytes) -> tuple[float, Any]:
    """A new connection, whose client has just written `data`: the time, and the server's end."""
    client, server = await b.dial()
    client.transport.write(data)
    return b.now_s(), server


@pytest.mark.parametrize("latency_first", [True, False])
def test_a_latency_and_a_bandwidth_add_up_in_either_order(latency_first: bool) -> None:
    async def scenario(b: SimBench) -> None:
        scopes = [delayed(b, 2000), slow(b, 10)]
        await _enter(*(scopes if latency_first else scopes[::-1]))
        begun_s, server = await _sent(b, b"x" * 10_000)
        await asyncio.sleep(5)
        assert 2.1 <= server.pieces[0][0] - begun_s <= 2.1 + ONE_WAY_S
        assert 3.0 <= server.pieces[-1][0] - begun_s <= 3.0 + ONE_WAY_S
        assert len(server.pieces) == 10

    play(scenario)


def test_a_latency_that_heals_leaves_the_bandwidth() -> None:
    async def scenario(b: SimBench) -> None:
        latency = delayed(b, 60_000)
        client, server = await b.dial()
        await _enter(latency, slow(b, 10))
        client.transport.write(b"x" * 10_000)
        await asyncio.sleep(5)
        await _leave(latency)
        healed_s = b.now_s()
        await asyncio.sleep(5)
        # What waited for the latency goes into the bandwidth now: ten pieces, a tenth of a second each.
        assert server.pieces[0][0] == pytest.approx(healed_s + 0.1, abs=0.001)
        assert server.pieces[-1][0] == pytest.approx(healed_s + 1.0, abs=0.001)

    play(scenario)


def test_a_bandwidth_that_heals_leaves_the_latency() -> None:
    async def scenario(b: SimBench) -> None:
        bandwidth = slow(b, 1)
        await _enter(delayed(b, 1000), bandwidth)
        begun_s, server = await _sent(b, b"x" * 10_000)
        await asyncio.sleep(0.5)
        await _leave(bandwidth)
        await asyncio.sleep(5)
        assert {1.0 <= at - begun_s <= 1.0 + ONE_WAY_S for at, _ in server.pieces} == {True}

    play(scenario)


def test_a_bandwidth_that_heals_lets_go_at_once_what_waited_only_for_it() -> None:
    async def scenario(b: SimBench) -> None:
        bandwidth = slow(b, 1)
        await _enter(bandwidth)
        _, server = await _sent(b, b"x" * 10_000)
        await asyncio.sleep(1.55)
        assert len(server.data) == 1500
        await _leave(bandwidth)
        await asyncio.sleep(0.000_001)
        assert len(server.data) == 10_000

    play(scenario)


@pytest.mark.parametrize("heal_slower_first", [True, False])
def test_of_two_bandwidths_the_slower_one_counts_until_it_heals(heal_slower_first: bool) -> None:
    async def scenario(b: SimBench) -> None:
        slower, faster = slow(b, 10), slow(b, 20)
        await _enter(slower, faster)
        begun_s, server = await _sent(b, b"x" * 30_000)
        await asyncio.sleep(1)
        assert 9_000 <= len(server.data) <= 10_000
        await _leave(slower if heal_slower_first else faster)
        await asyncio.sleep(10)
        # 9 or 10 KB of 30 are through after a second; the rest takes 1 s at 20 KB/s, 2 s at 10 KB/s.
        expected_s = 2.0 if heal_slower_first else 3.0
        assert server.pieces[-1][0] - begun_s == pytest.approx(expected_s, abs=0.15)

    play(scenario)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_partition_latency_and_bandwidth_heal_in_any_order_and_lose_nothing(order: Sequence[int]) -> None:
    text = bytes(range(250)) * 40

    async def scenario(b: SimBench) -> None:
        scopes = [held(b), delayed(b, 3000, 500), slow(b, 20)]
        client, server = await b.dial()
        await _enter(*scopes)
        for start in range(0, len(text), 500):
            client.transport.write(text[start : start + 500])
            await asyncio.sleep(0.01)
        for which in order:
            await asyncio.sleep(1)
            before = len(server.data)
            await _leave(scopes[which])
            if which == 0 or 0 not in order[: order.index(which)]:
                assert before == 0
        await asyncio.sleep(ONE_WAY_S)
        assert server.data == text

    play(scenario)


@pytest.mark.parametrize("first_to_heal", [0, 1])
def test_of_two_partitions_the_later_end_counts(first_to_heal: int) -> None:
    async def scenario(b: SimBench) -> None:
        scopes = [held(b), held(b)]
        client, server = await b.dial()
        await _enter(*scopes)
        client.transport.write(b"held")
        await asyncio.sleep(1)
        await _leave(scopes.pop(first_to_heal))
        await asyncio.sleep(10)
        assert server.data == b""
        await _leave(scopes.pop())
        await asyncio.sleep(ONE_WAY_S)
        assert server.data == b"held"

    play(scenario)


def test_what_a_partition_held_passes_the_bandwidth_when_it_is_released() -> None:
    async def scenario(b: SimBench) -> None:
        partition = held(b)
        client, server = await b.dial()
        await _enter(slow(b, 10), partition)
        client.transport.write(b"x" * 10_000)
        await asyncio.sleep(10)
        await _leave(partition)
        await asyncio.sleep(0.5)
        assert 3_000 <= len(server.data) <= 5_000
        await asyncio.sleep(1)
        assert len(server.data) == 10_000

    play(scenario)


@pytest.mark.parametrize("heal_first", [0, 1])
def test_two_toxics_that_are_equal_are_two(heal_first: int) -> None:
    """Both were installed with the same words at the same instant, and one is taken away."""

    async def scenario(b: SimBench) -> None:
        scopes = [b.toxic("slow_close", "upstream", {"delay": 1000}) for _ in range(2)]
        client, server = await b.dial()
        await _enter(*scopes)
        begun_s = b.now_s()
        client.transport.close()
        await asyncio.sleep(0.1)
        await _leave(scopes[heal_first])
        await b.until(lambda: server.lost)
        # The first stub's second is under way, or given up after 0.1 s; the other's begins when it is over.
        assert b.now_s() - begun_s == pytest.approx((1.1, 1.0)[heal_first], abs=0.01)

    play(scenario)


def test_arrival_is_first_in_first_out_whatever_the_faults() -> None:
    text = bytes(range(251)) * 200

    async def scenario(b: SimBench) -> None:
        client, server = await b.dial()
        scopes = [
            delayed(b, 50, 50),
            slow(b, 100),
            b.toxic("slicer", "upstream", {"average_size": 40, "size_variation": 30, "delay": 300}),
            delayed(b, 20, 20),
        ]
        for start in range(0, len(text), 251):
            if start % (251 * 25) == 0 and scopes and start:
                await _enter(scopes.pop())
            client.transport.write(text[start : start + 251])
            await asyncio.sleep(0.002)
        await asyncio.sleep(5)
        assert server.data == text
        times = [at for at, _ in server.pieces]
        assert times == sorted(times)

    play(scenario)


OVER = [
    ("bandwidth", {"rate": 20}),
    ("slicer", {"average_size": 7, "size_variation": 5, "delay": 100}),
    ("latency", {"latency": 5, "jitter": 5}),
    ("slow_close", {"delay": 10}),
]


@pytest.mark.parametrize(("kind", "attributes"), OVER, ids=[kind for kind, _ in OVER])
def test_a_toxic_that_is_over_has_moved_no_draw_of_another_fault(kind: str, attributes: dict[str, int]) -> None:
    def arrivals(with_it: bool) -> list[float]:
        async def whole(t: Trio) -> None:
            toxic = t.stage.toxic("hub->ear", Toxic(kind, attributes), "fault:x:0", Effect())
            if with_it:
                await _enter(toxic)
            await t.say(5, gap_s=0.1)
            await asyncio.sleep(2)
            if with_it:
                await _leave(toxic)
            t.heard.clear()
            async with t.stage.delay("hub->ear", 50, 40, Effect()):
                await t.say(10, gap_s=0.2)
                await asyncio.sleep(1)

        return [at for at, _ in Trio().run(whole).heard]

    assert len(arrivals(False)) == 10
    assert arrivals(True) == arrivals(False)


GENTLE = [
    ("bandwidth", {"rate": 10**9}),
    ("slicer", {"average_size": 7, "size_variation": 5, "delay": 0}),
    ("limit_data", {"bytes": 10**9}),
    ("latency", {"latency": 0, "jitter": 0}),
    ("slow_close", {"delay": 10}),
]


@pytest.mark.parametrize(("kind", "attributes"), GENTLE, ids=[kind for kind, _ in GENTLE])
def test_a_toxic_at_work_on_the_same_bytes_moves_no_draw_of_another_fault(
    kind: str, attributes: dict[str, int]
) -> None:
    """It takes no time itself, and may cut what it pleases: the jitter of the other is that of what was written."""

    def arrivals(with_it: bool) -> list[float]:
        async def whole(t: Trio) -> None:
            toxic = t.stage.toxic("hub->ear", Toxic(kind, attributes), "fault:x:0", Effect())
            if with_it:
                await _enter(toxic)
            async with t.stage.delay("hub->ear", 50, 40, Effect()):
                await t.say(20, gap_s=0.05)
                await asyncio.sleep(1)

        return [at for at, _ in Trio().run(whole).heard]

    assert len(arrivals(False)) == 20
    assert arrivals(True) == arrivals(False)


def test_one_seed_gives_one_trace_with_every_toxic_at_work() -> None:
    def trace(seed: int) -> str:
        async def scenario(b: SimBench) -> None:
            for kind, attributes in (
                ("latency", {"latency": 20, "jitter": 20}),
                ("bandwidth", {"rate": 50}),
                ("slicer", {"average_size": 30, "size_variation": 20, "delay": 10}),
                ("slow_close", {"delay": 100}),
                ("limit_data", {"bytes": 9_000}),
            ):
                await _enter(b.toxic(kind, "upstream", attributes, toxicity=0.7))
            for _ in range(5):
                client, _ = await b.dial()
                client.transport.write(b"t" * 10_000)
                await asyncio.sleep(1)
                client.transport.close()
            await asyncio.sleep(5)

        return play(scenario, seed).world.trace_hash()

    assert trace(1) == trace(1)
    assert trace(1) != trace(2)
