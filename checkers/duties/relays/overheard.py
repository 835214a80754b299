"""What a relay owes that journals nothing: read from the wire alone, and told only where the wire proves it.

The proof is always an overtaking. Of one desktop's connection TCP keeps the order, and a mailbox is a queue: what the
relay took later from that connection, and handed to a mobile that had been registered all the while, shows that it had
what came before, and left it out. What waits behind a slow link, or is lost with a connection, proves nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from checkers.traffic.bounds import Bounds
from harness.history import Header, Tap

_MOST = 1000  # events that wait for a mobile and are remembered: enough to prove that one never left
LEVEL = 2  # from here on a relay journals what it does

_GAP = "dropped {what} (job {job}), took later ones of {about} and handed them to {to}, and announced no gap"
_PRESENCE = "handed {what} of {about} to {to} and had not said that {about} is online"
_HEAD = "handed {what} to {to}, newly registered, and not the latest head of {about} before it"


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What was left out. `msg`: the event's own name, for a gap. `calm`: it is proved only if no fault was under way
    at the mobile from `since_ns` to `until_ns`."""

    reason: str
    node: str
    about: str
    since_ns: int
    until_ns: int
    message: str
    msg: str | None = None
    calm: bool = False


@dataclass(slots=True)
class _Event:
    tap: Tap
    desktop: str
    conn: int
    passed_ns: int = 0  # when a later event of that connection left for this mobile
    head_ns: int = 0  # when a later head of it did


@dataclass(slots=True)
class _Line:
    """The relay's connection to one client."""

    conn: int
    since_ns: int
    waiting: dict[str, _Event] = field(default_factory=dict)  # events that arrived and have not left for it
    told: set[tuple[str, str]] = field(default_factory=set)  # (presence or head, desktop)
    owed: dict[tuple[str, str], int] = field(default_factory=dict)  # the same → since when


