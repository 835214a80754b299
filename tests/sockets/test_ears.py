"""A run that ends is heard up to one moment, by all its ears: no end of a call without the answer that it came of."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

from harness.history import Tap
from harness.runtimes import RunSpec
from harness.runtimes.sockets.ears import Ears
from harness.runtimes.sockets.lifecycle import SocketRun
from harness.schedule import Node, System


def spec_of(heard: list[str]) -> RunSpec:
    return RunSpec(
        run_id="r",
        system=System(nodes=[Node(name="mobile-1", role="mobile")], links=[], profile="hardened"),
        seed=0,
        journal=lambda node, line, fields, time_ns: heard.append(line),
        tap=lambda tap: heard.append(tap.type),
    )


def tap(type_: str, time_ns: int) -> Tap:
    return Tap(time_ns=time_ns, link="mobile-1->relay", side="in", conn=1, bytes=1, type=type_)


def test_everything_is_heard_up_to_one_moment_however_late_it_comes_in() -> None:
    heard: list[str] = []
    ears = Ears(spec_of(heard))
    ears.journal("mobile-1", "first", {}, 90)
    ears.close(100)
    ears.tap(tap("late in, in time", 100))
    ears.journal("mobile-1", "after it", {}, 101)
    ears.tap(tap("after it", 101))
    ears.journal("mobile-1", "late in, too", {}, 95)
    assert heard == ["first", "late in, in time", "late in, too"]


def test_a_run_that_is_taken_down_hears_what_was_under_way_and_nothing_that_begins_then() -> None:
    """A node goes on while it is asked for what it has not told yet."""
    heard: list[str] = []

    class Probe:
        complaints, clock_doubt_ns = (), 0

        def __init__(self, ears: Ears) -> None:
            self.opened, self._ears = asyncio.Event(), ears
            self.opened.set()

        async def state(self) -> dict[str, Any]:
            self._ears.journal("mobile-1", "under way", {}, began_ns)
            self._ears.journal("mobile-1", "an end of a call", {}, time.monotonic_ns())
            self._ears.tap(tap("its answer", time.monotonic_ns()))
            return {}

    async def taken_down() -> None:
        run = SocketRun(spec_of(heard), lambda spec, died: SimpleNamespace())  # type: ignore[arg-type, return-value]
        run._probes = {"mobile-1": Probe(run._ears)}  # type: ignore[dict-item]
        await run._drain()

    began_ns = time.monotonic_ns()
    asyncio.run(taken_down())
    assert heard == ["under way"]
