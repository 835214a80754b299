"""Who is connected: the two-level map `user_id → device_id → connection`, and broadcasts over it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection

from targets import protocol
from targets.link import hang_up
from targets.policy import Policies
from targets.probe import Journal
from targets.protocol import PRESENCE, encode
from targets.relay import policies as at
from targets.relay.mailbox import Mailbox, Message
from targets.relay.policies_open import ABSENT


class Socket(ServerConnection):
    """An accepted socket: whose it is, and when its last bytes came in (loop time, seconds)."""

    last_bytes_s = 0.0
    last_frame_s = 0.0  # nobody asks: clients send heartbeats
    user = ""
    device = ""  # as the upgrade said; may be empty
    client_type = ""
    exp_s = 0.0  # of its token, Unix seconds
    accepted = 0  # the how-manieth socket of this relay

    def data_received(self, data: bytes) -> None:
        self.last_bytes_s = self.loop.time()
        super().data_received(data)


@dataclass(eq=False)
class Connection:
    """One socket's life in the relay. `device` is set by its registration."""

    ws: Socket
    mailbox: Mailbox
    number: int  # of the accepted socket
    user: str
    client_type: str
    device: str = ""
    device_name: str = ""
    session: str = ""
    registered: bool = False
    gone: bool = False
    epoch: int = 0
    forwarded: set[str] = field(default_factory=set)  # ids of calls that left for a desktop
    refused: set[str] = field(default_factory=set)  # ids of calls the relay answered itself

    def post(self, frame: protocol.Frame) -> None:
        self.mailbox.reply(encode(frame))


class ConnectionManager:
    def __init__(self, policies: Policies, journal: Journal, epoch: int = 0) -> None:
        """`epoch`: where the counter of comings and goings begins."""
        self._policies, self._journal = policies, journal
        self._users: dict[str, dict[str, Connection]] = {}
        self._heads: dict[str, dict[str, Message]] = {}  # user → desktop → its latest head
        self._absent: dict[str, dict[str, deque[Message]]] = {}  # user → device that went → what it missed
        self._boot = protocol.new_id()
        self._epoch = epoch
        self._closing: set[asyncio.Task[None]] = set()

    def get(self, user: str, device: str) -> Connection | None:
        return self._users.get(user, {}).get(device)

    def by_number(self, user: str, number: int) -> Connection | None:
        return next((c for c in self._users.get(user, {}).values() if c.number == number), None)

    def all(self) -> Iterator[Connection]:
        return (connection for devices in self._users.values() for connection in devices.values())

    def snapshot(self) -> dict[str, Any]:
        return {user: {d: c.number for d, c in devices.items()} for user, devices in self._users.items()}

    # Coming and going ------------------------------------------------------------------------------------------------

    def add(self, newcomer: Connection) -> tuple[bool, Connection | None]:
        """Enter a registration into the map: whether it was, and whom it replaced."""
        devices = self._users.setdefault(newcomer.user, {})
        current = devices.get(newcomer.device)
        if current is not None and not self._policies[at.SUCCESSION].wins(newcomer.number, current.number):
            return False, None
        devices[newcomer.device] = newcomer
        newcomer.registered = True
        self._note(newcomer, "registered")
        if current is not None:
            self.retire(current)
        return True, current

    def retire(self, connection: Connection) -> None:
        """Its device has a newer connection: it is neither read nor written any more."""
        self._note(connection, "replaced")
        connection.gone = True
        task = asyncio.create_task(hang_up(connection.ws, protocol.CLOSE_REPLACED, "replaced by a newer connection"))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def remove(self, leaving: Connection) -> None:
        """Clean up after a socket that is closed."""
        leaving.gone = True
        if not leaving.registered:
            return
        self._note(leaving, "closed")
        devices = self._users.get(leaving.user, {})
        if self._policies[at.IDENTITY].removes(devices.get(leaving.device), leaving):
            del devices[leaving.device]
            if not devices:
                self._users.pop(leaving.user, None)
            if kept := self._policies[ABSENT].kept:
                self._absent.setdefault(leaving.user, {})[leaving.device] = deque(maxlen=kept)
            self._announce(leaving, online=False)

    def greet(self, newcomer: Connection) -> None:
        """After `registered`: tell the others, then tell the newcomer who is there and how far they are."""
        for message in self._absent.get(newcomer.user, {}).pop(newcomer.device, ()):
            newcomer.mailbox.try_send(message)
        self._announce(newcomer, online=True)
        if self._policies[at.PRESENCE_NOTICES].enabled:
            for other in self._users[newcomer.user].values():
                if other is not newcomer:
                    newcomer.mailbox.try_send(self._presence(other, online=True))
        for device, head in self._heads.get(newcomer.user, {}).items():
            if device != newcomer.device:
                newcomer.mailbox.try_send(head)

    def _announce(self, connection: Connection, online: bool) -> None:
        self._epoch += 1
        connection.epoch = self._epoch
        if self._policies[at.PRESENCE_NOTICES].enabled:
            self.broadcast_to_user_excluding(connection.user, self._presence(connection, online), connection.device)

    def _presence(self, connection: Connection, online: bool) -> Message:
        device = connection.device
        payload = {"deviceId": device, "online": online, "boot": self._boot, "epoch": connection.epoch}
        return Message(encode({"messageType": PRESENCE, "payload": payload}), PRESENCE, key=f"presence:{device}")

    # Events ----------------------------------------------------------------------------------------------------------

    def broadcast_to_user_excluding(self, user_id: str, message: Message, exclude_device_id: str | None) -> int:
        """To every device of the user but one; how many mailboxes took it."""
        delivered = 0
        for device, connection in self._users.get(user_id, {}).items():
            if device == exclude_device_id:
                continue
            if connection.mailbox.try_send(message):
                delivered += 1
            else:
                self._journal("drop", device=device, event=message.event, msg=message.msg)
        if message.event.startswith("job:"):
            for device, missed in self._absent.get(user_id, {}).items():
                if device != exclude_device_id:
                    missed.append(message)
        return delivered

    def keep_head(self, source: Connection, head: Message) -> None:
        if self._policies[at.KEPT_HEADS].enabled:
            self._heads.setdefault(source.user, {})[source.device] = head

    def _note(self, connection: Connection, state: str) -> None:
        self._journal("conn", device=connection.device, state=state, conn=connection.number)
