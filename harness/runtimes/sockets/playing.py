"""The whole of one run: start, play, stop; and what Ctrl-C does at each of them."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from harness.runtimes import Ended, RunSpec, Stage
from harness.runtimes.sockets.grounds import Died, Grounds
from harness.runtimes.sockets.lifecycle import SocketRun

T = TypeVar("T")


def play_on(
    grounds: Callable[[RunSpec, Died], Grounds], spec: RunSpec, play: Callable[[Stage], Awaitable[T]]
) -> tuple[T, Ended]:
    """`Runtime.execute`. Ctrl-C cancels `play` once and raises KeyboardInterrupt when everything is removed."""
    with asyncio.Runner() as runner:
        return runner.get_loop().run_until_complete(_whole_run(grounds, spec, play))


def to_the_end(work: Coroutine[Any, Any, T], note: Callable[[str], None]) -> T:
    """Work that starts programs, on a loop of its own. Ctrl-C cancels it once, and raises KeyboardInterrupt when it has
    put away what it started."""

    async def watched() -> T:
        body = asyncio.ensure_future(work)
        with _interrupts(body, note) as interrupted:
            await asyncio.wait([body])
        if body.cancelled() and interrupted.is_set():
            raise KeyboardInterrupt
        return body.result()

    with asyncio.Runner() as runner:
        return runner.get_loop().run_until_complete(watched())


async def _whole_run(
    grounds: Callable[[RunSpec, Died], Grounds], spec: RunSpec, play: Callable[[Stage], Awaitable[T]]
) -> tuple[T, Ended]:
    run = SocketRun(spec, grounds)
    body = asyncio.ensure_future(_start_and_play(run, play))
    with _interrupts(body, spec.note) as interrupted:
        try:
            first: list[asyncio.Future[Any]] = [body, run.cut]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        finally:
            body.cancel()
            await asyncio.wait([body])
            await run.stop()
    if body.cancelled() and interrupted.is_set():
        raise KeyboardInterrupt
    ended = Ended(phases=run.phases, ailments=run.ailments)
    if body.cancelled() and run.cut.done():
        stalled = run.cut.result()  # what was recorded until then is judged as the beginning of a history
        stalled.ended = ended
        raise stalled
    return body.result(), ended


async def _start_and_play(run: SocketRun, play: Callable[[Stage], Awaitable[T]]) -> T:
    stage = await run.start()
    began_s = time.perf_counter()
    try:
        return await play(stage)
    finally:
        run.phases["play"] = time.perf_counter() - began_s


@contextmanager
def _interrupts(body: asyncio.Future[T], note: Callable[[str], None]) -> Iterator[asyncio.Event]:
    """Ctrl-C and SIGTERM cancel `body`, once; while the run is being removed they only say so."""
    interrupted = asyncio.Event()

    def stop() -> None:
        if interrupted.is_set() or body.done():
            note("removing what was started; a moment, please")
        else:
            body.cancel()
        interrupted.set()

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield interrupted
    finally:
        for number, handler in zip(numbers, before, strict=True):
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
