"""Devices that dial the relay which is looked at, each check's own and gone after it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Literal

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from harness.conform import Unmet
from harness.conform.frames import Frame, Talk, shown
from harness.runtimes import RuntimeUnavailable
from harness.wire.dialect import Dialect
from targets import tokens

ClientType = Literal["desktop", "mobile"]


class Device:
    """Ids of one device. They are new ones in every check: a relay may remember others."""

    def __init__(self, kind: ClientType, user: str, device_id: str | None = None) -> None:
        self.kind, self.user, self.id = kind, user, device_id or str(uuid.uuid4())


class RelayBench:
    """`token_of(device)` prints or signs one; `secret` signs others than good ones, where it is known."""

    def __init__(
        self,
        url: str,
        token_of: Callable[[Device], Awaitable[str]],
        secret: str | None,
        limit_s: float,
        dialect: Dialect | None = None,
    ) -> None:
        self.url, self.secret, self.limit_s, self._dialect = url, secret, limit_s, dialect
        self._token_of = token_of
        self._open: list[Talk] = []

    async def dial(self, device: Device, token: str | None = None) -> Talk:
        """Connected, and nothing said. `token` None: a good one. Raises `Unmet` when it is refused."""
        given = await self._token_of(device) if token is None else token
        headers = {"X-Device-ID": device.id, "X-Client-Type": device.kind}
        if given:
            headers["Authorization"] = f"Bearer {given}"
        try:
            async with asyncio.timeout(self.limit_s):
                ws = await connect(self.url, additional_headers=headers, compression=None, proxy=None, max_size=None)
        except InvalidStatus as exc:
            raise Unmet(f"HTTP {exc.response.status_code}") from None
        except (OSError, TimeoutError, EOFError, InvalidHandshake) as exc:
            raise Unmet(f"no connection: {exc or type(exc).__name__}") from None
        talk = Talk(ws, self.limit_s, self._dialect)
        self._open.append(talk)
        return talk

    async def registered(self, device: Device, token: str | None = None) -> Talk:
        """Connected and registered. Raises `Unmet`."""
        talk = await self.dial(device, token)
        await talk.say(register(device))
        await talk.hear(is_registered, "registered")
        return talk

    def sign(self, device: Device, life_s: float) -> str:
        """A token of that life. Raises `LookupError`: nobody knows the secret."""
        if self.secret is None:
            raise LookupError
        return tokens.sign(device.user, self.secret, life_s)

    async def clear(self) -> None:
        """End every connection of the check before."""
        for talk in self._open:
            await talk.close()
        self._open.clear()

    async def require_somebody(self) -> None:
        """Raises `RuntimeUnavailable` when nobody listens."""
        try:
            await self.dial(Device("mobile", user()))
        except Unmet as exc:
            if str(exc).startswith("no connection"):
                raise RuntimeUnavailable(f"{self.url}: {exc}; is the relay up, and is this its path?") from None
        finally:
            await self.clear()


def user() -> str:
    return str(uuid.uuid4())


def register(device: Device) -> Frame:
    return {"type": "register", "payload": {"deviceId": device.id, "deviceName": f"conform {device.kind}"}}


def is_registered(frame: Frame) -> bool:
    return frame.get("type") in ("registered", "resumed")


def is_error(frame: Frame) -> bool:
    return frame.get("type") == "error"


def is_event(frame: Frame, type_: str | None = None) -> bool:
    """An event about a job, bare or wrapped."""
    named = str(frame.get("messageType") or frame.get("eventType") or "")
    return named.startswith("job:") if type_ is None else named == type_


async def error_of(talk: Talk, expected: str) -> str:
    """The error frame that comes next has this code. Raises `Unmet`."""
    frame = await talk.hear(is_error, f"error {expected}")
    if frame.get("code") != expected:
        raise Unmet(shown(frame))
    return shown(frame)
