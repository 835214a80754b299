"""Every trigger is answered within its bound, also where a second line of defence would mask that it was not.

Triggers are taken from the wire and from the journals of all nodes, not from what a mobile says it reacted to. A bound
is a constant of the protocol; it is judged only while nothing disturbs who has to answer: a lost link, another screen,
a kill, a pause or a wrong clock voids what was owed. What the relay owes on a wire is judged by order alone: what it
accepted later must not leave before it. Of a relay that journals nothing the wire itself must prove it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.duties.mobiles.calls import Pending
from checkers.duties.mobiles.fetches import Duties
from checkers.duties.relays.listening import Listening
from checkers.duties.relays.tellings import Tellings
from checkers.past.phases import Counted
from checkers.traffic.phones import OverPhones
from checkers.words.findings import Findings
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult


class _Reaction:
    NAME = "reaction"
    GUARANTEE = (
        "Every gap, head ahead, hole, event without a revision, own reconnect, desktop coming online, failed fetch and "
        "refresh asked for during a fetch leads within its bound to a fetch that covers it, and a disconnect fails "
        "every pending call at once."
    )
    NEEDS = Level.L2
    FEEDS: frozenset[str] | None = frozenset(
        {
            *(
                "observe",
                "fetch",
                "call",
                "link",
                "trigger",
                "emit",
                "batch",
                "conn",
                "deliver",
                "drop",
                "rpc",
                "started",
            ),
            *("final", "fault-begin", "fault-heal"),
        }
    )
    REASONS: Mapping[str, str] = {
        "gap": "A gap was delivered and no list followed.",
        "head": "A head was ahead of everything delivered and no list followed.",
        "hole": "An event was missing between two that were delivered, and no list followed.",
        "reconnect": "The mobile registered again and did not list its scope.",
        "presence": "The desktop came online and no list followed.",
        "failed-fetch": "A fetch failed and was not repeated.",
        "hint": "An event that names no revision was delivered and its job was not fetched.",
        "swallowed": "A refresh asked for during a fetch was not done after it.",
        "pending-call": "The link was lost and a call under way did not fail.",
        "forwarded-call": "A desktop's connection ended and a call forwarded to it was not answered.",
        "untold-gap": "The relay dropped an event and went on without announcing the gap.",
        "untold-presence": "The relay did not say that a desktop is online before it went on.",
        "untold-head": "The relay did not hand a newly registered mobile the latest head before it went on.",
    }
    EXAMPLE = "reaction"
    ANOMALY = "m!link[state=registered] m:scope(s1) m:listed wire:r>m[type=sync:gap] @3 d:final"
    INNOCENT = (
        "m!link[state=registered] m:scope(s1) m:listed wire:r>m[type=sync:gap] "
        "m!fetch[what=list,licence=gap,corr=c1,phase=begin,page=0,visit=2] @3 d:final"
    )

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Reaction()


class _Judge(OverPhones):
    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self._promised = any(self._hardened.values())
        self._findings = Findings(CHECKER.NAME)
        self.counted = Counted("answers to triggers", "nothing happened that anybody has to react to")
        self._duties = Duties(self, self._phones, self._findings)
        self._calls = Pending(self, self._phones, self._findings, self._hardened)
        self._tellings = Tellings(self, self._findings, self._hardened)
        self._listening = Listening(self, self._findings, self._hardened)

    def tap(self, tap: Tap) -> None:
        super().tap(tap)
        self._listening.tap(tap)

    def hears(self, tap: Tap) -> bool:
        if tap.side == "out":
            return tap.link.startswith("relay->") or tap.type == "sync:head" or tap.type.startswith("rpc:")
        return tap.link.startswith("relay->")

    def op(self, op: Op) -> None:
        if not self._promised:
            return
        self._duties.expire(op.time_ns)
        self._calls.expire(op.time_ns)
        self._phones.op(op, self.ledger.sight)
        self._duties.op(op, self.ledger.sight)
        self._calls.op(op)
        self._tellings.op(op)
        self._listening.op(op)

    def wire(self, tap: Tap) -> None:
        if not self._promised:
            return
        self._duties.expire(tap.time_ns)
        node = tap.link.rpartition("->")[2]
        phone = self._phones.of(node)
        if tap.side == "out" and phone is not None:
            self._phones.wire(phone, tap)
            self._duties.wire(phone, tap)
        self._tellings.wire(tap)

    def finish(self) -> CheckResult:
        if not self._promised:
            said = "not judged: the rules of the documented profile promise no reaction"
            return CheckResult(check=CHECKER.NAME, verdict=None, message=said)
        for tap in self.left():  # they are judged by order alone; of bounds nobody knows what came after the last op
            self._tellings.wire(tap)
        judged: dict[str, Any] = {
            "answered": dict(sorted(self._duties.answered.items())),
            "voided": self._duties.voided,
            "calls": self._calls.judged,
            "told": dict(sorted(self._tellings.told.items())),
            "wire": "read" if self.tapped else "not judged: no taps",
            **self._listening.finish(),
        }
        return self._findings.result(judged, self.counted)
