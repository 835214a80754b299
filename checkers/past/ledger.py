"""What all judges of one pass share: folded commits, decoded observations, what the wire delivered.

The ledger is fed every op before the judges are, so that each is decoded and resolved once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from checkers.past.emitted import Emitted
from checkers.past.heard import Heard
from checkers.past.phases import Phase, Phases
from checkers.past.truth import JobTruth, Truth
from harness.history import Header, Observation, Op, Tap

Replica = tuple[str, int]  # a mobile's node name and its incarnation


class Sight(msgspec.Struct, gc=False):
    """The observation being fed: decoded, and tied to the job of the desktop it is of."""

    op: Op
    seen: Observation
    replica: Replica
    job: JobTruth | None


class Ledger:
    """`sight` is the observation being fed, None when the op is none or cannot be read."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.truth = Truth()
        self.phases = Phases()
        self.emitted = Emitted()  # of the whole history, from the beginning
        self.heard = Heard(header)  # of the whole history, once the first op is fed
        self.sight: Sight | None = None
        self.origin_ns: int | None = None
        self.delivered: dict[tuple[str, str], list[int]] = {}  # (node, message) → times, ascending
        self.scopes: dict[Replica, dict[str, Any]] = {}
        self.last_seen: dict[tuple[Replica, str], Sight] = {}
        self.incarnations: dict[str, int] = {}  # node → its latest
        self.finals: dict[str, Op] = {}
        self.malformed: list[int] = []
        self._users = {name: str(node.get("user")) for name, node in header.nodes.items()}
        self._desktops: dict[tuple[str, str], str] = {}  # (user, device id in lower case) → node
        for name, node in header.nodes.items():
            if node.get("role") == "desktop":
                self._desktops[self._users[name], str(node.get("device_id") or name).lower()] = name

    # ---- feeding ----------------------------------------------------------------------------------------------------

    def learn(self, ops: Iterable[Op]) -> None:
        """Before anything is fed: what does not depend on when it was said."""
        for op in ops:
            if op.f in Emitted.LEARNS:
                self.emitted.learn(op)

    def tap(self, tap: Tap) -> None:
        self.heard.tap(tap)
        if tap.side == "out" and tap.msg is not None:
            self.delivered.setdefault((tap.link.rpartition("->")[2], tap.msg), []).append(tap.time_ns)

    def feed(self, op: Op) -> None:
        if self.origin_ns is None:
            self.origin_ns = op.time_ns
        self.sight = None
        if op.f == "commit":
            self.truth.feed(op)
        elif op.f == "observe":
            self.sight = self._see(op)
        elif op.f == "final" and op.node is not None:
            self.finals[op.node] = op
        else:
            self.phases.feed(op)

    def _see(self, op: Op) -> Sight | None:
        try:
            seen = msgspec.convert(op.value, Observation)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            self.malformed.append(op.index)
            return None
        node = op.node or op.process.partition("/")[0]
        replica = (node, op.incarnation)
        self.incarnations[node] = op.incarnation
        sight = Sight(op, seen, replica, self.job_of(node, op))
        if seen.kind == "scope":
            scope = seen.set.get("scope")
            self.scopes[replica] = scope if isinstance(scope, dict) else {}
        if op.job is not None:
            self.last_seen[replica, op.job] = sight
        return sight

    # ---- names ------------------------------------------------------------------------------------------------------

    def job_of(self, node: str, op: Op) -> JobTruth | None:
        """The job that an op of `node` is about, by the desktop its revision names, else the node's active one."""
        if op.job is None:
            return None
        if op.rev is not None:
            named = self.desktop_named(node, op.rev.desktop)
            found = self.truth.job(named, op.job) if named is not None else None
            if found is not None:
                return found
        return self.job_named(node, op.job)

    def job_named(self, node: str, job: str) -> JobTruth | None:
        """The job of that id on `node`'s active desktop, else on any desktop of its user."""
        active = self.active_desktop(node)
        found = self.truth.job(active, job) if active is not None else None
        if found is not None:
            return found
        user = self._users.get(node)
        others = (self.truth.job(name, job) for (owner, _), name in self._desktops.items() if owner == user)
        return next((j for j in others if j is not None), None)

    def desktop_named(self, node: str, device_id: str) -> str | None:
        """The desktop of `node`'s user with this device id (as ids are compared: without case)."""
        found = self._desktops.get((self._users.get(node, ""), device_id.lower()))
        return found if found is not None else (device_id if device_id in self.header.nodes else None)

    @property
    def tapped(self) -> bool:
        """Did anybody listen to the wire?"""
        return self.heard.tapped

    @property
    def phase(self) -> Phase:
        """When the op being fed was, as faults count."""
        return self.phases.now

    def active_desktop(self, node: str) -> str | None:
        return active_desktop(self.header, node)

    def at(self, time_ns: int) -> str:
        """A time for people: seconds since the first op."""
        return f"{(time_ns - (self.origin_ns or 0)) / 1e9:.3f} s"

    def deliveries(self, node: str, message: str | None, until_ns: int) -> int:
        """How often the wire delivered a message to a node up to a time (0 without taps)."""
        times = self.delivered.get((node, message), []) if message else []
        return sum(time_ns <= until_ns for time_ns in times)

    def last_delivery_ns(self, node: str, message: str | None, until_ns: int) -> int | None:
        """When the wire delivered a message to a node for the last time up to then."""
        times = self.delivered.get((node, message), []) if message else []
        return max((time_ns for time_ns in times if time_ns <= until_ns), default=None)

    def final_text(self, node: str, job: str) -> bytes | None:
        """The response that a node's final state holds."""
        state = self.finals.get(node)
        row = jobs_of(state.value).get(job) if state is not None else None
        text = row.get("response") if row is not None else None
        return text.encode("utf-8", errors="replace") if isinstance(text, str) else None


def active_desktop(header: Header, node: str) -> str | None:
    """The desktop a mobile mirrors: the one its node names, else the only one of its user."""
    described = header.nodes.get(node, {})
    named = described.get("desktop")
    if isinstance(named, str):
        return named
    mine = [
        name
        for name, other in header.nodes.items()
        if other.get("role") == "desktop" and other.get("user") == described.get("user")
    ]
    return mine[0] if len(mine) == 1 else None


def jobs_of(state: object) -> dict[str, dict[str, Any]]:
    """The rows of a canonical state, by job id; whatever is no row is left out."""
    jobs = state.get("jobs") if isinstance(state, dict) else None
    if not isinstance(jobs, dict):
        return {}
    return {name: row for name, row in jobs.items() if isinstance(row, dict)}


def message_of(cause: str | None) -> str | None:
    """The message that a remote cause names; None for a cause that is not remote."""
    kind, _, name = (cause or "").partition(":")
    return name if kind in ("event", "get", "list") and name else None


class Reader:
    """Base of judges that share the pass's ledger."""

    ledger: Ledger

    def reads(self, ledger: Ledger) -> None:
        self.ledger = ledger
