"""Whose messages went where: the sender and the receivers of every message that the wire saw."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from harness.history import Header, Tap

_SLACK_S = 1.0  # a connection whose token expired is closed in an orderly way, which takes a moment
_GAP = "sync:gap"  # its name is only how many events were dropped
_RPC = "rpc"  # of `rpc:<method>` and `rpc-reply`: their name is the correlation id

_Name = tuple[str, str | None, str]  # type, job, the message's own name


@dataclass(frozen=True, slots=True)
class Stray:
    """A message that should not have been where it was seen. `sender`: the node that sent it first, if known.
    `born_ns`: since when its connection had stood that was good for `allowed_ns`."""

    reason: str
    tap: Tap
    node: str
    sender: str | None
    what: str
    born_ns: int | None = None
    allowed_ns: int = 0


class Traffic:
    """Fed all taps in time order. `strays` come out in that order."""

    def __init__(self, header: Header) -> None:
        nodes = header.nodes
        self.relays = {name for name, node in nodes.items() if node.get("role") == "relay"}
        self.users = {name: str(node.get("user")) for name, node in nodes.items() if name not in self.relays}
        self.strays: list[Stray] = []
        self.judged_ns = array("q")  # when each message that was judged arrived
        self._roles = {name: node.get("role") for name, node in nodes.items()}
        self._devices = {name: str(node.get("device_id") or name).lower() for name, node in nodes.items()}
        self._owners: dict[str, set[str]] = {}  # device id → users that have it
        for name, user in self.users.items():
            self._owners.setdefault(self._devices[name], set()).add(user)
        self._life_ns = {name: life for name, node in nodes.items() if (life := _ns(node.get("token_life_s")))}
        self._slack_ns = round((_SLACK_S + 2 * header.timing.get("close_s", 0.0)) * 1e9)
        self._born: dict[tuple[str, int], int] = {}  # (client, connection) → its first message
        self._senders: dict[_Name, list[str]] = {}
        self._callers: dict[str, list[str]] = {}  # correlation id → who called by it
        self._ends: dict[str, tuple[str, bool]] = {}  # link → (client, does it send?)

    def tap(self, tap: Tap) -> None:
        client, sends = self._ends.get(tap.link) or self._of(tap.link)
        if not client:
            return
        if sends:
            if tap.side == "in":
                self._sent(tap, client)
        elif tap.side == "out":
            self._delivered(tap, client)
        elif client in self._life_ns:
            self._handed(tap, client)

    def _of(self, link: str) -> tuple[str, bool]:
        a, _, b = link.partition("->")
        found = (a, True) if b in self.relays and a in self.users else (b, False)
        if found[0] not in self.users or (not found[1] and a not in self.relays):
            found = ("", False)
        self._ends[link] = found
        return found

    def _sent(self, tap: Tap, client: str) -> None:
        if client in self._life_ns:
            self._born.setdefault((client, tap.conn), tap.time_ns)
        if tap.msg is None:
            return
        if tap.type.startswith(_RPC):
            if tap.type != "rpc-reply":
                _put(self._callers, tap.msg, client)
        else:
            _put(self._senders, (tap.type, tap.job, tap.msg), client)

    def _delivered(self, tap: Tap, client: str) -> None:
        self.judged_ns.append(tap.time_ns)
        user = self.users[client]
        if tap.type.startswith(_RPC):
            callers = self._callers.get(tap.msg or "")
            if callers and user not in {self.users[c] for c in callers}:
                self._stray("foreign-user", tap, client, callers[0], "a call" if tap.type != "rpc-reply" else "a reply")
            return
        named = tap.msg is not None and (tap.job is not None or tap.source is None)  # heads of two stores may agree
        named = named and tap.type != _GAP
        senders = self._senders.get((tap.type, tap.job, tap.msg or "")) if named else None
        if senders:
            self._from(senders, tap, client)
        elif tap.source is not None:
            self._said_from(tap.source, tap, client)

    def _from(self, senders: list[str], tap: Tap, client: str) -> None:
        first = senders[0]
        if self.users[client] not in {self.users[s] for s in senders}:
            self._stray("foreign-user", tap, client, first, tap.type)
        elif first == client:
            self._stray("echo", tap, client, first, tap.type)
        elif self._roles.get(first) != "desktop" and tap.type.startswith(("job:", "sync:")):
            self._stray("not-a-desktop", tap, client, first, tap.type)

    def _said_from(self, source: str, tap: Tap, client: str) -> None:
        owners = self._owners.get(source)
        if owners and self.users[client] not in owners:
            self._stray("foreign-user", tap, client, None, tap.type)
        elif self._devices[client] == source:
            self._stray("echo", tap, client, None, tap.type)

    def _handed(self, tap: Tap, client: str) -> None:
        born_ns = self._born.get((client, tap.conn))
        if born_ns is None or not tap.type.startswith(("job:", "sync:", "presence", _RPC)):
            return
        if tap.time_ns > born_ns + self._life_ns[client] + self._slack_ns:
            self._stray("expired-token", tap, client, None, tap.type, born_ns)

    def _stray(
        self, reason: str, tap: Tap, node: str, sender: str | None, what: str, born_ns: int | None = None
    ) -> None:
        named = next((name for name, device in self._devices.items() if device == tap.source), f"device {tap.source}")
        whose = f" of {sender}" if sender is not None else f" of {named}" if tap.source else ""
        about = f"{what}{f' (job {tap.job})' if tap.job else ''}{whose}"
        said = {
            "foreign-user": f"{about} was delivered to {node}, a device of another user",
            "echo": f"{about} came back to it",
            "not-a-desktop": f"{about}, which is no desktop, was delivered to {node}",
            "expired-token": f"{about} was sent to {node} on a connection whose token had expired",
        }
        allowed_ns = self._life_ns.get(node, 0)
        self.strays.append(Stray(reason, tap, node, sender, said[reason], born_ns, allowed_ns))


def _put(names: dict[Any, list[str]], name: Any, client: str) -> None:
    known = names.setdefault(name, [])
    if client not in known:
        known.append(client)


def _ns(life_s: object) -> int:
    """A token's life in ns; 0 for none that can be read."""
    try:
        return max(0, round(float(str(life_s)) * 1e9)) if life_s else 0
    except (ValueError, OverflowError):
        return 0
