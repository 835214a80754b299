"""What a run asks of its proxies: faults compose, a server that stops answering is replaced, and it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from toxiproxy_rig import HELD_MS, address, connected, listener, received
from toxiproxy_server import RunningToxiproxy, free_port

from harness.runtimes.sockets import toxics as subject
from harness.runtimes.sockets.toxics import Proxy, Toxics
from harness.runtimes.toxiproxy.adapter import Toxiproxy, ToxiproxyError

pytestmark = pytest.mark.toxiproxy

LINK, BACK = "mobile-1->relay", "relay->mobile-1"
LIMIT_S = 0.3


class Rig:
    """One link through a real server, as a run would drive it."""

    def __init__(self, server: RunningToxiproxy, upstream: str) -> None:
        self.server = server
        self.ailments: list[str] = []
        self.listen = f"127.0.0.1:{free_port()}"
        self.restarts = 0
        self.restarted = asyncio.Event()
        api = Toxiproxy(server.host, server.port, LIMIT_S)
        self.toxics = Toxics(api, [Proxy(LINK, BACK, self.listen, upstream)], self._restart, self.ailments)
        self.lost: list[tuple[int, int]] = []
        self.toxics.when_lost = lambda since_ns, until_ns: self.lost.append((since_ns, until_ns))

    async def _restart(self) -> None:
        self.restarts += 1
        await asyncio.to_thread(self.server.restart)
        self.restarted.set()

    def latency_ms(self, stream: str) -> int:
        shown = self.server.api.proxies()[LINK].toxics
        return next(t.attributes["latency"] for t in shown if t.name == f"latency_{stream}")

    def plays(self, script: Callable[[], Awaitable[None]]) -> None:
        async def whole() -> None:
            await self.toxics.open()
            await script()

        asyncio.run(whole())


@pytest.fixture
def rig(toxiproxy_server: RunningToxiproxy) -> Iterator[Rig]:
    with listener() as upstream:
        yield Rig(toxiproxy_server, address(upstream))


def test_faults_on_one_direction_compose_and_heal_each_by_itself(rig: Rig) -> None:
    async def script() -> None:
        async with rig.toxics.delay(LINK, 20, 0):
            async with rig.toxics.delay(LINK, 30, 0):
                assert rig.latency_ms("upstream") == 50
                async with rig.toxics.hold(LINK):
                    assert (rig.latency_ms("upstream"), rig.latency_ms("downstream")) == (HELD_MS, 0)
                assert rig.latency_ms("upstream") == 50
            assert rig.latency_ms("upstream") == 20
        assert rig.latency_ms("upstream") == 0

    rig.plays(script)
    assert not rig.ailments


def test_a_link_stays_down_until_the_last_refusal_heals_and_then_has_what_changed_meanwhile(rig: Rig) -> None:
    def enabled() -> bool:
        return rig.server.api.proxies()[LINK].enabled

    async def script() -> None:
        async with rig.toxics.delay(BACK, 40, 0):
            async with rig.toxics.refuse(LINK):
                async with rig.toxics.refuse(LINK):
                    assert not enabled()
                assert not enabled()
                assert rig.latency_ms("downstream") == 40
            assert enabled()
        async with rig.toxics.delay(BACK, 7, 0):
            async with rig.toxics.refuse(LINK), rig.toxics.delay(BACK, 9, 0):
                assert rig.latency_ms("downstream") == 7  # changing what is disabled can wedge the server
            assert rig.latency_ms("downstream") == 7
        assert (enabled(), rig.latency_ms("downstream")) == (True, 0)

    rig.plays(script)
    assert not rig.ailments


@pytest.mark.parametrize("how", ["frozen", "killed"])
def test_a_server_lost_when_a_fault_begins_is_replaced_with_that_fault_in_force(rig: Rig, how: str) -> None:
    async def script() -> None:
        rig.server.freeze() if how == "frozen" else rig.server.stop()
        async with rig.toxics.hold(LINK):
            assert (rig.latency_ms("upstream"), rig.latency_ms("downstream")) == (HELD_MS, 0)
        assert rig.latency_ms("upstream") == 0

    rig.plays(script)
    assert rig.restarts == 1
    assert [line.partition(":")[0] for line in rig.ailments] == ["Toxiproxy stopped answering and was restarted"]


def test_a_server_lost_between_faults_is_found_by_the_watch(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_WATCH_S", 0.02)
    stopped_ns: list[int] = []

    async def script() -> None:
        watch = asyncio.create_task(rig.toxics.watch())
        rig.server.stop()
        stopped_ns.append(time.monotonic_ns())
        async with asyncio.timeout(20):
            await rig.restarted.wait()
        async with rig.toxics.delay(LINK, 5, 0):
            assert rig.latency_ms("upstream") == 5
        watch.cancel()

    rig.plays(script)
    assert (rig.restarts, len(rig.ailments)) == (1, 1)
    [(since_ns, until_ns)] = (
        rig.lost
    )  # what fails in this time is nobody's fault: from before the end of the old server
    assert since_ns < stopped_ns[0] < until_ns


def test_bytes_pass_through_the_server_that_replaced_another(toxiproxy_server: RunningToxiproxy) -> None:
    with listener() as upstream:
        rig = Rig(toxiproxy_server, address(upstream))

        async def script() -> None:
            rig.server.freeze()
            async with rig.toxics.delay(LINK, 1, 0):
                pass

        rig.plays(script)
        with connected(rig.listen, upstream) as pair:
            pair.client.sendall(b"x")
            assert received(pair.server, 1) == b"x"


def test_a_server_that_cannot_be_restarted_is_given_up_and_said_so(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_restart() -> None:
        rig.restarts += 1
        raise ToxiproxyError("no engine")

    monkeypatch.setattr(rig.toxics, "_restart", no_restart)

    async def script() -> None:
        rig.server.stop()
        async with rig.toxics.hold(LINK), rig.toxics.delay(BACK, 1, 0):
            pass

    rig.plays(script)
    assert rig.restarts == 3
    assert rig.ailments[-1] == "Toxiproxy was given up after 3 restarts: no engine"
    assert len(rig.lost) == 1
