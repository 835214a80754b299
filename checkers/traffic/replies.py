"""Answers to calls as the wire delivered them: when, and over which connection."""

from __future__ import annotations

from bisect import bisect_right

from harness.history import Header, Tap

REGISTERED = ("registered", "resumed")


class Replies:
    """Fed all taps in time order."""

    def __init__(self, header: Header) -> None:
        roles = {name: node.get("role") for name, node in header.nodes.items()}
        relays = [name for name, role in roles.items() if role == "relay"]
        mobiles = [name for name, role in roles.items() if role == "mobile"]
        self._down = {f"{r}->{m}": m for m in mobiles for r in relays}
        self._up = {f"{m}->{r}": m for m in mobiles for r in relays}
        self._delivered: dict[tuple[str, str], list[tuple[int, int]]] = {}  # (mobile, id) → (time, connection)
        self._arrivals: dict[str, list[int]] = {}  # node → when anything came
        self._sessions: dict[str, list[tuple[int, int]]] = {}  # mobile → (time of its registration, connection)
        self.sent: set[tuple[str, str]] = set()  # (mobile, id) of calls that entered the wire

    def tap(self, tap: Tap) -> None:
        if tap.side == "out" and (there := self._down.get(tap.link)):
            self._arrivals.setdefault(there, []).append(tap.time_ns)
        if not tap.type.startswith(("rpc", "re")):
            return
        if tap.side == "in":
            if tap.msg is not None and tap.type.startswith("rpc:") and (node := self._up.get(tap.link)):
                self.sent.add((node, tap.msg))
        elif node := self._down.get(tap.link):
            if tap.type == "rpc-reply" and tap.msg is not None:
                self._delivered.setdefault((node, tap.msg), []).append((tap.time_ns, tap.conn))
            elif tap.type in REGISTERED:
                self._sessions.setdefault(node, []).append((tap.time_ns, tap.conn))

    def first_ns(self, node: str, corr: str, since_ns: int) -> int | None:
        """When an answer was first delivered, from `since_ns` on."""
        return next((time_ns for time_ns, _ in self._delivered.get((node, corr), ()) if time_ns >= since_ns), None)

    def hears(self, node: str, since_ns: int, until_ns: int) -> bool:
        """Was anything delivered to it in that time?"""
        arrivals = self._arrivals.get(node, [])
        at = bisect_right(arrivals, since_ns)
        return at < len(arrivals) and arrivals[at] <= until_ns

    def heard_ns(self, node: str, corr: str, since_ns: int) -> int | None:
        """The same, over the connection on which the mobile listened then."""
        for time_ns, conn in self._delivered.get((node, corr), ()):
            if time_ns >= since_ns and conn == self._listens_to(node, time_ns):
                return time_ns
        return None

    def _listens_to(self, node: str, time_ns: int) -> int | None:
        sessions = self._sessions.get(node, [])
        at = bisect_right(sessions, time_ns, key=lambda session: session[0])
        return sessions[at - 1][1] if at else None