class Overheard:
    """Fed all taps in time order; then `unsaid` is complete."""

    def __init__(self, header: Header, bounds: Bounds) -> None:
        nodes = header.nodes
        self._bounds = bounds
        self._relay = next((name for name, node in nodes.items() if node.get("role") == "relay"), "relay")
        self._users = {name: node.get("user") for name, node in nodes.items()}
        self._roles = {name: node.get("role") for name, node in nodes.items()}
        devices = Counter(str(node.get("device_id") or name).lower() for name, node in nodes.items())
        self._nodes = {
            device: name
            for name, node in nodes.items()
            if devices[device := str(node.get("device_id") or name).lower()] == 1
        }
        self._lines: dict[str, _Line] = {}
        self._first: dict[tuple[str, int, str], int] = {}  # (desktop, connection, name) → its first arrival
        self._headed: set[tuple[str, int]] = set()  # (desktop, connection): a head of it arrived
        self._online_ns: dict[tuple[str, str], int] = {}  # (mobile, desktop) → when it was last said to be online
        self._found: list[Unsaid] = []
        self.told: Counter[str] = Counter()

    def unsaid(self) -> list[Unsaid]:
        for node in self._lines:
            self._close(node)
        return sorted(self._found, key=lambda each: each.until_ns)

    def tap(self, tap: Tap) -> None:
        source, _, target = tap.link.partition("->")
        if target == self._relay and tap.side == "out" and self._roles.get(source) == "desktop":
            self._arrives(source, tap)
        elif source == self._relay and tap.side == "in" and target in self._users:
            if tap.type in ("registered", "resumed"):
                self._registers(target, tap)
            elif (line := self._lines.get(target)) is not None and line.conn == tap.conn:
                self._leaves(target, line, tap)

    # ---- to the relay -----------------------------------------------------------------------------------------------

    def _arrives(self, desktop: str, tap: Tap) -> None:
        line = self._lines.get(desktop)
        if line is None or line.conn != tap.conn or tap.msg is None:
            return
        name = (desktop, tap.conn, tap.msg)
        if tap.type == "sync:head":
            self._first.setdefault(name, tap.time_ns)
            self._headed.add((desktop, tap.conn))
        elif tap.type.startswith("job:") and name not in self._first:
            self._first[name] = tap.time_ns
            for node, other in self._lines.items():
                mine = self._roles[node] == "mobile" and self._users[node] == self._users[desktop]
                if mine and len(other.waiting) < _MOST:
                    other.waiting[tap.msg] = _Event(tap, desktop, tap.conn)

    # ---- from the relay ---------------------------------------------------------------------------------------------

    def _registers(self, node: str, tap: Tap) -> None:
        known = self._lines.get(node)
        if known is not None and known.conn == tap.conn:
            return
        self._close(node)
        mine = self._lines[node] = _Line(tap.conn, tap.time_ns)
        for other, line in self._lines.items():
            if other == node or self._users[other] != self._users[node]:
                continue
            if (self._roles[node], self._roles[other]) == ("mobile", "desktop"):
                mine.owed["presence", other] = tap.time_ns
                if (other, line.conn) in self._headed:
                    mine.owed["head", other] = tap.time_ns
            elif (self._roles[node], self._roles[other]) == ("desktop", "mobile"):
                line.told.discard(("presence", node))
                if self._online_ns.get((other, node), -1) < tap.time_ns - self._bounds.event_ns:
                    line.owed["presence", node] = tap.time_ns

    def _leaves(self, node: str, line: _Line, tap: Tap) -> None:
        source = self._nodes.get(tap.source or "")
        if tap.type == "sync:gap":
            line.waiting.clear()
        elif tap.type == "presence" and source is not None:
            if (tap.msg or "").startswith("online"):
                self._online_ns[node, source] = tap.time_ns
                self._tells(line, ("presence", source))
            else:
                line.owed.pop(("presence", source), None)
                line.owed.pop(("head", source), None)
        elif source is not None and tap.msg is not None and self._roles.get(source) == "desktop":
            if tap.type == "sync:head":
                self._tells(line, ("head", source))
            if tap.type == "sync:head" or tap.type.startswith("job:"):
                self._passes(node, line, source, tap)

    def _tells(self, line: _Line, what: tuple[str, str]) -> None:
        line.told.add(what)
        self.told[what[0]] += line.owed.pop(what, None) is not None

    def _passes(self, node: str, line: _Line, desktop: str, tap: Tap) -> None:
        assert tap.msg is not None
        line.waiting.pop(tap.msg, None)
        desk = self._lines.get(desktop)
        took_ns = self._first.get((desktop, desk.conn, tap.msg)) if desk is not None else None
        if desk is None or took_ns is None:
            return
        for event in line.waiting.values():
            if (event.desktop, event.conn) == (desktop, desk.conn) and event.tap.time_ns < took_ns:
                if tap.type == "sync:head":
                    event.head_ns = tap.time_ns
                else:
                    event.passed_ns = tap.time_ns
        for what in ("presence", "head"):
            since_ns = line.owed.get((what, desktop))
            late = since_ns is not None and took_ns > since_ns and tap.time_ns > since_ns + self._bounds.event_ns
            if since_ns is not None and late and (what, desktop) not in line.told:
                del line.owed[what, desktop]
                said = (_PRESENCE if what == "presence" else _HEAD).format(what=tap.type, about=desktop, to=node)
                self._found.append(Unsaid(f"untold-{what}", node, desktop, since_ns, tap.time_ns, said, tap.msg))

    def _close(self, node: str) -> None:
        """The connection that it had is over: what did not leave on it never will."""
        line = self._lines.get(node)
        for event in line.waiting.values() if line is not None else ():
            tap = event.tap
            passed = event.passed_ns >= tap.time_ns + self._bounds.event_ns
            if passed or event.head_ns >= tap.time_ns + self._bounds.dead_peer_ns:
                until_ns = event.passed_ns if passed else event.head_ns
                said = _GAP.format(what=tap.type, job=tap.job, about=event.desktop, to=node)
                found = Unsaid("untold-gap", node, event.desktop, tap.time_ns, until_ns, said, tap.msg, not passed)
                self._found.append(found)
                break  # one of a connection says it
        if line is not None:
            line.waiting.clear()
