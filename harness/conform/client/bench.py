"""The relay that a client dials: it answers registrations, and for the rest says what a check tells it to say."""

from __future__ import annotations

import asyncio
import http
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from harness.conform import NotJudged, Unmet
from harness.conform.frames import Frame, Talk
from harness.runtimes.probe_client import ProbeClient
from harness.schedule import Node
from harness.wire.dialect import Dialect
from targets.timing import Timing

_HEARD_FIRST = 0.4  # of what a client gives a registration; what is said meanwhile is said too early
_SESSION_S = 3600


@dataclass
class Accepted:
    """A connection of the client. `before`: how many frames came before `registered` was sent."""

    headers: Headers
    talk: Talk
    before: int | None = None


class ClientBench:
    """`probe` may never open. `desktop_id`: of a mobile, whom it asks."""

    def __init__(
        self,
        node: Node,
        probe: ProbeClient,
        timing: Timing,
        desktop_id: str | None,
        limit_s: float,
        dialect: Dialect | None = None,
    ) -> None:
        self.node, self.probe, self.timing, self.desktop_id = node, probe, timing, desktop_id
        self.limit_s, self._dialect = limit_s, dialect
        self.refuse_next = 0  # attempts to connect
        self.refused_s: list[float] = []  # when one was, on the loop's clock
        self._accepted: list[Accepted] = []
        self._more = asyncio.Condition()
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[None]:
        async with serve(self._handle, host, port, process_request=self._check, compression=None, max_size=None):
            yield

    async def connection(self, number: int) -> Accepted:
        """The one of that number, from 1, registered. Raises `Unmet`: it does not come."""
        called = "connection" if number == 1 else "further connection"
        try:
            async with asyncio.timeout(self.limit_s + self.longest_back_off_s), self._more:
                await self._more.wait_for(lambda: len(self._accepted) >= number and self._has_registered(number))
        except TimeoutError:
            seen = "it connected, and did not register" if len(self._accepted) >= number else "nobody connected"
            raise Unmet(f"no {called} that registers: {seen}") from None
        return self._accepted[number - 1]

    async def now(self) -> Accepted:
        """The connection that it has. Raises `Unmet`: none."""
        return await self.connection(max(1, self.count))

    @property
    def count(self) -> int:
        return len(self._accepted)

    @property
    def longest_back_off_s(self) -> float:
        return 1.15 * self.timing.backoff_max_s

    def require_probe(self, level: int = 1) -> ProbeClient:
        """Raises `NotJudged`: it has none, or shows less."""
        if not self.probe.opened.is_set():
            raise NotJudged("it has opened no probe")
        if self.probe.hello.level < level:
            raise NotJudged(f"its evidence level is {self.probe.hello.level}")
        return self.probe

    async def ask(self, method: str, params: Any) -> Frame:
        """A call as the relay hands it to a desktop; the response. Raises `Unmet`."""
        number = f"conform-{next(self._numbers)}"
        talk = (await self.now()).talk
        request = {"method": method, "params": params, "correlationId": number}
        await talk.say({"type": "relay", "clientId": "0b5e8a52-conform", "request": request})

        def is_answer(frame: Frame) -> bool:
            return frame.get("type") == "relay_response" and _response(frame).get("correlationId") == number

        return _response(await talk.hear(is_answer, f"relay_response to {method}"))

    def _has_registered(self, number: int) -> bool:
        return self._accepted[number - 1].before is not None

    def _check(self, ws: ServerConnection, request: Request) -> Response | None:
        if not self.refuse_next:
            return None
        self.refuse_next -= 1
        self.refused_s.append(asyncio.get_running_loop().time())
        return ws.respond(http.HTTPStatus.UNAUTHORIZED, "not this time\n")

    async def _handle(self, ws: ServerConnection) -> None:
        talk = Talk(ws, self.limit_s, self._dialect)
        accepted = Accepted(ws.request.headers if ws.request is not None else Headers(), talk)
        async with self._more:
            self._accepted.append(accepted)
        try:
            await accepted.talk.hear(lambda frame: frame.get("type") == "register", "register")
            await asyncio.sleep(_HEARD_FIRST * self.timing.register_s)
            before = len(accepted.talk.frames)
            expires = int((time.time() + _SESSION_S) * 1000)
            await accepted.talk.say({"type": "registered", "sessionId": "s", "resumeToken": "t", "expiresAt": expires})
            async with self._more:
                accepted.before = before
                self._more.notify_all()
        except Unmet:
            pass
        await accepted.talk.ended.wait()


def _response(frame: Frame) -> Frame:
    found = frame.get("response")
    return found if isinstance(found, dict) else {}
