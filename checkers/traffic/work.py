"""Where work passed, and when: what makes a fault worth surviving.

A link that carries only heartbeats, pings and registrations shows nothing when it is cut. Work is what somebody asked
for and would miss: a user's call, a commit on its way to the mobiles that mirror its desktop, what a replica shows
anew.
A call that a mobile answers from its own memory passes no link, unless it fails; a commit whose event is not handed to
the link at once is on its way until its desktop is registered again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import ClassVar

from checkers import Hears
from checkers.past.ledger import Reader, active_desktop, message_of
from checkers.traffic.bounds import Bounds
from harness.history import Header, Op, Tap

CALLS_OF_DESKTOPS = frozenset(
    (
        *("create", "status", "chunk", "progress", "tokens", "cost", "metadata", "error", "finalize", "delete"),
        "retry",
    )
)
CALLS_OF_MOBILES = frozenset(("open", "list", "get", "cancel", "delete", "switch", "foreground"))
_SCREENS = ("open", "switch", "foreground")  # they return at once, and a list is asked for
_AGAIN = "/again"  # the user who opens the screen of a restarted mobile as it was: part of the recovery
_NEVER_NS = 1 << 62
_UNKNOWN_NS = 60_000_000_000  # after a heal, in a history that does not say its timers


class Work(Reader):
    """Fed the taps of `HEARS`, then the ops of `FEEDS`, each in time order."""

    HEARS: ClassVar[Hears] = {"in": ("job:", "rpc:"), "out": ("job:", "registered", "resumed")}
    FEEDS = CALLS_OF_DESKTOPS | CALLS_OF_MOBILES | {"commit", "observe", "link"}

    def __init__(self, header: Header, bounds: Bounds | None) -> None:
        self._bounds = bounds
        roles = {name: node.get("role") for name, node in header.nodes.items()}
        self._clients = [name for name, role in roles.items() if role in ("desktop", "mobile")]
        self._mirrors: dict[str, list[str]] = {name: [] for name in self._clients}  # desktop → its mobiles
        self._desktops: dict[str, str] = {}
        for name in self._clients:
            desktop = active_desktop(header, name) if roles[name] == "mobile" else None
            if desktop in self._mirrors:
                self._mirrors[desktop].append(name)
                self._desktops[name] = desktop
        self._moments = {name: array("q") for name in self._clients}  # when work passed, or would have
        self._asked = {name: array("q") for name in self._clients}  # calls of a mobile that the wire saw
        self._handed: dict[str, dict[str, array[int]]] = {name: {} for name in self._clients}  # job → its events
        self._commits: list[Op] = []
        self._registered = {name: array("q") for name in self._clients}
        self._spans: dict[str, list[tuple[int, int]]] = {name: [] for name in self._clients}  # calls: begun, returned
        self._calls: dict[str, Op] = {}

    # ---- reading ----------------------------------------------------------------------------------------------------

    def tap(self, tap: Tap) -> None:
        source, _, sink = tap.link.partition("->")
        if tap.type.startswith("job:"):
            self._passes(tap.time_ns, (source, sink))
            if tap.side == "in" and source in self._handed and tap.job is not None:
                self._handed[source].setdefault(tap.job, array("q")).append(tap.time_ns)
        elif tap.type.startswith("rpc:") and tap.side == "in" and source in self._asked:
            self._asked[source].append(tap.time_ns)
        elif tap.type in ("registered", "resumed") and tap.side == "out" and sink in self._registered:
            self._registered[sink].append(tap.time_ns)

    def op(self, op: Op) -> None:
        node = op.node or ""
        if node not in self._moments:
            return
        if op.f == "commit":
            self._passes(op.time_ns, (node, *self._mirrors[node]))
            if op.type == "ok":
                self._commits.append(op)
        elif op.f == "observe":
            if op.job is not None and message_of(op.cause) is not None:
                self._passes(op.time_ns, (node,))
        elif op.f == "link":
            if isinstance(op.value, dict) and op.value.get("state") == "registered":
                self._registered[node].append(op.time_ns)
        elif op.type == "invoke":
            self._calls[op.process] = op
        elif (begun := self._calls.pop(op.process, None)) is not None:
            self._returned(node, begun, op)

    def close(self) -> None:
        """Calls that never returned were under way to the end."""
        for begun in self._calls.values():
            self._returned(begun.node or "", begun, None)
        for times in (*self._moments.values(), *self._registered.values()):
            times[:] = array("q", sorted(times))
        if self.ledger.tapped and self._bounds is not None:
            for op in self._commits:
                self._held_up(op.node or "", op, self._bounds)

    def _held_up(self, node: str, op: Op, limits: Bounds) -> None:
        """A commit that its desktop could not tell of."""
        handed = self._handed[node].get(op.job or "", array("q"))
        if not _any_between(handed, op.time_ns, op.time_ns + limits.event_ns):
            until_ns = op.time_ns + limits.registered_ns
            again = next((t for t in self._registered[node] if t > op.time_ns), until_ns)
            span = (op.time_ns, min(again, until_ns) + limits.event_ns)
            for client in (node, *self._mirrors[node]):
                self._spans[client].append(span)

    def _returned(self, node: str, begun: Op, op: Op | None) -> None:
        desktop = self._desktops.get(node)
        if desktop is None:
            if begun.f in CALLS_OF_DESKTOPS:
                self._under_way(begun, op, (node, *self._mirrors[node]))
        elif begun.f in CALLS_OF_MOBILES and not begun.process.partition("~")[0].endswith(_AGAIN):
            by_heart = op is not None and op.type == "ok" and self.ledger.tapped and begun.f not in _SCREENS
            if op is None or not by_heart or _any_between(self._asked[node], begun.time_ns, op.time_ns):
                self._under_way(begun, op, (node, desktop))

    def _under_way(self, begun: Op, op: Op | None, clients: Iterable[str]) -> None:
        for client in clients:
            self._spans[client].append((begun.time_ns, op.time_ns if op is not None else _NEVER_NS))

    def _passes(self, time_ns: int, clients: Iterable[str]) -> None:
        for client in clients:
            if client in self._moments:
                self._moments[client].append(time_ns)

    # ---- asking -----------------------------------------------------------------------------------------------------

    def met_by(self, begun: Op, healed: Op) -> bool | None:
        """Did work meet a fault, or what it left behind? None: the fault does not say where it was."""
        clients = list(self._where(healed))
        if not clients:
            return None
        return any(self._passed(c, begun.time_ns, self._over_ns(c, begun.time_ns, healed.time_ns)) for c in clients)

    def _where(self, op: Op) -> Iterator[str]:
        """The clients whose work passes where a fault is; a fault of the relay concerns all."""
        about = op.value if isinstance(op.value, dict) else {}
        nodes, directions = about.get("nodes"), about.get("directions")
        named = {n for n in nodes if isinstance(n, str)} if isinstance(nodes, list) else set()
        everybody = any(name not in self._moments for name in named)
        ends = [d.split("->") for d in directions if isinstance(d, str)] if isinstance(directions, list) else []
        named |= {name for pair in ends for name in pair}
        return (name for name in self._clients if everybody or name in named)

    def _over_ns(self, client: str, begun_ns: int, healed_ns: int) -> int:
        """Until when a client feels a fault: until it is registered again, if it lost its connection."""
        if self._bounds is None:
            return healed_ns + _UNKNOWN_NS
        times, latest_ns = self._registered[client], healed_ns + self._bounds.registered_ns
        again = [t for t in times[bisect_left(times, begun_ns) :] if t <= latest_ns]
        return max(healed_ns, *again[-1:]) + self._bounds.event_ns if again else healed_ns + self._bounds.event_ns

    def _passed(self, client: str, from_ns: int, until_ns: int) -> bool:
        calls = any(begun_ns <= until_ns and over_ns >= from_ns for begun_ns, over_ns in self._spans[client])
        return calls or _any_between(self._moments[client], from_ns, until_ns)


def _any_between(times: array[int], from_ns: int, until_ns: int) -> bool:
    at = bisect_left(times, from_ns)
    return at < len(times) and times[at] <= until_ns
