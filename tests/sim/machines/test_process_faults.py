"""What befalls a simulated process and its machine: kills, power cuts, pauses, wrong clocks, deafness."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

from faults import Effect
from harness.runtimes.sim.machines.node import Node
from harness.runtimes.sim.stage import SimStage
from harness.runtimes.sim.world import World

PORT = 9000


class Pair:
    """`server` listens and keeps its connections; `client` has one connection to it. Both write down what happens."""

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.world.add_node("server")
        self.world.add_node("client")
        self.world.network.add_line("client", "server")
        self.said: list[str] = []
        self.programs: dict[str, Callable[[], Any]] = {"server": self.serve, "client": self.call}
        self.stage = SimStage(self.world, {}, self._restart)
        self.writers: dict[str, asyncio.StreamWriter] = {}
        self.reads = True

    def _restart(self, node: Node) -> asyncio.Future[None]:
        self.world.spawn(node, self.programs[node.name])
        started: asyncio.Future[None] = self.world.loop.create_future()
        started.set_result(None)
        return started

    async def serve(self) -> None:
        try:
            server = await asyncio.start_server(self._handle, "0.0.0.0", PORT)
            await server.serve_forever()
        finally:
            self.said.append("server: finally")

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers["server"] = writer
        if self.reads:
            await self._listen("server", reader)
        await asyncio.sleep(1e6)

    async def call(self) -> None:
        try:
            reader, self.writers["client"] = await asyncio.open_connection("server", PORT)
            await self._listen("client", reader)
            await asyncio.sleep(1e6)
        finally:
            self.said.append("client: finally")

    async def _listen(self, who: str, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(65536):
                self.said.append(f"{who}: {data.decode()}")
            self.said.append(f"{who}: end")
        except OSError as exc:
            self.said.append(f"{who}: {type(exc).__name__}")

    def write(self, who: str, text: str) -> None:
        self.world.nodes[who].context.run(self.writers[who].write, text.encode())

    def run(self, play: Callable[[Pair], Awaitable[None]]) -> list[str]:
        async def whole() -> None:
            self.world.spawn(self.world.nodes["server"], self.programs["server"])
            await asyncio.sleep(0.1)
            self.world.spawn(self.world.nodes["client"], self.programs["client"])
            await asyncio.sleep(0.4)
            await play(self)
            self.said.append("over")

        self.world.run(whole)
        return self.said[: self.said.index("over")]


# ---- kill -----------------------------------------------------------------------------------------------------------


def test_a_killed_process_runs_no_finally_and_its_peer_gets_a_fin() -> None:
    effect = Effect()

    async def play(p: Pair) -> None:
        async with p.stage.kill("client", "KILL", effect):
            await asyncio.sleep(5)
            assert p.said == ["server: end"]

    p = Pair()
    assert p.run(play) == ["server: end"]
    assert effect.counts == {"processes_killed": 1, "connections_lost": 1, "processes_restarted": 1}
    assert p.world.crashes == []


def test_a_peer_whose_bytes_the_dead_one_had_not_read_gets_a_reset() -> None:
    async def play(p: Pair) -> None:
        async with p.stage.pause("server", Effect()):
            p.write("client", "unread")
            await asyncio.sleep(0.1)
            async with p.stage.kill("server", "KILL", Effect()):
                await asyncio.sleep(1)

    assert Pair().run(play) == ["client: ConnectionResetError"]


def test_a_dead_server_refuses_and_a_restarted_one_serves_again() -> None:
    async def play(p: Pair) -> None:
        async with p.stage.kill("server", "KILL", Effect()):
            await asyncio.sleep(1)
            said.append(await knock(p))
        await asyncio.sleep(1)
        said.append(await knock(p))

    async def knock(p: Pair) -> str:
        async def dial() -> str:
            with suppress(ConnectionRefusedError):
                await asyncio.open_connection("server", PORT)
                return "open"
            return "refused"

        return await p.world.loop.create_task(dial(), context=p.world.nodes["client"].context)

    said: list[str] = []
    p = Pair()
    p.run(play)
    assert said == ["refused", "open"]
    assert p.world.nodes["server"].boot == 1


def test_a_process_that_is_told_to_end_runs_its_finally() -> None:
    async def play(p: Pair) -> None:
        async with p.stage.kill("client", "TERM", Effect()):
            await asyncio.sleep(1)

    p = Pair()
    assert p.run(play) == ["client: finally", "server: end"]
    assert p.world.crashes == []


def test_killing_a_paused_process_destroys_nothing_of_it() -> None:
    """Tasks that only its parked callbacks hold would run their `finally` when they are collected."""

    async def play(p: Pair) -> None:
        node = p.world.nodes["client"]
        stubborn = _finally_says(p.said)
        p.world.loop.create_task(stubborn, context=node.context)
        del stubborn
        await asyncio.sleep(0.1)
        async with p.stage.pause("client", Effect()), p.stage.kill("client", "KILL", Effect()):
            await asyncio.sleep(1)
        await asyncio.sleep(1)
        gc.collect()
        assert not [line for line in p.said if "finally" in line]

    Pair().run(play)


async def _finally_says(said: list[str]) -> None:
    try:
        await asyncio.sleep(1e6)
    finally:
        said.append("task: finally")


def test_two_kills_of_one_process_restart_it_once_when_the_last_is_over() -> None:
    first, second = Effect(), Effect()

    async def play(p: Pair) -> None:
        async with p.stage.kill("server", "KILL", first):
            async with p.stage.kill("server", "KILL", second):
                await asyncio.sleep(1)
            assert p.world.nodes["server"].boot == 0
        assert p.world.nodes["server"].boot == 1

    Pair().run(play)
    assert first.counts["processes_restarted"] == 1
    assert second.candidates == 0


def test_what_a_killed_process_had_begun_to_write_is_rolled_back_and_locks_nobody_out() -> None:
    p = Pair()
    p.world.at_end(p.world.nodes["client"].machine.disk.remove)
    uri = p.world.nodes["client"].machine.disk.make_store(on_files=True)
    kept: list[int] = []

    async def write() -> None:
        database = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
        database.execute("CREATE TABLE IF NOT EXISTS rows (n INTEGER)")
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO rows VALUES (1)")
        kept.append(database.execute("SELECT count(*) FROM rows").fetchone()[0])
        await asyncio.sleep(1e6)

    async def play(p: Pair) -> None:
        async with p.stage.kill("client", "KILL", Effect()):
            pass
        await asyncio.sleep(1)

    p.programs["client"] = write
    p.run(play)
    assert kept == [1, 1]
    assert p.world.crashes == []


# ---- power ----------------------------------------------------------------------------------------------------------


def test_a_machine_without_power_is_silent_and_answers_with_a_reset_when_it_is_back() -> None:
    async def play(p: Pair) -> None:
        async with p.stage.cut_power("server", "fault:cut:0", Effect()):
            p.write("client", "anybody there?")
            await asyncio.sleep(5)
            assert p.said == []
        await asyncio.sleep(1)

    assert Pair().run(play) == ["client: ConnectionResetError"]


def test_nobody_answers_a_connect_to_a_machine_without_power() -> None:
    answered_s: list[float] = []

    async def play(p: Pair) -> None:
        async def dial() -> None:
            await asyncio.open_connection("server", PORT)
            answered_s.append(p.world.loop.time())

        async with p.stage.cut_power("server", "fault:cut:0", Effect()):
            p.world.loop.create_task(dial(), context=p.world.nodes["client"].context)
            await asyncio.sleep(2)
            assert answered_s == []
        await asyncio.sleep(5)

    p = Pair()
    p.run(play)
    assert 3.4 < answered_s[0] < 3.6  # the SYN's third try: 0.5 s + 1 s + 2 s


# ---- pause ----------------------------------------------------------------------------------------------------------


def test_a_paused_process_does_nothing_and_goes_on_where_it_was() -> None:
    effect = Effect()

    async def ticks(p: Pair) -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            p.said.append(f"tick at {p.world.loop.time():.1f}")

    async def play(p: Pair) -> None:
        p.world.loop.create_task(ticks(p), context=p.world.nodes["client"].context)
        await asyncio.sleep(0.5)
        async with p.stage.pause("client", effect):
            p.write("server", "hello")
            await asyncio.sleep(5)
            assert p.said == []
        await asyncio.sleep(5)

    assert Pair().run(play) == ["client: hello", "tick at 6.0", "tick at 7.0", "tick at 8.0"]
    assert effect.counts["processes_paused"] == 1
    assert effect.counts["bytes_left_unread"] == len("hello")


def test_the_kernel_of_a_paused_server_takes_connections() -> None:
    async def play(p: Pair) -> None:
        async with p.stage.pause("server", Effect()):
            await asyncio.sleep(0.1)
            async with p.stage.kill("client", "KILL", Effect()):
                pass
            await asyncio.sleep(1)
            assert p.writers["client"].get_extra_info("peername") is not None
            p.write("client", "again")
            await asyncio.sleep(1)
            assert p.said == []
        await asyncio.sleep(1)

    assert "server: again" in Pair().run(play)


def test_of_two_pauses_the_last_one_left_resumes() -> None:
    async def play(p: Pair) -> None:
        async with p.stage.pause("client", Effect()):
            async with p.stage.pause("client", Effect()):
                p.write("server", "hello")
                await asyncio.sleep(1)
            await asyncio.sleep(1)
            assert p.said == []
        await asyncio.sleep(1)
        assert p.said == ["client: hello"]

    Pair().run(play)


# ---- clocks ---------------------------------------------------------------------------------------------------------


def test_a_skewed_wall_clock_is_off_and_steps_back() -> None:
    async def play(p: Pair) -> None:
        node = p.world.nodes["client"]
        true_s = node.context.run(time.time)
        async with p.stage.skew("client", -3_600_000, 1.0, Effect()):
            assert abs(node.context.run(time.time) - (true_s - 3600)) < 1e-6
            assert node.context.run(time.monotonic) == p.world.nodes["server"].context.run(time.monotonic)
        assert abs(node.context.run(time.time) - true_s) < 1e-6

    Pair().run(play)


def test_a_fast_clock_sets_timers_off_early_and_keeps_what_it_gained_where_it_may_not_step() -> None:
    async def play(p: Pair) -> None:
        node, began_s = p.world.nodes["client"], p.world.loop.time()

        async def nap() -> None:
            await asyncio.sleep(2.0)
            woke_s.append(p.world.loop.now_ns / 1e9 - began_s)

        task = p.world.loop.create_task(nap(), context=node.context)
        await asyncio.sleep(1)  # half of it at the true rate, half of it at twice that
        async with p.stage.skew("client", 0, 2.0, Effect()):
            await task
            await asyncio.sleep(0.5)
        drift_s = node.context.run(time.monotonic) - p.world.loop.now_ns / 1e9
        assert abs(drift_s - 1.0) < 1e-6
        assert abs(node.context.run(time.time) - p.world.nodes["server"].context.run(time.time)) < 1e-6
        await p.world.loop.create_task(nap(), context=node.context)

    woke_s: list[float] = []
    Pair().run(play)
    assert abs(woke_s[0] - 1.5) < 1e-6
    assert abs(woke_s[1] - 4.0) < 1e-6  # 2 s after 2 s


def test_a_clock_that_is_wrong_when_its_process_starts_has_met_it() -> None:
    effect = Effect()

    async def play(p: Pair) -> None:
        async with AsyncExitStack() as clocks:
            async with p.stage.kill("server", "KILL", Effect()):
                await clocks.enter_async_context(p.stage.skew("server", 1000, 1.0, effect))
                assert effect.candidates == 0
            assert effect.counts == {"clocks_set_off": 1}

    Pair().run(play)


def test_clocks_of_two_faults_add_up_and_heal_apart() -> None:
    async def play(p: Pair) -> None:
        clock = p.world.nodes["client"].context
        true_s = clock.run(time.time)
        async with p.stage.skew("client", 1000, 1.0, Effect()):
            async with p.stage.skew("client", 5000, 1.0, Effect()):
                assert abs(clock.run(time.time) - true_s - 6) < 1e-6
            assert abs(clock.run(time.time) - true_s - 1) < 1e-6

    Pair().run(play)


# ---- slow consumer --------------------------------------------------------------------------------------------------


def test_a_slow_consumer_reads_nothing_until_heal_while_its_peer_is_stopped_by_full_buffers() -> None:
    effect = Effect()
    text = "x" * 1_000_000

    async def play(p: Pair) -> None:
        async with p.stage.stall("client", effect):
            p.write("server", text)
            await asyncio.sleep(5)
            assert p.said == []
            transport: Any = p.writers["server"].transport
            assert transport.get_write_buffer_size() > 500_000
            p.write("client", "I still talk")
            await asyncio.sleep(1)
            assert p.said == ["server: I still talk"]
            p.said.clear()
        await asyncio.sleep(1)

    assert sum(len(line) - len("client: ") for line in Pair().run(play)) == len(text)
    assert effect.counts["bytes_left_unread"] == 256 * 1024
