"""Frames as they come over one connection, kept in order, and waited for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed

from harness.conform import Unmet
from harness.wire.dialect import Dialect, interpreted, referred

Frame = dict[str, Any]
_SHOWN = 160


def shown(frame: object) -> str:
    """A frame on one line; of a long one the beginning. Tokens never stand in frames that are shown."""
    text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


class Talk:
    """One end of a connection. `frames` are all that came, in order; what is no JSON object is kept as `{"": text}`.
    What is looked at may speak a `dialect`."""

    def __init__(self, ws: Connection, limit_s: float, dialect: Dialect | None = None) -> None:
        self.frames: list[Frame] = []
        self.ended = asyncio.Event()
        self._ws, self._limit_s, self._dialect = ws, limit_s, dialect
        self._came = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @property
    def code(self) -> int | None:
        """The close code that came, once it is over."""
        return self._ws.close_code

    async def _read(self) -> None:
        try:
            async for text in self._ws:
                if not (said := self._in_our_words(text)):
                    continue
                async with self._came:
                    self.frames.append(_frame(said))
                    self._came.notify_all()
        except ConnectionClosed:
            pass
        finally:
            self.ended.set()
            async with self._came:
                self._came.notify_all()

    async def say(self, frame: Frame | str) -> None:
        """Raises `Unmet` when the connection has ended."""
        try:
            await self._ws.send(frame if isinstance(frame, str) else self._in_its_words(frame))
        except ConnectionClosed:
            raise Unmet(f"the connection had been closed with code {self.code}") from None

    def _in_our_words(self, text: str | bytes) -> str | bytes:
        if self._dialect is None:
            return text
        return referred(self._dialect, text.encode() if isinstance(text, str) else text)

    def _in_its_words(self, frame: Frame) -> str:
        text = json.dumps(frame, ensure_ascii=False)
        return text if self._dialect is None else interpreted(self._dialect, text.encode()).decode()

    async def hear(self, what: Callable[[Frame], bool], called: str, after: int = 0) -> Frame:
        """The first frame of the kind among those from number `after` on. Raises `Unmet`: it did not come in time."""
        at = after
        try:
            async with asyncio.timeout(self._limit_s), self._came:
                while True:
                    for frame in self.frames[at:]:
                        at += 1
                        if what(frame):
                            return frame
                    if self.ended.is_set():
                        raise Unmet(f"no {called}: the connection was closed with code {self.code}")
                    await self._came.wait()
        except TimeoutError:
            last = f"; last came {shown(self.frames[-1])}" if self.frames[after:] else ""
            raise Unmet(f"no {called} within {self._limit_s:g} s{last}") from None

    async def end(self, called: str) -> int | None:
        """The code of its end. Raises `Unmet`: it stays."""
        try:
            async with asyncio.timeout(self._limit_s):
                await self.ended.wait()
        except TimeoutError:
            raise Unmet(f"{called} is still open after {self._limit_s:g} s") from None
        return self.code

    async def pong(self) -> None:
        """Raises `Unmet`: no pong."""
        try:
            async with asyncio.timeout(self._limit_s):
                await (await self._ws.ping())
        except (TimeoutError, ConnectionClosed):
            raise Unmet(f"no pong within {self._limit_s:g} s") from None

    async def close(self) -> None:
        """At once, however the other end takes it."""
        self._ws.transport.abort()
        await self._reading


def _frame(text: str | bytes) -> Frame:
    try:
        frame = json.loads(text)
    except ValueError:
        return {"": str(text)}
    return frame if isinstance(frame, dict) else {"": str(text)}
