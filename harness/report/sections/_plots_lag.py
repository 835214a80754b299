"""How far behind the replicas were: for each commit the time until a mobile that has its scope open shows it.

Which jobs an open scope holds, and which revision an observation shows, the checkers know (`checkers.past`). It is
measured from the end of a commit; time without a connection is in it, unlike in the checkers' bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from checkers.past.ledger import Ledger, Sight, active_desktop
from checkers.past.screens import Screen, revision_of
from checkers.past.truth import Entry, JobTruth
from harness.history import History, Op


@dataclass(frozen=True)
class Shown:
    """`shown_ns` None: not before the run ended. `way`: what brought it: an event, or a fetch."""

    mobile: str
    begun_ns: int
    commit_ns: int
    shown_ns: int | None
    way: str = ""


@dataclass
class _Mobile:
    screen: Screen
    incarnation: int = 0
    waiting: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)  # job → (revision, begun, committed)
    found: list[Shown] = field(default_factory=list)

    def enter(self) -> None:
        self.waiting.clear()

    def committed(self, job: JobTruth, entry: Entry, begun_ns: int, time_ns: int) -> None:
        screen = self.screen
        if screen.listed is None or not screen.holds(job) or entry.n <= screen.shown.get(job.job, 0):
            return
        if job.deleted is not None and job.job not in screen.shown:
            self.waiting.pop(job.job, None)  # nobody can show it any more
        else:
            self.waiting.setdefault(job.job, []).append((entry.n, begun_ns, time_ns))

    def sees(self, ledger: Ledger, sight: Sight) -> None:
        op, kind, screen = sight.op, sight.seen.kind, self.screen
        if op.incarnation != self.incarnation:
            self.incarnation = op.incarnation
            screen.enter(None, None)
            self.enter()
        if kind == "scope":
            scope = sight.seen.set.get("scope")
            screen.enter(scope if isinstance(scope, dict) else None, op)
            self.enter()
        elif kind == "listed":
            screen.listed = op
        elif op.job is not None and kind == "evict":
            screen.shown.pop(op.job, None)
            self.waiting.pop(op.job, None)
        elif op.job is not None and kind == "remove":
            screen.shown.pop(op.job, None)
            if sight.job is None or sight.job.deleted is not None:
                self._shown(op.job, None, op)
        elif sight.job is not None and sight.job.desktop == screen.desktop:
            n, latest = revision_of(ledger, screen, sight), max(sight.job.revs, default=0)
            screen.shown[sight.job.job] = max(screen.shown.get(sight.job.job, 0), latest if n is None else n)
            self._shown(sight.job.job, n, op)

    def _shown(self, job: str, n: int | None, op: Op) -> None:
        """Up to revision `n`; None: all."""
        kept = []
        way = "an event" if (op.cause or "").startswith("event:") else "a fetch"
        for revision, begun_ns, commit_ns in self.waiting.pop(job, []):
            if n is not None and revision > n:
                kept.append((revision, begun_ns, commit_ns))
            else:
                self.found.append(Shown(self.screen.mobile, begun_ns, commit_ns, op.time_ns, way))
        if kept:
            self.waiting[job] = kept

    def all(self) -> Iterator[Shown]:
        yield from self.found
        for waiting in self.waiting.values():
            for _, begun_ns, commit_ns in waiting:
                yield Shown(self.screen.mobile, begun_ns, commit_ns, None)


def measured(history: History) -> list[Shown]:
    """Every commit that an open screen was to show, in the order of commits."""
    ledger = Ledger(history.header)
    mobiles = {
        name: _Mobile(Screen(name, desktop))
        for name, node in history.header.nodes.items()
        if node.get("role") == "mobile" and (desktop := active_desktop(history.header, name)) is not None
    }
    begun: dict[tuple[str | None, int], int] = {}
    stores: dict[str | None, object] = {}
    for op in history.ops:
        if op.f == "commit":
            ledger.feed(op)
            _commit(op, ledger, mobiles, begun)
        elif op.f == "observe":
            ledger.feed(op)
            if ledger.sight is not None and op.node in mobiles:
                mobiles[op.node].sees(ledger, ledger.sight)
        elif op.f == "recovered" and isinstance(op.value, dict):
            store = op.value.get("store")
            if stores.setdefault(op.node, store) != store:
                stores[op.node] = store
                _void(mobiles, op.node)
    found = [shown for mobile in mobiles.values() for shown in mobile.all()]
    return sorted(found, key=lambda shown: (shown.commit_ns, shown.mobile, shown.shown_ns or 0))


def _void(mobiles: dict[str, _Mobile], desktop: str | None) -> None:
    """Its store is another one, and what the former held is nobody's any more."""
    for mobile in mobiles.values():
        if mobile.screen.desktop == desktop:
            mobile.enter()
            mobile.screen.shown.clear()


def _commit(op: Op, ledger: Ledger, mobiles: dict[str, _Mobile], begun: dict[tuple[str | None, int], int]) -> None:
    if op.rev is None or op.job is None or op.node is None:
        return
    if op.type == "invoke":
        begun[op.node, op.rev.n] = op.time_ns
    job = ledger.truth.job(op.node, op.job) if op.type == "ok" else None
    entry = job.entries.get(op.rev.n) if job is not None else None
    if job is None or entry is None:
        return
    for mobile in mobiles.values():
        if mobile.screen.desktop == op.node:
            mobile.committed(job, entry, begun.get((op.node, op.rev.n), op.time_ns), op.time_ns)
