"""The harness's end of the wire's control connection (`harness.wire.hop`)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from harness.history import Tap

ANSWER_LIMIT_S = 10.0  # the wire answers at once, unless the machine is overloaded
_OPEN_PAUSE_S = 0.02


class WireLost(Exception):
    """The wire does not answer: nothing is tapped any more."""


class _Frame(msgspec.Struct):
    id: int | None = None
    ok: dict[str, Any] | None = None
    error: str | None = None
    taps: list[Tap] | None = None


_decode = msgspec.json.Decoder(_Frame).decode


class WireClient:
    """Requests one way, answers and taps the other."""

    def __init__(self, ws: ClientConnection, tap: Callable[[Tap], None]) -> None:
        self._ws, self._tap = ws, tap
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[_Frame]] = {}
        self._reader = asyncio.create_task(self._read())

    def when_lost(self, lost: Callable[[str], None]) -> None:
        """Call `lost` with the reason when the wire has gone, other than by `close`."""
        self._reader.add_done_callback(
            lambda reader: None if reader.cancelled() else lost("the wire, which carries all links, has died")
        )

    @classmethod
    async def open(cls, address: tuple[str, int], token: str, tap: Callable[[Tap], None]) -> WireClient:
        """Dial until the wire answers; the caller limits the time."""
        url = f"ws://{address[0]}:{address[1]}/"
        headers = {"Authorization": f"Bearer {token}"}
        while True:
            with suppress(OSError, TimeoutError, EOFError, InvalidHandshake):
                ws = await connect(url, additional_headers=headers, compression=None, proxy=None, max_size=None)
                return cls(ws, tap)
            await asyncio.sleep(_OPEN_PAUSE_S)

    async def ask(self, do: str, **fields: Any) -> Mapping[str, Any]:
        """Raises `WireLost`, and `ValueError` for a request that the wire does not know."""
        if self._reader.done():
            raise WireLost("the wire's control connection is closed")
        number = next(self._ids)
        waiting: asyncio.Future[_Frame] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._ws.send(msgspec.json.encode({"id": number, "do": do, **fields}), text=True)
                answer = await waiting
        except TimeoutError:
            raise WireLost(f"the wire did not answer {do!r} within {ANSWER_LIMIT_S:g} s") from None
        except ConnectionClosed as exc:
            raise WireLost("the wire's control connection is closed") from exc
        finally:
            del self._waiting[number]
        if answer.ok is None:
            raise ValueError(answer.error)
        return answer.ok

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._ws.close()

    async def _read(self) -> None:
        try:
            async for data in self._ws:
                self._take(_decode(data))
        except ConnectionClosed:
            pass
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(WireLost("the wire's control connection was lost"))

    def _take(self, frame: _Frame) -> None:
        for tap in frame.taps or ():
            self._tap(tap)
        if frame.id is not None and (waiting := self._waiting.get(frame.id)) is not None and not waiting.done():
            waiting.set_result(frame)
