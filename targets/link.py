"""The device-link client that desktop and mobile share: connect, register, stay alive, reconnect.

A link is a state machine around one socket at a time: back-off, upgrade, registration, then frames until the socket
is lost. What it takes for a dead peer stands in `targets/silence.py`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import Connection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.protocol import State

from targets.policy import Policies, Slot
from targets.probe import Journal
from targets.protocol import (
    CLOSE_TOKEN_EXPIRED,
    FRAME_CAP_BYTES,
    USER_AGENT,
    BadFrame,
    Frame,
    decode,
    device_id,
    encode,
)
from targets.silence import DEAD_RELAY, PINGS_COUNT, Watchdog
from targets.timing import Timing
from targets.tokens import TokenSource

HEARTBEAT = encode({"type": "heartbeat"})
JITTER = 0.15  # of a back-off, so that clients cut off together do not come back together


class LinkDown(Exception):
    """Nothing was sent, or nobody knows whether it was: the link is not registered, or died while sending."""


class FrameTooBig(Exception):
    """A frame above the cap: the relay would close the socket over it, so it is never sent."""


class BackoffReset(Protocol):
    def after(self, registered_s: float | None, timing: Timing) -> bool:
        """Does a session that opened, and stayed registered so long (None: never), start the back-off again?"""
        ...


class ResetWhenOpened:
    """Document, "Server Relay": silent; the usual client resets its back-off as soon as the socket opens."""

    def after(self, registered_s: float | None, timing: Timing) -> bool:
        return True


class ResetWhenStable:
    """The back-off starts again only after some seconds registered. Without it a relay that accepts sockets and
    drops them again is hit by a storm of reconnects without any pause."""

    def after(self, registered_s: float | None, timing: Timing) -> bool:
        return registered_s is not None and registered_s >= timing.stable_s


BACKOFF_RESET: Slot[BackoffReset] = Slot("transport.backoff-reset", ResetWhenOpened(), ResetWhenStable(), role="link")


def backoff_s(failures: int, timing: Timing) -> float:
    """0, ½, 1, 2, 4, 8, 16, 30 … s ± 15 %, scaled with `timing`."""
    if failures == 0:
        return 0.0
    step = min(timing.backoff_max_s, timing.backoff_unit_s * 2.0 ** min(failures - 1, 30))
    return step * random.uniform(1 - JITTER, 1 + JITTER)


async def send_text(ws: Connection, data: bytes) -> None:
    """Raises LinkDown."""
    if ws.state is not State.OPEN:
        raise LinkDown("the socket is closed")
    try:
        await ws.send(data, text=True)
    except ConnectionClosed as exc:
        raise LinkDown(str(exc)) from None
    except AttributeError:
        # The library aborts the transport of a lost connection, and asyncio's, lost while it was closing with data in
        # its buffer, has no loop any more (CPython 3.11, `_SelectorTransport._force_close`).
        if ws.state is State.OPEN:
            raise
        raise LinkDown("the connection was lost while sending") from None


async def hang_up(ws: Connection, code: int = 1000, reason: str = "") -> None:
    """The closing handshake, unless somebody else closed or is closing the socket."""
    if ws.state is State.OPEN:
        await ws.close(code, reason)


class Tracked(ClientConnection):
    """Knows when its last bytes came in, and when its last frame was read (loop time, seconds)."""

    last_bytes_s = 0.0
    last_frame_s = 0.0

    def data_received(self, data: bytes) -> None:
        self.last_bytes_s = self.loop.time()
        super().data_received(data)

    async def next_frame(self) -> Frame:
        """An empty one for what is none. Raises ConnectionClosed."""
        data = await self.recv()
        self.last_frame_s = self.loop.time()
        return _frame(data)


class DeviceLink:
    """`on_frame` gets every JSON frame after registration but the registration's own; `on_registered` and `on_lost`
    alternate, and each is called at once, from the link's task or from `suspend`."""

    def __init__(
        self,
        *,
        env: Mapping[str, str],
        client_type: str,
        timing: Timing,
        policies: Policies,
        journal: Journal,
        on_frame: Callable[[Frame], None],
        on_registered: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._url = env["RELAY_URL"]
        self._device = device_id(env["DEVICE_ID"])
        self._device_name = env.get("DEVICE_NAME") or env.get("NODE_NAME") or self._device
        self._client_type = client_type
        self._tokens = TokenSource(env)
        self._timing = timing
        self._resets = policies[BACKOFF_RESET]
        self._signs, self._patience = policies[PINGS_COUNT], policies[DEAD_RELAY]
        self._journal = journal
        self._on_frame, self._on_registered, self._on_lost = on_frame, on_registered, on_lost
        self.registered = False
        self._ws: Tracked | None = None
        self._session: asyncio.Task[None] | None = None
        self._foreground = asyncio.Event()
        self._foreground.set()
        self._failures = 0
        self._resume: dict[str, str] = {}  # sessionId, resumeToken of the last registration
        self._reason = ""
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """For ever. Whatever the network does is weather; an exception out of here is a bug."""
        try:
            while True:
                await self._foreground.wait()
                self._session = asyncio.create_task(self._once())
                await asyncio.wait([self._session])
                if not self._session.cancelled():
                    self._session.result()
        finally:
            if self._session is not None:
                self._session.cancel()

    async def send(self, frame: Mapping[str, Any]) -> None:
        """Hand one frame to the socket. Raises LinkDown, FrameTooBig."""
        await self.send_encoded(encode(frame))

    async def send_encoded(self, data: bytes) -> None:
        """Hand one frame, as JSON, to the socket. Raises LinkDown, FrameTooBig."""
        ws = self._ws
        if ws is None or not self.registered:
            raise LinkDown("not registered")
        if len(data) > FRAME_CAP_BYTES:
            raise FrameTooBig(f"{len(data)} bytes are above the frame cap of {FRAME_CAP_BYTES}")
        await send_text(ws, data)

    def suspend(self) -> None:
        """Into the background: the socket is closed and none is opened until `resume`."""
        if not self._foreground.is_set():
            return
        self._foreground.clear()
        self._reason = "suspended"
        if self._session is not None:
            self._session.cancel()
        self._lose()
        self._journal("link", state="suspended")

    def resume(self) -> None:
        """Back in the foreground: an own reconnect, without back-off."""
        if not self._foreground.is_set():
            self._failures = 0
            self._foreground.set()

    # One session -----------------------------------------------------------------------------------------------------

    async def _once(self) -> None:
        if delay_s := backoff_s(self._failures, self._timing):
            await asyncio.sleep(delay_s)
        self._failures += 1
        self._reason = ""
        self._journal("link", state="connecting")
        ws = await self._open()
        if ws is None:
            self._journal("link", state="closed", reason=self._reason)
            return
        registered_at_s: float | None = None
        loop = asyncio.get_running_loop()
        watch = Watchdog(ws, self._patience.limit_s(self._timing), self._signs.last_s, self._declare_dead)
        beat: asyncio.Task[None] | None = None
        try:
            self._journal("link", state="open")
            await self._register(ws)
            registered_at_s = loop.time()
            beat = asyncio.create_task(self._beat(ws))
            self._gain(ws)
            await self._read(ws)
        except (ConnectionClosed, LinkDown, TimeoutError) as exc:
            self._reason = self._reason or str(exc) or type(exc).__name__
            if ws.close_code == CLOSE_TOKEN_EXPIRED:
                self._tokens.refuse()
        finally:
            watch.stop()
            if beat is not None:
                beat.cancel()
            lived_s = None if registered_at_s is None else loop.time() - registered_at_s
            if self._resets.after(lived_s, self._timing):
                self._failures = 0
            self._lose()
            self._journal("link", state="closed", reason=self._reason)
            self._background(hang_up(ws))

    async def _open(self) -> Tracked | None:
        try:
            headers = {
                "Authorization": f"Bearer {await self._tokens.get()}",
                "X-Device-ID": self._device,
                "X-Client-Type": self._client_type,
            }
            ws = await connect(
                self._url,
                additional_headers=headers,
                user_agent_header=USER_AGENT,
                compression=None,
                proxy=None,
                open_timeout=self._timing.upgrade_s,
                close_timeout=self._timing.close_s,
                ping_interval=None,
                max_size=FRAME_CAP_BYTES,
                create_connection=Tracked,
            )
        except InvalidStatus as exc:
            self._reason = f"HTTP {exc.response.status_code}"
            if exc.response.status_code == 401:
                self._tokens.refuse()
            return None
        except (OSError, TimeoutError, InvalidHandshake, EOFError) as exc:
            self._reason = str(exc) or type(exc).__name__
            return None
        assert isinstance(ws, Tracked)
        return ws

    async def _register(self, ws: Tracked) -> None:
        payload = {"deviceId": self._device, "deviceName": self._device_name, **self._resume}
        async with asyncio.timeout(self._timing.register_s):
            await send_text(ws, encode({"type": "register", "payload": payload}))
            while True:
                frame = await ws.next_frame()
                kind = frame.get("type")
                if kind == "registered":
                    self._resume = {k: str(frame[k]) for k in ("sessionId", "resumeToken") if k in frame}
                if kind in ("registered", "resumed"):
                    return

    async def _read(self, ws: Tracked) -> None:
        while True:
            frame = await ws.next_frame()
            if frame and frame.get("type") not in ("registered", "resumed"):
                self._on_frame(frame)

    async def _beat(self, ws: Tracked) -> None:
        try:
            while True:
                await asyncio.sleep(self._timing.heartbeat_s)
                await send_text(ws, HEARTBEAT)
        except LinkDown:
            return

    # State -----------------------------------------------------------------------------------------------------------

    def _gain(self, ws: Tracked) -> None:
        self._ws, self.registered = ws, True
        self._journal("link", state="registered")
        self._on_registered()

    def _lose(self) -> None:
        self._ws = None
        if self.registered:
            self.registered = False
            self._on_lost()

    def _declare_dead(self) -> None:
        self._reason = "dead peer"

    def _background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """A closing handshake may take its time-out; the next session does not wait for it."""
        task = asyncio.create_task(coroutine)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _frame(data: str | bytes) -> Frame:
    """The frame, or an empty one for what is none: a relay's nonsense harms nobody."""
    try:
        return decode(data)
    except BadFrame:
        return {}
