"""Simulated toxics do what Toxiproxy's do, and so do those of the wire: each scenario runs in the simulator, on a real
server, and through a link of the wire.

Lower bounds of times are exact, upper ones generous: they tell "at once" from "never", not milliseconds.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from toxic_rig import Bench, RealBench, Scenario, SimBench, WireBench

AT_ONCE_S = 5.0  # against toxics that hold for a minute


async def bandwidth_paces_and_cuts_into_tenths_of_a_second(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("bandwidth", "downstream", {"rate": 100}):
        begun_s = b.now_s()
        server.transport.write(b"x" * 50_000)
        await b.until(lambda: len(client.data) == 50_000)
        assert 0.45 <= b.now_s() - begun_s < AT_ONCE_S
        assert len(client.pieces) >= 4
        assert client.pieces[0][0] - begun_s >= 0.09
        assert len(client.pieces[0][1]) <= 20_000


async def bandwidth_of_a_direction_leaves_the_other_alone(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("bandwidth", "downstream", {"rate": 1}):
        client.transport.write(b"x" * 60_000)
        begun_s = b.now_s()
        await b.until(lambda: len(server.data) == 60_000)
        assert b.now_s() - begun_s < AT_ONCE_S


async def bandwidth_that_heals_lets_the_backlog_go_at_once(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("bandwidth", "upstream", {"rate": 1}):
        client.transport.write(bytes(range(200)) * 150)
        await asyncio.sleep(0.5)
        assert 0 < len(server.data) < 5_000
    begun_s = b.now_s()
    await b.until(lambda: len(server.data) == 30_000)
    assert b.now_s() - begun_s < AT_ONCE_S
    assert server.data == bytes(range(200)) * 150


async def bandwidth_of_nothing_holds_until_it_heals(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("bandwidth", "upstream", {"rate": 0}):
        client.transport.write(b"held")
        client.transport.write(b" in order")
        await asyncio.sleep(0.4)
        assert server.data == b""
    await b.until(lambda: server.data == b"held in order")


async def latency_delays_every_byte_and_keeps_their_order(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("latency", "upstream", {"latency": 300, "jitter": 100}):
        begun_s = b.now_s()
        for word in (b"a", b"b", b"c"):
            client.transport.write(word)
            await asyncio.sleep(0.01)
        await b.until(lambda: len(server.data) == 3)
        assert server.data == b"abc"
        assert 0.2 <= server.pieces[0][0] - begun_s < AT_ONCE_S


async def latency_that_heals_lets_go_at_once(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("latency", "upstream", {"latency": 60_000}):
        client.transport.write(b"kept")
        await asyncio.sleep(0.3)
        assert server.data == b""
    begun_s = b.now_s()
    await b.until(lambda: server.data == b"kept")
    assert b.now_s() - begun_s < AT_ONCE_S


async def slicer_cuts_and_pauses(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("slicer", "upstream", {"average_size": 50, "size_variation": 10, "delay": 20_000}):
        begun_s = b.now_s()
        client.transport.write(bytes(range(200)) * 5)
        await b.until(lambda: len(server.data) == 1000)
        assert server.data == bytes(range(200)) * 5
        # 1000 bytes halved until no piece is longer than 60: 32 pieces of 31 bytes or so.
        assert 0.3 <= server.pieces[-1][0] - begun_s < AT_ONCE_S
        assert len(server.pieces) >= 8
        assert len(server.pieces[0][1]) <= 60


async def slicer_that_heals_lets_the_rest_go(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("slicer", "upstream", {"average_size": 10, "delay": 1_000_000}):
        client.transport.write(b"s" * 1000)
        await asyncio.sleep(0.3)
        assert 0 < len(server.data) < 100
    begun_s = b.now_s()
    await b.until(lambda: len(server.data) == 1000)
    assert b.now_s() - begun_s < AT_ONCE_S


async def limit_data_cuts_at_the_byte(b: Bench) -> None:
    async with b.toxic("limit_data", "downstream", {"bytes": 1000}):
        client, server = await b.dial()
        server.transport.write(b"1" * 400)
        await b.until(lambda: len(client.data) == 400)
        assert not client.lost
        server.transport.write(b"2" * 4000)
        await b.until(lambda: client.lost and server.lost)
        assert client.data == b"1" * 400 + b"2" * 600


async def limit_data_counts_from_where_it_met_the_connection(b: Bench) -> None:
    client, server = await b.dial()
    client.transport.write(b"before")
    await b.until(lambda: server.data == b"before")
    async with b.toxic("limit_data", "upstream", {"bytes": 3}):
        client.transport.write(b"after")
        await b.until(lambda: server.lost and client.lost)
    assert server.data == b"beforeaft"


async def limit_data_counts_each_connection_for_itself(b: Bench) -> None:
    async with b.toxic("limit_data", "upstream", {"bytes": 10}):
        for _ in range(3):
            client, server = await b.dial()
            client.transport.write(b"x" * 9)
            await b.until(lambda end=server: len(end.data) == 9)  # type: ignore[misc]
        assert not client.lost


async def timeout_drops_and_closes_when_it_heals(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("timeout", "upstream", {"timeout": 0}):
        client.transport.write(b"dropped")
        await asyncio.sleep(0.3)
        assert server.data == b""
        assert not client.lost
        server.transport.write(b"the other way")
        await b.until(lambda: client.data == b"the other way")
    await b.until(lambda: client.lost and server.lost)
    assert server.data == b""


async def timeout_swallows_more_than_all_buffers_hold(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("timeout", "upstream", {"timeout": 0}):
        client.transport.write(b"d" * 20_000_000)
        await b.until(lambda: client.transport.get_write_buffer_size() == 0)
    await b.until(lambda: client.lost and server.lost)
    assert server.data == b""


async def timeout_closes_what_was_quiet_for_so_long(b: Bench) -> None:
    client, server = await b.dial()
    begun_s = b.now_s()
    async with b.toxic("timeout", "downstream", {"timeout": 400}):
        for _ in range(6):
            server.transport.write(b"restarts the clock")
            await asyncio.sleep(0.1)
        assert not client.lost
        await b.until(lambda: client.lost and server.lost)
    assert client.lost_s is not None
    assert client.lost_s - begun_s >= 0.85
    assert client.data == b""


async def timeout_closes_at_heal_even_what_toxicity_spared(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("timeout", "upstream", {"timeout": 0}, toxicity=0.0):
        client.transport.write(b"passes")
        await b.until(lambda: server.data == b"passes")
    await b.until(lambda: client.lost and server.lost)


async def reset_peer_resets_a_connection_that_opens_under_it(b: Bench) -> None:
    async with b.toxic("reset_peer", "upstream", {"timeout": 200}):
        client, server = await b.dial()
        await asyncio.sleep(0.3)
        assert not client.lost
        begun_s = b.now_s()
        client.transport.write(b"the first byte starts the clock")
        await b.until(lambda: client.lost and server.lost)
        assert b.now_s() - begun_s >= 0.19
    assert (client.lost_by, server.lost_by) == ("ConnectionResetError", "ConnectionResetError")
    assert server.data == b""


async def reset_peer_only_closes_a_connection_that_was_open_before(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("reset_peer", "upstream", {"timeout": 0}):
        client.transport.write(b"x")
        await b.until(lambda: client.lost and server.lost)
    assert (client.lost_by, server.lost_by) == (None, None)
    assert server.data == b""


async def slow_close_delays_the_end_and_nothing_else(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("slow_close", "upstream", {"delay": 600}):
        begun_s = b.now_s()
        client.transport.write(b"last words")
        client.transport.close()
        await b.until(lambda: server.data == b"last words")
        assert not server.lost
        await b.until(lambda: server.lost)
        assert 0.6 <= b.now_s() - begun_s < AT_ONCE_S


async def slow_close_that_heals_closes_at_once(b: Bench) -> None:
    client, server = await b.dial()
    async with b.toxic("slow_close", "upstream", {"delay": 60_000}):
        client.transport.close()
        await asyncio.sleep(0.3)
        assert not server.lost
    begun_s = b.now_s()
    await b.until(lambda: server.lost)
    assert b.now_s() - begun_s < AT_ONCE_S


async def toxicity_is_drawn_for_each_connection(b: Bench) -> None:
    async with b.toxic("latency", "upstream", {"latency": 60_000}, toxicity=0.5):
        pairs = [await b.dial() for _ in range(30)]
        for client, _ in pairs:
            client.transport.write(b"x")
        await asyncio.sleep(1)
        passed = sum(1 for _, server in pairs if server.data)
        assert 3 <= passed <= 27  # a fair coin leaves this range once in 100,000 times


async def a_proxy_that_is_down_cuts_and_refuses(b: Bench) -> None:
    client, server = await b.dial()
    async with b.down():
        await b.until(lambda: client.lost and server.lost)
        with pytest.raises(ConnectionRefusedError):
            await b._connect()
    client, server = await b.dial()
    client.transport.write(b"again")
    await b.until(lambda: server.data == b"again")


SCENARIOS: list[Scenario] = [
    bandwidth_paces_and_cuts_into_tenths_of_a_second,
    bandwidth_of_a_direction_leaves_the_other_alone,
    bandwidth_that_heals_lets_the_backlog_go_at_once,
    bandwidth_of_nothing_holds_until_it_heals,
    latency_delays_every_byte_and_keeps_their_order,
    latency_that_heals_lets_go_at_once,
    slicer_cuts_and_pauses,
    slicer_that_heals_lets_the_rest_go,
    limit_data_cuts_at_the_byte,
    limit_data_counts_from_where_it_met_the_connection,
    limit_data_counts_each_connection_for_itself,
    timeout_drops_and_closes_when_it_heals,
    timeout_swallows_more_than_all_buffers_hold,
    timeout_closes_what_was_quiet_for_so_long,
    timeout_closes_at_heal_even_what_toxicity_spared,
    reset_peer_resets_a_connection_that_opens_under_it,
    reset_peer_only_closes_a_connection_that_was_open_before,
    slow_close_delays_the_end_and_nothing_else,
    slow_close_that_heals_closes_at_once,
    toxicity_is_drawn_for_each_connection,
    a_proxy_that_is_down_cuts_and_refuses,
]


def _name(scenario: Scenario) -> str:
    return scenario.__name__


each = pytest.mark.parametrize("scenario", SCENARIOS, ids=_name)


@each
def test_a_simulated_toxic_does_what_it_says(scenario: Scenario) -> None:
    SimBench().play(scenario)


@each
@pytest.mark.toxiproxy
def test_toxiproxy_does_the_same(scenario: Scenario, toxiproxy_server: Any) -> None:
    RealBench(toxiproxy_server.api).play(scenario)


@pytest.mark.parametrize(
    "scenario", [each for each in SCENARIOS if each is not a_proxy_that_is_down_cuts_and_refuses], ids=_name
)
def test_the_wire_does_the_same(scenario: Scenario) -> None:
    WireBench().play(scenario)
