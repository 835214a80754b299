"""Silence must be earned by being right, not by polling: every fetch has a reason that the history shows.

A fetch names its licence, and the licence has a matching trigger before it: an event that the replica could not apply,
a gap, a head ahead … Each trigger is spent by the fetch that answers it. Triggers come from the wire where there are
taps, so a licence that is merely claimed does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from checkers import Checker, Hears, Judge, Level
from checkers.duties.desktops.heads_early import EarlyHeads
from checkers.duties.mobiles.economy import CHANGES, Economy
from checkers.duties.mobiles.gauges import Gauges
from checkers.duties.mobiles.keeping import Keeping
from checkers.duties.mobiles.licences_get import Gets
from checkers.duties.mobiles.licences_list import Lists
from checkers.duties.relays.gauges_posts import Posts
from checkers.past.phases import Counted
from checkers.traffic.merged import said
from checkers.traffic.phones import OverPhones
from checkers.words.findings import Findings
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult


class _Resources:
    NAME = "resources"
    GUARANTEE = (
        "Every fetch has a licence with a trigger before it, at most one is under way per job and visit, what is shown "
        "comes from events, nothing is kept that nobody needs, and a cached list for as long as it lives."
    )
    NEEDS = Level.L2
    FEEDS: frozenset[str] | None = frozenset(
        {
            *("observe", "fetch", "cache", "link", "trigger", "emit", "batch", "drop", "recovered", "started", "list"),
            *("call", "final", "fault-begin", "fault-heal"),
        }
    )
    REASONS: Mapping[str, str] = {
        "no-licence": "A fetch does not say why, or for a reason that does not exist.",
        "unlicensed": "A fetch claims a reason that the history does not show.",
        "too-early": "A fetch for an event began before the first list of its visit.",
        "uncoalesced": "A fetch did not wait for what may still arrive by itself.",
        "too-soon": "A fetch was repeated without a pause.",
        "while-offline": "A fetch was begun without a link.",
        "two-in-flight": "Two fetches of one thing were under way in one visit.",
        "impatient": "A fetch was given up sooner than the path is known to answer.",
        "early-head": "A head named a revision whose event had not been handed to the link.",
        "polling": "Without any fault more than one change in twenty came from a fetch.",
        "leak": "With nothing left to do a map still holds something.",
        "miscounted": "A node counts fewer than nothing, or fewer than were there.",
        "cache-forgotten": "A mobile asked again for a list that its cache had to hold.",
        "cache-outlived": "A mobile's cache answered with a list that it had to have dropped.",
    }
    EXAMPLE = "resources"
    ANOMALY = (
        "m!link[state=registered] m:scope(s1) m:listed "
        "m!fetch[what=list,licence=gap,corr=c1,phase=begin,page=0,visit=2]"
    )
    INNOCENT = (
        "m!link[state=registered] m:scope(s1) m:listed wire:r>m[type=sync:gap] "
        "m!fetch[what=list,licence=gap,corr=c1,phase=begin,page=0,visit=2]"
    )

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Resources()


class _Judge(OverPhones):
    WIRE_FIRST = True

    def __init__(self, header: Header) -> None:
        super().__init__(header)
        self._findings = Findings(CHECKER.NAME)
        self.counted = Counted("fetches, changes and maps", "nobody fetched anything, and no job was shown")
        self._gets = Gets(self, self._phones, self._findings)
        self._lists = Lists(self, self._phones, self._findings)
        self._economy = Economy(self, self._findings)
        self._heads = EarlyHeads(self, self._findings)
        self._gauges = Gauges(self, self._phones, self._findings)
        self._posts = Posts(self, self._findings)
        self._keeping = Keeping(self, self._findings)

    HEARS: ClassVar[Hears] = {"in": ("job:", "sync:head", "rpc:"), "out": ("",)}

    def hears(self, tap: Tap) -> bool:
        if tap.side == "out":
            return tap.link.startswith("relay->")
        return tap.link.startswith("relay->") if tap.type.startswith("rpc:") else tap.link.endswith("->relay")

    def op(self, op: Op) -> None:
        sight = self.ledger.sight
        if op.f == "fetch":
            self.count(said(op).get("phase") == "begin")
            if said(op).get("what") == "get":
                self._gets.fetch(op)
            else:
                self._lists.fetch(op)
        elif sight is not None:
            self.count(sight.seen.kind in CHANGES)
        self._phones.op(op, sight)
        self._gets.op(op, sight)
        self._lists.op(op, sight)
        self._economy.op(op, sight)
        self._heads.op(op)
        self._gauges.op(op)
        self._posts.op(op)
        self._keeping.op(op, sight)

    def wire(self, tap: Tap) -> None:
        if tap.side == "in":
            if tap.type.startswith("rpc:"):
                self._posts.forwarded(tap)
            else:
                self._heads.leaves(tap)
            return
        self._posts.wire(tap)
        if tap.type in ("registered", "resumed"):
            self._heads.registered(tap)
        phone = self._phones.of(tap.link.rpartition("->")[2])
        if phone is None:
            return
        self._phones.wire(phone, tap)
        self._gets.wire(phone, tap)
        self._lists.wire(phone, tap)
        self._gauges.wire(phone, tap)

    def finish(self) -> CheckResult:
        self._economy.close()
        self._heads.close()
        judged: dict[str, Any] = {
            "fetches": dict(sorted((self._gets.fetches + self._lists.fetches).items())),
            "changes": self._economy.share(),
            "quiet": {**self._gauges.judged, **self._posts.judged},
            "cached": self._keeping.judged,
            "wire": "read" if self.tapped else "licences for events not judged: no taps",
        }
        self.count(sum(said_ == "judged" for said_ in judged["quiet"].values()))
        return self._findings.result(judged, self.counted)
