"""Toxics that every proxy has from its creation: without a fault they meet nobody, and with one they work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from toxiproxy_rig import ARRIVES_WITHIN_S, address, connected, listener, received
from toxiproxy_server import RunningToxiproxy, free_port

from faults import Toxic
from harness.runtimes.sockets.shapes import Shape
from harness.runtimes.sockets.toxics import Proxy, Toxics

LINK, BACK = "mobile-1->relay", "relay->mobile-1"
SLOW, SLOWER = Toxic("bandwidth", {"rate": 40}), Toxic("bandwidth", {"rate": 20})
LIMIT = Toxic("limit_data", {"bytes": 1000})
SLICES = Toxic("slicer", {"average_size": 100, "delay": 20_000})


def test_a_direction_without_faults_has_toxics_that_meet_nobody() -> None:
    toxicity = {type_: setting.toxicity for type_, setting in Shape().settings().items()}
    assert toxicity == {"latency": 1, "bandwidth": 0, "slicer": 0, "limit_data": 0, "slow_close": 1}
    assert Shape().settings()["latency"].attributes == {"latency": 0, "jitter": 0}


def test_of_two_rates_the_lower_counts_until_it_heals() -> None:
    shape = Shape(toxics={1: SLOW, 2: SLOWER})
    assert shape.settings()["bandwidth"] == ({"rate": 20}, 1.0)
    del shape.toxics[2]
    assert shape.settings()["bandwidth"] == ({"rate": 40}, 1.0)


@pytest.mark.parametrize("type_", ["latency", "bandwidth", "slicer", "limit_data"])
def test_a_type_that_a_proxy_can_have_is_installed(type_: str) -> None:
    assert Shape().composes(Toxic(type_, {}))
    assert type_ in Shape().settings()


@pytest.mark.parametrize(
    "toxic", [Toxic("timeout", {}), Toxic("reset_peer", {}), Toxic("slow_close", {}), Toxic("latency", {}, 0.5)]
)
def test_what_it_cannot_have_is_left_to_the_wire(toxic: Toxic) -> None:
    assert not Shape().composes(toxic)


@pytest.mark.parametrize("toxic", [SLICES, LIMIT], ids=["slicer", "limit_data"])
def test_of_two_that_cannot_be_made_one_the_second_is_left_to_the_wire(toxic: Toxic) -> None:
    shape = Shape(toxics={1: toxic})
    assert not shape.composes(toxic)
    assert shape.composes(SLOW) and Shape(toxics={1: SLOW}).composes(SLOWER)


def plays(server: RunningToxiproxy, script: Callable[[Toxics, Proxy], Awaitable[None]], upstream: str) -> list[str]:
    ailments: list[str] = []

    async def no_restart() -> None:
        raise AssertionError("the server was lost")

    async def whole() -> None:
        proxy = Proxy(LINK, BACK, f"127.0.0.1:{free_port()}", upstream)
        toxics = Toxics(server.api, [proxy], no_restart, ailments)
        await toxics.open()
        await script(toxics, proxy)

    asyncio.run(whole())
    return ailments


@pytest.mark.toxiproxy
def test_a_bandwidth_paces_a_live_connection_and_its_heal_lets_go(toxiproxy_server: RunningToxiproxy) -> None:
    with listener() as upstream:

        async def script(toxics: Toxics, proxy: Proxy) -> None:
            with connected(proxy.listen, upstream) as pair:
                async with toxics.toxic(LINK, SLOWER):
                    begun_s = time.monotonic()
                    pair.client.sendall(b"b" * 10_000)
                    assert len(await asyncio.to_thread(received, pair.server, 10_000)) == 10_000
                    assert time.monotonic() - begun_s >= 0.4
                    pair.server.sendall(b"the other way")
                    assert await asyncio.to_thread(received, pair.client, 13) == b"the other way"
                    pair.client.sendall(b"c" * 2_000_000)  # a hundred seconds of it
                begun_s = time.monotonic()
                assert len(await asyncio.to_thread(received, pair.server, 2_000_000)) == 2_000_000
                assert time.monotonic() - begun_s < ARRIVES_WITHIN_S

        assert plays(toxiproxy_server, script, address(upstream)) == []


@pytest.mark.toxiproxy
def test_a_limit_meets_a_live_connection_and_no_later_one(toxiproxy_server: RunningToxiproxy) -> None:
    with listener() as upstream:

        async def script(toxics: Toxics, proxy: Proxy) -> None:
            with connected(proxy.listen, upstream) as pair:
                pair.client.sendall(b"b" * 5000)
                assert len(await asyncio.to_thread(received, pair.server, 5000)) == 5000
                async with toxics.toxic(LINK, LIMIT):
                    pair.client.sendall(b"c" * 5000)
                    assert await asyncio.to_thread(received, pair.server, 5000) == b"c" * 1000
            with connected(proxy.listen, upstream) as pair:
                pair.client.sendall(b"d" * 5000)
                assert await asyncio.to_thread(received, pair.server, 5000) == b"d" * 5000

        assert plays(toxiproxy_server, script, address(upstream)) == []


@pytest.mark.toxiproxy
def test_a_slicer_and_a_latency_meet_the_same_bytes(toxiproxy_server: RunningToxiproxy) -> None:
    with listener() as upstream:

        async def script(toxics: Toxics, proxy: Proxy) -> None:
            with connected(proxy.listen, upstream) as pair:
                async with AsyncExitStack() as scope:
                    await scope.enter_async_context(toxics.delay(LINK, 200, 0))
                    await scope.enter_async_context(toxics.toxic(LINK, SLICES))
                    begun_s = time.monotonic()
                    pair.client.sendall(b"s" * 1000)
                    assert len(await asyncio.to_thread(received, pair.server, 1000)) == 1000
                    assert time.monotonic() - begun_s >= 0.2 + 7 * 0.02
                begun_s = time.monotonic()
                pair.client.sendall(b"t" * 1000)
                assert len(await asyncio.to_thread(received, pair.server, 1000)) == 1000
                assert time.monotonic() - begun_s < ARRIVES_WITHIN_S

        assert plays(toxiproxy_server, script, address(upstream)) == []
