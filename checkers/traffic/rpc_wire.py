"""Answers on the wire: each goes to the connection that asked, and no more of them than were asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from harness.history import Header, Tap

_REPLY = "rpc-reply"


@dataclass(frozen=True, slots=True)
class Stray:
    """An answer that the relay should not have sent to `node`."""

    reason: str
    node: str
    corr: str
    tap: Tap


class Answers:
    """Fed all taps in time order. A desktop may answer one request in several parts: what it sent itself is allowed."""

    def __init__(self, header: Header) -> None:
        roles = {name: node.get("role") for name, node in header.nodes.items()}
        relays = [name for name, role in roles.items() if role == "relay"]
        self._from = {f"{n}->{r}": n for n, role in roles.items() if role == "mobile" for r in relays}
        self._to = {f"{r}->{n}": n for n, role in roles.items() if role == "mobile" for r in relays}
        self._from_desktop = {f"{n}->{r}" for n, role in roles.items() if role == "desktop" for r in relays}
        self._to_desktop = {f"{r}->{n}" for n, role in roles.items() if role == "desktop" for r in relays}
        self.strays: list[Stray] = []
        self.forwarded: set[str] = set()
        self._asked: Counter[tuple[str, int, str]] = Counter()  # (mobile, connection, id) → requests that arrived
        self._given: Counter[tuple[str, int, str]] = Counter()
        self._sent: Counter[str] = Counter()  # id → answers that desktops sent

    def tap(self, tap: Tap) -> None:
        if tap.msg is None or not tap.type.startswith("rpc"):
            return
        if tap.type == _REPLY:
            if tap.side == "in":
                self._reply(tap, tap.msg)
        elif tap.link in self._from:
            if tap.side == "out":
                self._asked[self._from[tap.link], tap.conn, tap.msg] += 1
        elif tap.link in self._to_desktop:
            self.forwarded.add(tap.msg)

    def _reply(self, tap: Tap, corr: str) -> None:
        if tap.link in self._from_desktop:
            self._sent[corr] += 1
            return
        node = self._to.get(tap.link)
        if node is None:
            return
        key = (node, tap.conn, corr)
        self._given[key] += 1
        if not self._asked[key]:
            self.strays.append(Stray("answer-nobody-asked", node, corr, tap))
        elif self._given[key] > max(self._asked[key], self._sent[corr]):
            self.strays.append(Stray("answered-twice", node, corr, tap))
