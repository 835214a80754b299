"""The standard library's clocks and entropy, as the simulated node that asks is to see them.

Only the thread that runs the simulation is in it; every other thread of the process keeps the real ones. Not reached
from here, and forbidden to simulated programs: `datetime.now`, SQL's `random()` and `now`. What is real and cannot be
simulated is fenced (`fences`).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.asyncio.connection import Connection

from harness.runtimes.sim.kernel import EPOCH_S
from harness.runtimes.sim.kernel.fences import fences
from harness.runtimes.sim.kernel.loop import NODE, NS_PER_S, SimLoop

_DRAWS = """
random uniform randint randrange choice choices sample shuffle getrandbits randbytes triangular betavariate expovariate
gammavariate gauss lognormvariate normalvariate vonmisesvariate paretovariate weibullvariate binomialvariate
"""
_ABSENT: Any = object()

Patch = tuple[Any, str, Callable[..., Any]]


@contextmanager
def installed(loop: SimLoop, draws: random.Random, more: Iterable[Patch] = ()) -> Iterator[None]:
    """Patched while inside; restored however it is left. `draws` are those of what runs in no node."""
    here = threading.get_ident()
    saved: list[tuple[Any, str, Any]] = []
    try:
        patches = (*_clocks(loop), *_entropy(draws), *fences(loop), *_hashes(loop), *more)
        for owner, name, simulated in patches:
            saved.append((owner, name, owner.__dict__.get(name, _ABSENT)))
            setattr(owner, name, _only_in(here, simulated, getattr(owner, name)))
        yield
    finally:
        for owner, name, real in reversed(saved):
            if real is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, real)


def _only_in(thread: int, simulated: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
    def routed(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() == thread:
            return simulated(*args, **kwargs)
        return real(*args, **kwargs)

    return routed


def _clocks(loop: SimLoop) -> Iterator[Patch]:
    def wall_s() -> float:
        node = NODE.get()
        return node.wall_s() if node is not None else EPOCH_S + loop.now_ns / NS_PER_S

    def wall_ns() -> int:
        node = NODE.get()
        return node.wall_ns() if node is not None else EPOCH_S * 10**9 + loop.now_ns

    def monotonic_ns() -> int:
        node = NODE.get()
        return node.monotonic_ns() if node is not None else loop.now_ns

    def monotonic_s() -> float:
        return monotonic_ns() / NS_PER_S

    yield time, "time", wall_s
    yield time, "time_ns", wall_ns
    for name in ("monotonic", "perf_counter"):
        yield time, name, monotonic_s
        yield time, f"{name}_ns", monotonic_ns
    yield from _calendar(wall_s)


def _calendar(wall_s: Callable[[], float]) -> Iterator[Patch]:
    """What asks the clock when it is given no time. A simulated computer stands in UTC."""
    real_gmtime, real_strftime, real_asctime = time.gmtime, time.strftime, time.asctime

    def gmtime(secs: float | None = None, /) -> time.struct_time:
        return real_gmtime(wall_s() if secs is None else secs)

    def strftime(style: str, when: Any = None, /) -> str:
        return real_strftime(style, gmtime() if when is None else when)

    def asctime(when: Any = None, /) -> str:
        return real_asctime(gmtime() if when is None else when)

    yield time, "gmtime", gmtime
    yield time, "localtime", gmtime
    yield time, "strftime", strftime
    yield time, "asctime", asctime
    yield time, "ctime", lambda secs=None, /: asctime(gmtime(secs))


def _entropy(outside: random.Random) -> Iterator[Patch]:
    def draws() -> random.Random:
        node = NODE.get()
        return node.draws if node is not None else outside

    def urandom(size: int, /) -> bytes:
        return draws().randbytes(size)

    yield os, "urandom", urandom  # uuid.uuid4
    yield random, "_urandom", urandom  # secrets, SystemRandom
    for name in _DRAWS.split():
        if hasattr(random, name):  # some are younger than Python 3.11
            yield random, name, _drawing(draws, name)


def _drawing(draws: Callable[[], random.Random], name: str) -> Callable[..., Any]:
    def draw(*args: Any, **kwargs: Any) -> Any:
        return getattr(draws(), name)(*args, **kwargs)

    return draw


def _hashes(loop: SimLoop) -> Iterator[Patch]:
    """websockets keeps connections in sets; by address they would iterate differently in every process."""

    def number(connection: Any) -> int:
        attributes: dict[str, Any] = connection.__dict__
        found = attributes.get("_sim_number")
        if found is None:
            found = attributes["_sim_number"] = loop.number_object()
        return int(found)

    yield Connection, "__hash__", number
