"""What a replica is told it shows at once, and it shows what its user asked for.

A system that heals itself hides that it did not: an event that fits and is answered by a fetch, a row that came and is
not shown, are right again a moment later. What fits is known from the desktops' commits and the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from checkers import Checker, Hears, Judge, Level
from checkers.duties.mobiles.fitting import Fitting
from checkers.duties.mobiles.screens import Screens
from checkers.past.phases import Counted
from checkers.traffic.merged import said
from checkers.traffic.phones import OverPhones
from checkers.words.findings import Findings
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult

_REGISTERED = ("registered", "resumed")
_OF_PHONES = frozenset({"observe", "link", "started", "fault-begin", "fault-heal"})


class _Replica:
    NAME = "replica"
    GUARANTEE = (
        "Every event that follows what a screen shows is applied at once and no other is, every newer row that comes "
        "is shown, a screen shows the scope that its user asked for, and an old list is refreshed."
    )
    NEEDS = Level.L2
    FEEDS: frozenset[str] | None = frozenset(
        {
            *("observe", "fetch", "cache", "link", "emit", "batch", "started", "recovered"),
            *("open", "switch", "list", "final", "fault-begin", "fault-heal"),
        }
    )
    REASONS: Mapping[str, str] = {
        "does-not-follow": "An event was applied to another revision than the one that it follows.",
        "not-applied": "An event was delivered that follows what is shown, and was not applied.",
        "row-not-shown": "A row was fetched that is newer than what is shown, and was not shown.",
        "another-scope": "A screen shows another scope than the one its user asked for.",
        "closed-screen": "A list was answered though no screen was open.",
        "former-store": "A list of a store that was gone was answered from a cache.",
        "not-refreshed": "An old list was served from the cache, and no newer one was asked for.",
    }
    EXAMPLE = "replica"
    ANOMALY = 'm>open[value={"scope":{"session":"s1"}}] m:scope(s2)[cause=local:open]'
    INNOCENT = 'm>open[value={"scope":{"session":"s1"}}] m:scope(s1)[cause=local:open]'

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Replica()


class _Judge(OverPhones):
    WIRE_FIRST = True

    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self._findings = Findings(CHECKER.NAME)
        self._fitting = Fitting(self, self._phones, self._findings)
        self._screens = Screens(self, self._phones, self._findings)
        self._counted = Counted("events and screens", "no phone was told of a job, and none opened a screen")

    HEARS: ClassVar[Hears] = {"out": ("job:", "regist", "resumed")}

    def hears(self, tap: Tap) -> bool:
        return tap.link.startswith("relay->")

    def op(self, op: Op) -> None:
        if op.f == "emit":
            self._fitting.emitted(op)
            return
        self._fitting.expire(op.time_ns)
        self._screens.expire(op.time_ns)
        if op.f == "batch":
            self._fitting.batch(op)
            return
        if op.f in ("fault-begin", "fault-heal"):
            self._fault(op)
        elif (phone := self._phones.of(op.node)) is not None:
            self._of_phone(op, phone.node)
        if op.f in _OF_PHONES:
            self._phones.op(op, self.ledger.sight)

    def _of_phone(self, op: Op, node: str) -> None:
        phone = self._phones.by_node[node]
        sight = self.ledger.sight
        if sight is not None:
            self._screens.seen(phone, sight)
            self._fitting.seen(phone, sight)
        elif op.f == "fetch":
            self._fitting.fetch(phone, op)
            self._screens.fetched(phone, op)
        elif op.f == "cache":
            self._screens.cache(phone, op)
        elif op.f == "list":
            self._screens.listed(phone, op)
        elif op.f in ("open", "switch"):
            self._screens.asked(phone, op)
        elif op.f == "link":
            self._fitting.void(node)
        elif op.f == "started":
            self._fitting.forget(node)
            self._screens.forget(node)

    def _count(self) -> None:
        total = self._fitting.judged.total() + self._screens.judged.total()
        self._counted.grows(total, self.ledger.phase)

    def _fault(self, op: Op) -> None:
        self._count()
        nodes = said(op).get("nodes")
        for node in map(str, nodes if isinstance(nodes, list) else []):
            self._fitting.void(node)

    def wire(self, tap: Tap) -> None:
        self._fitting.expire(tap.time_ns)
        phone = self._phones.of(tap.link.rpartition("->")[2])
        if phone is None:
            return
        if tap.job is not None:
            self._fitting.wire(phone, tap)
        else:
            self._phones.wire(phone, tap)  # what it has seen is no question here

    def finish(self) -> CheckResult:
        judged: dict[str, Any] = {
            "judged": dict(sorted((self._fitting.judged + self._screens.judged).items())),
            "wire": "read" if self.tapped else "events not judged: no taps",
        }
        self._count()
        return self._findings.result(judged, self._counted)
