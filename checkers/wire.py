"""The wire itself: every frame is one that its receiver knows, in its time, and once.

Who is well-behaved is a client that shows all of itself (L2): what a stranger provokes is his own affair. An event may
be of any type, since the relay passes on what devices of one user tell each other; all other frames are the protocol's.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.duties.clients.heartbeats import Heartbeats
from checkers.duties.relays.gaps import GAP, Gaps
from checkers.duties.relays.ordering import Ordering
from checkers.duties.relays.presences import PRESENCE, Presences
from checkers.past.ledger import Reader
from checkers.past.phases import Counted
from checkers.traffic.merged import hardened_nodes, ns, slack_of
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import did
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult

_REGISTERED = ("registered", "resumed")
_FROM_RELAY = frozenset({*_REGISTERED, "error", "rpc-reply", "sync:gap", "sync:head", "presence", "heartbeat", ""})
_EVENTS = ("job:", "rpc:", "sync:")
_NO_STORE = "None/"  # how the name of such a head begins


class _Wire:
    NAME = "wire"
    GUARANTEE = (
        "Every frame is one that its receiver knows, clients send heartbeats, and nothing before their registration, "
        "a head says of which store it tells, an event leaves its sender once and the relay in the order in which it "
        "came, a gap tells how many were dropped, a count of presence goes on, and nobody "
        "who behaves well is answered by a protocol error."
    )
    NEEDS = Level.L0
    FEEDS: frozenset[str] | None = frozenset({"commit", "link", "final"})
    REASONS: Mapping[str, str] = {
        "unknown-frame": "The relay sent a frame of a type that no client knows.",
        "error-frame": "The relay answered a well-behaved client by a protocol error.",
        "nameless-head": "A head did not say of which store it tells, without which its revision means nothing.",
        "before-registered": "A client sent something on a connection before it was registered there.",
        "no-heartbeat": "A client spoke steadily and sent no heartbeat.",
        "sent-twice": "A sender sent one event twice over one connection.",
        "reordered": "The relay handed on events of one connection in another order than they came.",
        "gap-understated": "A gap told of fewer events than the relay had dropped.",
        "presence-back": "The relay told of a device that came back with a count that had not grown.",
    }
    EXAMPLE = "wire"
    ANOMALY = "m:up wire:r>m[type=relayResponse] m:final"
    INNOCENT = "m:up wire:r>m[type=rpc-reply] m:final"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Wire()


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._findings = Findings(CHECKER.NAME)
        self._relays = {name for name, node in header.nodes.items() if node.get("role") == "relay"}
        self._hardened = hardened_nodes(header)
        levels = {name: node.get("level") for name, node in header.nodes.items() if name not in self._relays}
        self._known = {name for name, level in levels.items() if isinstance(level, int) and level >= Level.L2}
        self._devices = {
            str(node.get("device_id")): name for name, node in header.nodes.items() if node.get("device_id")
        }
        self._apart_ns = 2 * slack_of(header)  # of two taps that are stamped less apart nobody knows the order
        self._registered: dict[tuple[str, int], int] = {}  # (client, connection) → since when
        self._sent: set[tuple[str, int, str, str]] = set()  # link, connection, type, message
        self._arrived: dict[tuple[str, str], list[int]] = {}  # (type, message) → when it came to the relay
        self._left: Counter[tuple[str, int, str, str]] = Counter()
        self._strays: deque[tuple[Callable[[], bool], str, Tap, str, str]] = (
            deque()
        )  # is it one, reason, tap, client, what
        self._ordering = Ordering(header)
        self._gaps, self._presences = Gaps(header), Presences(header)
        self._desktops = {name for name in self._known if header.nodes[name].get("role") == "desktop"}
        self._heartbeats = Heartbeats(ns(header, "heartbeat_s"), slack_of(header))
        self._last: Op | None = None
        self._judged = array("q")  # when

    # ---- the wire ---------------------------------------------------------------------------------------------------

    def tap(self, tap: Tap) -> None:
        source, _, sink = tap.link.partition("->")
        if sink in self._relays:
            self._upstream(tap, source)
        elif source in self._relays and sink in self._known:
            self._downstream(tap, sink)

    def _upstream(self, tap: Tap, client: str) -> None:
        event = tap.msg is not None and tap.type.startswith("job:")
        if tap.side == "out":
            self._heartbeats.left(tap)
            if event:
                self._arrived.setdefault((tap.type, str(tap.msg)), []).append(tap.time_ns)
                self._ordering.came(tap)
                if client in self._desktops:
                    self._gaps.came(tap)
            return
        if client not in self._known or not self._hardened.get(client):
            return
        self._judged.append(tap.time_ns)
        if tap.type != "register" and (client, tap.conn) not in self._registered:
            what = f"{client} sent {_name(tap)} before it was registered"
            self._stray("before-registered", tap, client, what, lambda: self._is_too_early(client, tap))
        if tap.type == "sync:head" and (tap.msg or "").startswith(_NO_STORE):
            self._stray("nameless-head", tap, client, f"{client} sent a head that names no store")
        if self._heartbeats.is_missing(tap):
            self._stray("no-heartbeat", tap, client, f"{client} spoke steadily and had sent no heartbeat for long")
        if event:
            key = (tap.link, tap.conn, tap.type, str(tap.msg))
            if key in self._sent:
                self._stray("sent-twice", tap, client, f"{client} sent {_name(tap)} a second time")
            self._sent.add(key)

    def _downstream(self, tap: Tap, client: str) -> None:
        if tap.side == "out":
            if tap.type in _REGISTERED:
                self._registered.setdefault((client, tap.conn), tap.time_ns)
            return
        self._judged.append(tap.time_ns)
        if tap.type == "error":
            self._stray("error-frame", tap, client, f"the relay answered {client} by an error")
        elif tap.type not in _FROM_RELAY and not tap.type.startswith(_EVENTS) and tap.source is None:
            self._stray("unknown-frame", tap, client, f"the relay sent {client} a frame of the type “{tap.type[:64]}”")
        elif tap.type in _REGISTERED:
            self._gaps.registered(tap)
        elif tap.type == GAP:
            self._untrue(tap, client, self._gaps.told(tap))
        elif tap.type == PRESENCE:
            if (said := self._presences.left(tap)) is not None:
                self._stray(
                    "presence-back", tap, client, f"the relay had told {client} that {self._who(tap)} is {said}"
                )
        elif tap.msg is not None and tap.type.startswith("job:"):
            self._untrue(tap, client, self._gaps.left(tap))
            key = (tap.link, tap.conn, tap.type, tap.msg)
            self._left[key] += 1
            times, left = self._arrived.setdefault((tap.type, tap.msg), []), self._left[key]
            if left > max(1, len(times)):
                what = f"the relay sent {client} {_name(tap)} a second time"
                until_ns = tap.time_ns + self._apart_ns
                self._stray("sent-twice", tap, client, what, lambda: left > max(1, self._come_by(times, until_ns)))
            elif self._ordering.is_late(tap):
                what = f"the relay sent {client} {_name(tap)} after one that had come later"
                self._stray("reordered", tap, client, what)

    def _untrue(self, tap: Tap, client: str, said: str | None) -> None:
        if said is not None:
            self._stray("gap-understated", tap, client, f"the relay had told {client} {said}")

    def _who(self, tap: Tap) -> str:
        """The client that a presence is about."""
        return self._devices.get(str(tap.source), "a device")

    def _is_too_early(self, client: str, tap: Tap) -> bool:
        since_ns = self._registered.get((client, tap.conn))
        return since_ns is None or not self._apart_ns or since_ns > tap.time_ns + self._apart_ns

    def _come_by(self, times: list[int], until_ns: int) -> int:
        return bisect_right(times, until_ns) if self._apart_ns else 0

    def _stray(self, reason: str, tap: Tap, client: str, what: str, stands: Callable[[], bool] = lambda: True) -> None:
        """`stands` is asked when all taps are read."""
        self._strays.append((stands, reason, tap, client, what))

    # ---- findings ---------------------------------------------------------------------------------------------------

    def feed(self, op: Op) -> None:
        """What went astray is told with the op before it."""
        self._settle(op.time_ns)
        self._last = op

    def _settle(self, until_ns: int | None) -> None:
        strays = self._strays
        while strays and self._last is not None and (until_ns is None or strays[0][2].time_ns < until_ns):
            stands, reason, tap, client, what = strays.popleft()
            if stands():
                self._add(self._last, reason, tap, client, what)

    def _add(self, op: Op, reason: str, tap: Tap, client: str, what: str) -> None:
        message = f"{what} at {self.ledger.at(tap.time_ns)}"
        details = {
            "node": client,
            "link": tap.link,
            "message": tap.msg,
            "story": told([(op, did(op)), (tap, message)]),
        }
        self._findings.add(reason, op, [op], lambda: Story(message, details))

    def finish(self) -> CheckResult:
        self._settle(None)
        counted = Counted("messages", "no message of a well-known client was seen on a wire")
        for time_ns in self._judged:
            counted.add(self.ledger.phases.at(time_ns))
        judged = {"messages": counted.total, "wire": "judged" if self.ledger.tapped else "not judged: no taps"}
        return self._findings.result(judged, counted)


def _name(tap: Tap) -> str:
    return f"{tap.type or 'what nobody can read'}{f' of job {tap.job}' if tap.job else ''}"
