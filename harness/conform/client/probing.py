"""A component's probe: what it says of itself, and what it is asked to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from harness.conform import Unmet
from harness.conform.client.bench import ClientBench
from harness.conform.frames import shown
from harness.runtimes import ProbeLost

JUNK = ("{", "[]", '{"id": 1}', '{"op": 7}', b"\x00\xff")
_PAUSE_S = 0.05


async def hello(bench: ClientBench) -> str:
    said = bench.require_probe(level=0).hello
    if (said.name, said.role) != (bench.node.name, bench.node.role):
        raise Unmet(f"hello of {said.name!r}, {said.role!r}")
    return f"{said.name}, {said.role}, evidence level {said.level}"


async def junk(bench: ClientBench) -> str:
    probe = bench.require_probe(level=0)
    before, opened = len(probe.complaints), probe.incarnation
    try:
        for frame in JUNK:
            await probe.say(frame)
        await probe.state()
    except (ConnectionError, ProbeLost) as exc:
        raise Unmet(f"its probe was lost: {exc or type(exc).__name__}") from None
    told = [line for line in probe.complaints[before:] if "did not understand" in line]
    if not told or probe.incarnation != opened:
        raise Unmet("it told no error")
    return f"{len(told)} errors for {len(JUNK)} frames, and then its state"


async def done(bench: ClientBench, f: str, value: Mapping[str, Any]) -> Any:
    """The value of an operation. Raises `Unmet`: it was not ok."""
    outcome = await bench.require_probe().op(f, value, bench.limit_s)
    if outcome.type != "ok":
        raise Unmet(f"{f}: {outcome.type}, {shown(outcome.error)}")
    return outcome.value


async def until(bench: ClientBench, called: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Its state, once that holds. Raises `Unmet`: it never does."""
    probe = bench.require_probe()
    last: dict[str, Any] = {}
    try:
        async with asyncio.timeout(bench.limit_s):
            while not holds(last):
                await asyncio.sleep(_PAUSE_S)
                last = await probe.state()
    except TimeoutError:
        raise Unmet(f"{called} not within {bench.limit_s:g} s; its state is {shown(last)}") from None
    except ProbeLost as exc:
        raise Unmet(str(exc)) from None
    return last
