"""After the faults everybody is back, reachable and quiet; and nobody storms meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from checkers import Checker, Hears, Judge, Level
from checkers.past.deaths import CRASHED, EXITED, crash, in_full, is_by_itself
from checkers.past.ledger import Ledger, Reader, message_of
from checkers.past.phases import Counted
from checkers.traffic.bounds import bounds, in_words
from checkers.traffic.connections import Client, Connections
from checkers.traffic.given_up import GivenUp
from checkers.traffic.silent import unregistered_ns
from checkers.traffic.storms import Storms, is_clock
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import did
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult

_CALLS = frozenset(
    (
        *("create", "status", "chunk", "progress", "tokens", "cost", "metadata", "error", "finalize", "delete"),
        *("retry", "open", "close", "list", "get", "cancel", "switch", "background", "foreground"),
    )
)
_DISTURBS = _CALLS | {"commit", "started", "recovered", "fault-begin", "fault-heal"}
_QUIET = frozenset({"heartbeat", "sync:head", ""})  # what an idle system says; "" is what nobody can read


class _Liveness:
    NAME = "liveness"
    GUARANTEE = (
        "After the last fault every client is registered and reachable, and everything is shown, within a bound made "
        "of the topology's timers; then nothing is said but heartbeats and heads, and nobody ever storms."
    )
    NEEDS = Level.L0
    FEEDS: frozenset[str] | None = _DISTURBS | {"link", "conn", "fetch", "observe", "final", EXITED, CRASHED}
    REASONS: Mapping[str, str] = {
        "exited": "A node's program ended by itself, which no fault of the plan had asked of it.",
        "crashed": "An operation, or a task, broke down inside of a node's program.",
        "unregistered": "A client did not register again within its bound.",
        "unreachable": "A registered client is not among the relay's connections: nothing reaches it.",
        "given-up": "A client took a healthy connection for dead.",
        "noticed-late": "A client noticed long after its bound that its connection was dead.",
        "evicted": "An older socket of a client, registered late, threw out the one that the client was using.",
        "presence-wrong": "The relay's last word on a client contradicts that client's connection.",
        "reconnect-storm": "A client opened socket after socket without a pause.",
        "fetch-storm": "A replica repeated a failed fetch again and again without a pause.",
        "late-convergence": "A replica changed after everything should have been shown.",
        "restless": "Messages other than heartbeats and heads were sent after everything should have been quiet.",
    }
    EXAMPLE = "liveness"
    ANOMALY = "d:up m:up fault:x m:down heal:x @200 m:final[registered=false]"
    INNOCENT = "d:up m:up fault:x m:down heal:x @60 m:up @200 m:final"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Liveness()


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._header, self._bounds = header, bounds(header)
        self._findings = Findings(CHECKER.NAME)
        self._taps: deque[Tap] = deque(maxlen=64)  # the last ones that an idle system does not send
        self._told: dict[tuple[str, str], Tap] = {}  # (whom, device) → the relay's last word on it
        self._current: dict[str, tuple[int, Op]] = {}  # device → its registered socket
        self._undisturbed: dict[str, Op] = {}
        self._down: dict[str, Op] = {}
        self._suspended: set[str] = set()
        self._disturbed: Op | None = None
        self._shown: Op | None = None
        self._last: Op | None = None
        if self._bounds is None:
            return
        self._quiet_ns = self._bounds.registered_ns + self._bounds.converge_ns
        self._connections, self._storms = Connections(header, self._bounds), Storms(self._bounds)
        self._given_up = GivenUp(header, self._bounds)
        devices = [str(n.get("device_id")).lower() for n in header.nodes.values() if n.get("device_id")]
        self._nodes = {
            str(n.get("device_id")).lower(): name
            for name, n in header.nodes.items()
            if n.get("device_id") and devices.count(str(n.get("device_id")).lower()) == 1
        }

    def reads(self, ledger: Ledger) -> None:
        super().reads(ledger)
        if self._bounds is not None:
            self._connections.listens(ledger.heard)

    # ---- the wire -------------------------------------------------------------------------------------------------

    HEARS: ClassVar[Hears] = {"in": ("",)}

    def tap(self, tap: Tap) -> None:
        if tap.type not in _QUIET:
            self._taps.append(tap)
        if tap.type == "presence" and tap.source is not None:
            self._told[tap.link.rpartition("->")[2], tap.source] = tap

    # ---- ops ------------------------------------------------------------------------------------------------------

    def feed(self, op: Op) -> None:
        if op.f == EXITED:
            if is_by_itself(op):
                self._add("exited", op, in_full(op, self.ledger.origin_ns or 0), [])
            return
        self._last = op
        if (how := crash(op)) is not None:
            about = f" of job {op.job}" if op.job else ""
            over = f" over a {op.f}{about}" if op.f != CRASHED else ""
            what = f"{op.node} broke down{over} at {self.ledger.at(op.time_ns)}: {how}"
            self._add(CRASHED, op, what, [])
        if self._bounds is None:
            return
        for sighting in self._connections.due(op.time_ns):
            self._connections.sees(sighting)
            if not sighting.registered:
                self._storm(self._storms.opens(sighting.name, sighting.time_ns, op), sighting.name, op)
        if op.f in _DISTURBS or op.f == "link":  # a connection may end rightly: its token has expired
            self._disturbed = op
        if op.f == "observe":
            self._shown = op if message_of(op.cause) is not None else self._shown
        elif op.f == "conn":
            self._conn(op)
        elif op.f == "fetch":
            self._fetch(op)
        elif op.f in Connections.FEEDS:
            self._connection(op)

    def _connection(self, op: Op) -> None:
        touched = list(self._connections.touched(op))
        self._connections.feed(op)
        for name in touched:
            if op.f != "link":
                self._undisturbed[name] = op
            if op.f in ("started", "foreground", "background"):
                self._storms.pardon(name)
            if op.f in ("fault-begin", "fault-heal") and is_clock(op):
                self._storms.skew(name, 1 if op.f == "fault-begin" else -1)
        if op.f == "started" and op.node not in self._connections.clients:
            self._current.clear()
        if op.f == "link" and op.node in self._connections.clients:
            self._link(op.node, op)

    def _link(self, name: str, op: Op) -> None:
        state = op.value.get("state") if isinstance(op.value, dict) else None
        if state == "open":
            self._storm(self._storms.opens(name, op.time_ns, op), name, op)
        elif state == "registered":
            self._down.pop(name, None)
        elif state in ("closed", "suspended"):
            self._down.setdefault(name, op)
        if state == "closed":
            self._closed(name, op)
        if state == "suspended":
            self._suspended.add(name)
        elif state != "closed":  # the end of the socket is told after the suspension
            self._suspended.discard(name)

    def _conn(self, op: Op) -> None:
        """The relay numbers the sockets that it accepts."""
        value = op.value if isinstance(op.value, dict) else {}
        device, state, number = str(value.get("device")).lower(), value.get("state"), value.get("conn")
        name = self._nodes.get(device)
        if name is None or not isinstance(number, int):
            return
        current = self._current.get(device)
        if state == "registered":
            self._current[device] = (number, op)
            if current is not None and current[0] > number:
                self._evicted(name, current[1], op)
        elif current is not None and current[0] == number:
            del self._current[device]

    def _fetch(self, op: Op) -> None:
        value = op.value if isinstance(op.value, dict) else {}
        if value.get("phase") == "begin" and value.get("licence") == "retry" and op.node is not None:
            what = (str(value.get("what")), op.job)
            found = self._storms.retries(op.node, what, op)
            if found is not None:
                what_ = f"the row of job {op.job}" if op.job is not None else "its list"
                message = (
                    f"{op.node} asked again and again for {what_}, without a pause, until {self.ledger.at(op.time_ns)}"
                )
                self._add("fetch-storm", op, message, [found[0]])

    # ---- the end --------------------------------------------------------------------------------------------------

    def finish(self) -> CheckResult:
        last = self._last
        if self._bounds is None or last is None:
            if self._findings.count:  # a node ended: that needs no timers
                return self._findings.result(None, Counted("nodes", ""))
            message = "not judged: the history does not say the topology's timers"
            return CheckResult(check=CHECKER.NAME, verdict=None, message=message)
        for client in self._connections.clients.values():
            self._judge_client(client, last)
        self._judge_presence(last)
        self._judge_quiet(last)
        counted = Counted("clients", "nothing tells of any client's connection (no taps, no journal of links)")
        clients = self._connections.clients.values()
        counted.add(self.ledger.phase, sum(client.heard_of or client.name in self._down for client in clients))
        judged = {
            "clients": len(clients),
            "wire": "watched" if self.ledger.tapped else "not judged: no taps",
            **self._of_the_relay(),
            "quiet": "watched" if self._quiet_from(last) is not None else "not judged: the run ended before",
        }
        return self._findings.result(judged, counted)

    def _of_the_relay(self) -> dict[str, str]:
        """What only a relay's own words can tell."""
        level = self._header.nodes.get(self._relay(), {}).get("level")
        final = self.ledger.finals.get(self._relay())
        unknown = [] if isinstance(level, int) and level >= Level.L2 else ["given-up", "evicted"]
        unknown += [] if final is not None else ["unreachable"]
        return {"relay": f"not judged, as it does not say: {', '.join(unknown)}"} if unknown else {}

    def _judge_client(self, client: Client, last: Op) -> None:
        assert self._bounds is not None
        down, name = self._down.get(client.name), client.name
        if down is not None and name not in self._suspended and client.journals and not client.faults:
            since = max(down, self._undisturbed.get(name, down), key=lambda op: op.time_ns)
            if last.time_ns - since.time_ns > self._bounds.registered_ns:
                took = in_words(last.time_ns - since.time_ns)
                message = f"{name} lost its connection and has not registered again for {took}"
                self._add("unregistered", last, message, [down, since])
        if not client.journals:
            final, disturbed = self.ledger.finals.get(name), self._undisturbed.get(name)
            took_ns = unregistered_ns(client, final, disturbed, last, self._bounds)
            if took_ns is not None:
                message = f"{name} says that it is not registered, and has not been for {in_words(took_ns)}"
                self._add("unregistered", last, message, [disturbed, final])
        if self._live(client, last) and self._mapped(name) is False:
            message = f"{name} is registered, and the relay does not know it any more: nothing reaches it"
            self._add("unreachable", last, message, [client.cause, self.ledger.finals.get(self._relay())])

    def _live(self, client: Client, last: Op) -> bool:
        """Beyond doubt, and not just since now."""
        assert self._bounds is not None
        since_ns = client.live_ns
        return since_ns is not None and not client.faults and since_ns + self._bounds.event_ns <= last.time_ns

    def _relay(self) -> str:
        return next((n for n, node in self._header.nodes.items() if node.get("role") == "relay"), "relay")

    def _mapped(self, name: str) -> bool | None:
        """Does the relay's final state list this client? None: it does not say."""
        final = self.ledger.finals.get(self._relay())
        users = final.value.get("connections") if final is not None and isinstance(final.value, dict) else None
        node = self._header.nodes.get(name, {})
        if not isinstance(users, dict) or not node.get("user_id"):
            return None
        devices = users.get(str(node["user_id"]))
        return isinstance(devices, dict) and str(node.get("device_id")).lower() in {str(d).lower() for d in devices}

    def _judge_presence(self, last: Op) -> None:
        """What the relay said last, on a connection that still stands, of a client that is surely there, or gone."""
        for (whom, device), tap in self._told.items():
            name, listener = self._nodes.get(device.lower()), self._connections.clients.get(whom)
            if name not in self._connections.clients or name == whom or listener is None or listener.live_ns is None:
                continue
            if self._mapped(whom) is False:  # the relay has given its connection up, and it has not noticed yet
                continue
            client = self._connections.clients[name]
            online = not (tap.msg or "").startswith("offline")
            wrong = self._away(client, last) if online else self._live(client, last)
            if wrong and listener.arrivals.connection_at(last.time_ns) == tap.conn:
                says, truth = ("online", "in the background") if online else ("offline", "registered")
                at = self.ledger.at(tap.time_ns)
                message = f"the relay's last word to {whom}, at {at}, is that {name} is {says}, and it is {truth}"
                self._add("presence-wrong", last, message, [self._down.get(name) if online else client.cause])

    def _away(self, client: Client, last: Op) -> bool:
        """In the background for so long that the relay must have noticed."""
        assert self._bounds is not None
        down = self._down.get(client.name)
        if down is None or client.name not in self._suspended or client.faults:
            return False
        since_ns = max(down.time_ns, self._undisturbed.get(client.name, down).time_ns)
        return last.time_ns - since_ns > self._bounds.dead_peer_ns + self._bounds.event_ns

    def _quiet_from(self, last: Op) -> int | None:
        """From when on nothing more may happen; None: the run ended before that."""
        if self._disturbed is None:
            return None
        told = (c.arrivals.registrations[-1:] for c in self._connections.clients.values())
        begun_ns = max(self._disturbed.time_ns, *(time_ns for each in told for time_ns, _ in each), 0)
        quiet_ns = begun_ns + self._quiet_ns
        return quiet_ns if quiet_ns < last.time_ns else None

    def _judge_quiet(self, last: Op) -> None:
        quiet_ns, disturbed = self._quiet_from(last), self._disturbed
        if quiet_ns is None or disturbed is None or any(c.faults for c in self._connections.clients.values()):
            return
        after = in_words(self._quiet_ns)
        if self._shown is not None and self._shown.time_ns > quiet_ns:
            message = f"{self._shown.node} changed what it shows more than {after} after the last thing that happened"
            self._add("late-convergence", self._shown, message, [disturbed])
        late = next((tap for tap in self._taps if tap.time_ns > quiet_ns), None)
        if late is not None:
            message = f"{late.type} was sent on {late.link} more than {after} after the last thing that happened"
            self._add("restless", last, message, [disturbed])

    # ---- words ----------------------------------------------------------------------------------------------------

    def _storm(self, found: tuple[Op | None, Op | None] | None, name: str, op: Op) -> None:
        if found is not None:
            message = f"{name} opened socket after socket without a pause, until {self.ledger.at(op.time_ns)}"
            self._add("reconnect-storm", op, message, [found[0]])

    def _closed(self, name: str, op: Op) -> None:
        client = self._connections.clients[name]
        if found := self._given_up.closed(client, op, self._undisturbed.get(name)):
            self._add(found[0], op, f"{name} {found[1]}", found[2])

    def _evicted(self, name: str, former: Op, op: Op) -> None:
        message = f"an older socket of {name} registered at {self.ledger.at(op.time_ns)} and threw out its newer one"
        self._add("evicted", op, message, [former])

    def _add(self, reason: str, op: Op, message: str, proof: Iterable[Op | None]) -> None:
        before = [p for p in proof if p is not None and p is not op]
        story = told([*((p, did(p)) for p in before), (op, message)])
        self._findings.add(reason, op, [*before, op], lambda: Story(message, {"story": story}))
