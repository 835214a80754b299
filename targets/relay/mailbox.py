"""A connection's mailbox: what waits to be written to one socket, and the task that writes it.

`try_send` never waits. Events take room, up to the size; whether anything else does is a policy. The writer is the
only one who writes data frames, so order in the mailbox is order on the wire.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection

from targets.link import LinkDown, send_text
from targets.protocol import SYNC_GAP, encode
from targets.relay.policies import ControlLane, MailboxRule
from targets.relay.policies_open import DeliveryOrder

SIZE = 16
UNCOUNTED_MAX = 1024  # answers and calls that wait for a client that does not read: beyond it, it is not reachable


@dataclass(frozen=True)
class Message:
    """One frame to be sent, encoded once for all who get it. `event` is empty for what is no event. A message with a
    `key` replaces an unsent one with the same key."""

    data: bytes
    event: str = ""
    msg: str | None = None
    key: str | None = None


class Mailbox:
    def __init__(self, rule: MailboxRule, lane: ControlLane, order: DeliveryOrder, size: int = SIZE) -> None:
        self._rule, self._lane, self._order, self._size = rule, lane, order, size
        self._queue: deque[Message] = deque()
        self._waiting = 0  # of the queue, those that take room
        self._gap: Message | None = None
        self._lost = 0
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def try_send(self, message: Message) -> bool:
        """False: it was dropped."""
        if self._lane.counts(message.event):
            if not self._rule.room(self._waiting, self._size):
                self._drop(message)
                return False
            self._waiting += 1
        elif message.key is not None and self._lane.replaces:
            self._discard(message.key)
        elif len(self._queue) - self._waiting >= UNCOUNTED_MAX:
            return False
        self._append(message)
        return True

    def reply(self, data: bytes) -> None:
        """An answer to the connection's own frame (registered, an error): never dropped while it reads at all."""
        if len(self._queue) - self._waiting < UNCOUNTED_MAX:
            self._append(Message(data, key="reply"))

    def _append(self, message: Message) -> None:
        self._queue.append(message)
        self._wake.set()

    def _discard(self, key: str) -> None:
        for waiting in self._queue:
            if waiting.key == key:
                self._queue.remove(waiting)
                return

    def _drop(self, message: Message) -> None:
        """A gap stays where the first loss was: what it announces is counted when it is sent."""
        if not self._rule.says_gap or not message.event or self._lane.counts(SYNC_GAP):
            return
        self._lost += 1
        if self._gap is None:
            self._gap = Message(b"", key=SYNC_GAP)
            self._append(self._gap)

    async def write(self, ws: ServerConnection) -> None:
        """Until the socket is closed."""
        try:
            while True:
                if not self._queue:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                await send_text(ws, self._next())
        except LinkDown:
            return

    def _next(self) -> bytes:
        message = self._take()
        if message is not self._gap:
            return message.data
        lost, self._lost, self._gap = self._lost, 0, None
        return encode({"messageType": SYNC_GAP, "payload": {"lost": lost}})

    def _take(self) -> Message:
        at = self._random_of_burst() if self._order.shuffles else 0
        message = self._queue[at]
        del self._queue[at]
        if self._counted(message):
            self._waiting -= 1
        return message

    def _counted(self, message: Message) -> bool:
        return message.key != "reply" and message is not self._gap and self._lane.counts(message.event)

    def _random_of_burst(self) -> int:
        """One of the events at the front with nothing else between them."""
        others = (at for at, message in enumerate(self._queue) if not self._counted(message))
        return random.randrange(max(1, next(others, len(self._queue))))
