"""Answers on the wire: each goes to the connection that asked, and no more of them than were asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from checkers.traffic.merged import slack_of
from harness.history import Header, Tap

_REPLY = "rpc-reply"
_OF_A_JOB = ("rpc:job.get", "rpc:job.cancel", "rpc:job.delete")


@dataclass(frozen=True, slots=True)
class Stray:
    """An answer that the relay should not have sent to `node`."""

    reason: str
    node: str
    corr: str
    tap: Tap


class Answers:
    """Fed all taps in time order. A desktop may answer one request in several parts: what it sent itself is allowed.

    Each tap of a request and of its answer may be stamped late; of two that are apart by less nobody knows the order.
    """

    def __init__(self, header: Header) -> None:
        roles = {name: node.get("role") for name, node in header.nodes.items()}
        relays = [name for name, role in roles.items() if role == "relay"]
        self._from = {f"{n}->{r}": n for n, role in roles.items() if role == "mobile" for r in relays}
        self._to = {f"{r}->{n}": n for n, role in roles.items() if role == "mobile" for r in relays}
        self._from_desktop = {f"{n}->{r}" for n, role in roles.items() if role == "desktop" for r in relays}
        self._to_desktop = {f"{r}->{n}" for n, role in roles.items() if role == "desktop" for r in relays}
        self.forwarded: set[str] = set()
        self.nameless: set[str] = set()  # ids of calls about a job whose id is empty
        self._apart_ns = 2 * slack_of(header)
        self._asked: dict[tuple[str, int, str], list[int]] = {}  # (mobile, connection, id) → when requests arrived
        self._given: dict[tuple[str, int, str], list[Tap]] = {}
        self._sent: dict[str, list[int]] = {}  # id → when desktops sent answers

    def tap(self, tap: Tap) -> None:
        if tap.msg is None or not tap.type.startswith("rpc"):
            return
        if tap.type == _REPLY:
            if tap.side == "in":
                self._reply(tap, tap.msg)
        elif tap.link in self._from:
            if tap.side == "out":
                self._asked.setdefault((self._from[tap.link], tap.conn, tap.msg), []).append(tap.time_ns)
        elif tap.link in self._to_desktop:
            self.forwarded.add(tap.msg)
            if tap.type in _OF_A_JOB and tap.job == "":
                self.nameless.add(tap.msg)

    def _reply(self, tap: Tap, corr: str) -> None:
        if tap.link in self._from_desktop:
            self._sent.setdefault(corr, []).append(tap.time_ns)
        elif (node := self._to.get(tap.link)) is not None:
            self._given.setdefault((node, tap.conn, corr), []).append(tap)

    def strays(self) -> Iterator[Stray]:
        """In time order, once all taps are read."""
        found: list[Stray] = []
        for (node, conn, corr), taps in self._given.items():
            asked, sent = self._asked.get((node, conn, corr), []), self._sent.get(corr, [])
            for given, tap in enumerate(taps, start=1):
                until_ns = tap.time_ns + self._apart_ns
                if not (arrived := bisect_right(asked, until_ns)):
                    found.append(Stray("answer-nobody-asked", node, corr, tap))
                elif given > max(arrived, bisect_right(sent, until_ns)):
                    found.append(Stray("answered-twice", node, corr, tap))
        return iter(sorted(found, key=lambda stray: stray.tap.time_ns))
