"""Nothing stays out of date: a commit is shown within a bound made of the topology's timers.

The clock of a commit runs from the latest of: the commit; the first list of the visit; the registrations of both ends,
beyond doubt (`traffic.connections`); the heal of the last fault on the path. It is stopped while any of these lacks.

When everything has been calm the bound is that of an event. After a reconnect, an overflow or a new visit a fetch may
be needed first; after a fault a fetch may have been lost, its pause must pass, and a head may have to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.heard import Sighting
from checkers.past.ledger import Sight, active_desktop
from checkers.past.phases import Counted
from checkers.past.screens import Missing, Screen, revision_of
from checkers.past.truth import JobTruth
from checkers.traffic.bounds import Bounds, in_words, within_ns
from checkers.traffic.connections import Connections, OverConnections
from checkers.traffic.paths import Path
from checkers.words.findings import Findings, Story, limit, told
from harness.history import Header, Op
from harness.verdict import CheckResult

_GRACE_NS = {True: 600_000_000, False: 6_000_000_000}  # (sim?) a fault may act so long before its begin is recorded


class _Staleness:
    NAME = "staleness"
    GUARANTEE = (
        "Within a bound made of the topology's timers every commit is shown by each connected mobile whose open scope "
        "it belongs to."
    )
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = Connections.FEEDS | {"commit", "observe", "recovered", "drop", "final"}
    REASONS: Mapping[str, str] = {
        "stale": "A commit was shown later than its bound, or not before the path was cut again.",
        "never-shown": "A commit was not shown by the end of the run, and its bound had passed.",
        "first-list-late": "The first list of an open scope was not merged within its bound.",
    }
    EXAMPLE = "{check: staleness, within: 2s}"
    ANOMALY = "d:up m:up m:scope(s1) m:listed d:+a m:a=1 @200 d:a{status=queued} @260 m:a@2"
    INNOCENT = "d:up m:up m:scope(s1) m:listed d:+a m:a=1 @200 d:a{status=queued} @201 m:a@2 @260 m:a@2"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header, within_ns(params))


CHECKER: Checker = _Staleness()


class _Judge(OverConnections):
    def __init__(self, header: Header, within_ns: int | None) -> None:
        super().__init__(header)
        self._header, self._within_ns = header, within_ns
        self._findings = Findings(CHECKER.NAME)
        self._pairs = list(_paths(header, self._bounds, self._connections))
        self._by_mobile = {pair.screen.mobile: pair for pair in self._pairs}
        self._by_device = {str(n.get("device_id")).lower(): name for name, n in header.nodes.items()}
        self._stores: dict[str, str] = {}
        self._last: Op | None = None
        self._worst_ns = self._worst_k = 0
        self._judged = Counted("commits and first lists", "no commit was due on an open screen with live connections")
        self._listless: set[str] = set()
        self._late_lists: dict[str, tuple[Op, Op]] = {}

    # ---- reading --------------------------------------------------------------------------------------------------

    def feed(self, op: Op) -> None:
        self._last = op
        if self._connections is None:
            return
        for sighting in self._connections.due(op.time_ns):
            self._connection_changes(list(self._connections.alike(sighting)), op, sighting)
        if op.f == "commit":
            self._commit(op)
        elif op.f == "observe":
            self._observe(op)
        elif op.f == "drop":
            self._overflow(op)
        elif op.f == "recovered":
            self._recovered(op)
        elif op.f == "final":
            self._final(op)
        elif op.f == "foreground":  # nothing is connected yet
            self._connections.feed(op)
        else:
            self._connection_changes(list(self._connections.touched(op)), op, None)

    def finish(self) -> CheckResult:
        if self._bounds is None or self._connections is None:
            return _not_judged("not judged: the history does not say the topology's timers")
        if not self._connections.known:
            return _not_judged("not judged: nothing tells which connections are live (no taps, no journal of links)")
        if self._last is not None:
            for pair in self._pairs:
                self._look(pair, self._last.time_ns, self._last, "never-shown")
        for mobile, (opened, op) in self._late_lists.items():
            self._judge_list(mobile, opened, op)
        bound_ns = self._bounds.event_ns if self._within_ns is None else self._within_ns
        judged: dict[str, Any] = {"judged": self._judged.total, "k": self._worst_k, "delta": in_words(self._worst_ns)}
        judged["bound"] = in_words(bound_ns)
        judged["said"] = f"The least bounds that would hold: Δ {judged['delta']}, k {self._worst_k}."
        return self._findings.result(judged, self._judged)

    # ---- desktops -------------------------------------------------------------------------------------------------

    def _commit(self, op: Op) -> None:
        if op.type != "ok" or op.node is None or op.rev is None or op.job is None:
            return
        job = self.ledger.truth.job(op.node, op.job)
        if job is None or (entry := job.entries.get(op.rev.n)) is None:
            return
        if job.store:
            self._stores.setdefault(op.node, job.store)
        for pair in self._pairs:
            if pair.screen.desktop != op.node:
                continue
            pair.stored(entry.commit.chunk, entry.n == job.revs[0])
            pair.screen.committed(job, entry, op.time_ns)
            if pair.since_ns is not None and op.job in pair.screen.pending:
                self._worst_k = max(self._worst_k, pair.screen.versions(job))

    def _recovered(self, op: Op) -> None:
        """A desktop starts; with another store, all that its former one held is void."""
        store = op.value.get("store") if isinstance(op.value, dict) else None
        if op.node is None or not isinstance(store, str) or not store:
            return
        former = self._stores.get(op.node)
        self._stores[op.node] = store
        if former is not None and former != store:
            for screen in (pair.screen for pair in self._pairs if pair.screen.desktop == op.node):
                screen.pending.clear()
                screen.shown.clear()

    def _jobs(self, desktop: str) -> Iterator[JobTruth]:
        store = self._stores.get(desktop)
        for (owner, _), job in self.ledger.truth.jobs.items():
            if owner == desktop and (not store or not job.store or job.store == store):
                yield job

    # ---- mobiles --------------------------------------------------------------------------------------------------

    def _observe(self, op: Op) -> None:
        sight = self.ledger.sight
        pair = self._by_mobile.get(op.node or "")
        if sight is None or pair is None:
            return
        if op.incarnation != pair.incarnation:  # started anew, if nobody said so
            pair.incarnation = op.incarnation
            pair.screen.enter(None, None)
        screen, kind = pair.screen, sight.seen.kind
        if kind in ("scope", "listed"):
            self._visit(pair, sight)
        elif op.job is None:
            return
        elif kind == "evict":
            screen.evicts(op.job)
        else:
            if kind == "remove":
                missing = screen.removes(op.job, sight.job, op.time_ns)
            else:
                missing = screen.shows(sight, revision_of(self.ledger, screen, sight))
            if missing is not None:
                self._judge(pair, missing, op.time_ns, op, "stale")

    def _visit(self, pair: Path, sight: Sight) -> None:
        op, screen = sight.op, pair.screen
        if sight.seen.kind == "scope":
            scope = sight.seen.set.get("scope")
            self._look(pair, op.time_ns, op, "stale")
            pair.touch(op.time_ns, faulty=False)
            screen.enter(scope if isinstance(scope, dict) else None, op)
        elif screen.scope is not None and screen.listed is None:
            self._look_at_list(pair, op.time_ns, op)
            screen.first_list(op, self._jobs(screen.desktop))
        pair.look(op)

    def _final(self, op: Op) -> None:
        pair = self._by_mobile.get(op.node or "")
        if pair is not None and isinstance(op.value, dict) and op.value.get("listed") is False:
            self._listless.add(pair.screen.mobile)

    # ---- the path -------------------------------------------------------------------------------------------------

    def _connection_changes(self, names: list[str], op: Op, sighting: Sighting | None) -> None:
        assert self._connections is not None
        pairs = [p for p in self._pairs if p.screen.mobile in names or p.screen.desktop in names]
        begins, heals = (sighting is None and op.f == f for f in ("fault-begin", "fault-heal"))
        grace_ns = _GRACE_NS[self._header.runtime == "sim"] if begins else 0
        at_ns = sighting.time_ns if sighting is not None else op.time_ns - grace_ns
        for pair in pairs:
            self._look(pair, at_ns, op, "stale")
            pair.touch(op.time_ns, faulty=begins or heals or _lost_an_event(op))
        if sighting is None:
            self._connections.feed(op)
        else:
            self._connections.sees(sighting)
        for pair in pairs:
            if sighting is None and op.f == "started" and op.node == pair.screen.mobile:
                pair.screen.enter(None, None)
            pair.look(op)

    def _overflow(self, op: Op) -> None:
        device = op.value.get("device") if isinstance(op.value, dict) else None
        pair = self._by_mobile.get(self._by_device.get(str(device).lower(), ""))
        if pair is not None:
            pair.spills(op.time_ns)

    # ---- judging --------------------------------------------------------------------------------------------------

    def _look(self, pair: Path, time_ns: int, op: Op, reason: str) -> None:
        """Everything that is missing at this moment is judged as if it were shown now."""
        self._look_at_list(pair, time_ns, op)
        if pair.since_ns is not None:
            for missing in list(pair.screen.pending.values()):
                self._judge(pair, missing, time_ns, op, reason)

    def _judge(self, pair: Path, missing: Missing, time_ns: int, op: Op, reason: str) -> None:
        if pair.since_ns is None:
            return
        self._judged.add(self.ledger.phase)
        start_ns = max(missing.from_ns, pair.since_ns)
        took_ns = time_ns - start_ns
        if took_ns <= 0:
            return
        self._worst_ns = max(self._worst_ns, took_ns)
        due_ns = pair.due_ns(missing, time_ns)
        if self._within_ns is not None:
            due_ns = start_ns + self._within_ns
        if time_ns > due_ns:
            self._add(pair, missing, op, reason, took_ns, due_ns - start_ns)

    def _add(self, pair: Path, missing: Missing, op: Op, reason: str, took_ns: int, bound_ns: int) -> None:
        screen, wrote, cause = pair.screen, missing.entry, pair.cause
        job, mobile = missing.job.job, screen.mobile
        shown = op.f == "observe" and op.node == mobile and op.job == job
        what = "shows it only" if shown else "does not show it even"

        def tell() -> Story:
            message = (
                f"{mobile} {what} {in_words(took_ns)} after it could: "
                f"revision {wrote.n} of job {job} ({wrote.commit.f}), committed at {self.ledger.at(wrote.op.time_ns)}; "
                f"the bound is {in_words(bound_ns)}"
            )
            story: list[tuple[Op | None, str]] = [(wrote.op, f"{screen.desktop} commits it")]
            if cause is not None and cause.time_ns > wrote.op.time_ns:
                story.append((cause, f"from here on nothing stands between {screen.desktop} and {mobile}"))
            story.append((op, f"{mobile} {'shows it' if shown else 'still does not show it'}"))
            bound = limit("until it is shown", mobile, op.time_ns - took_ns, bound_ns, op.time_ns if shown else None)
            return Story(message, {"job": job, "node": mobile, "story": told(story), **bound})

        proof = [wrote.op, *([cause] if cause is not None and cause.time_ns > wrote.op.time_ns else []), op]
        self._findings.add(reason, op, proof, tell)

    def _look_at_list(self, pair: Path, time_ns: int, op: Op) -> None:
        screen, due_ns = pair.screen, pair.list_due_ns
        if due_ns is None or screen.opened is None:
            return
        self._judged.add(self.ledger.phase)
        if time_ns > due_ns:
            self._late_lists.setdefault(screen.mobile, (screen.opened, op))

    def _judge_list(self, mobile: str, opened: Op, op: Op) -> None:
        """Of a mobile that never journals `listed`, nothing is known; unless it says that it was not."""
        if not self._by_mobile[mobile].screen.ever_listed and mobile not in self._listless:
            return

        def tell() -> Story:
            came = op.node == mobile and isinstance(op.value, dict) and op.value.get("kind") == "listed"
            until = (
                f"merged its first list only at {self.ledger.at(op.time_ns)}"
                if came
                else (f"had not merged its first list by {self.ledger.at(op.time_ns)}")
            )
            message = f"{mobile} opened a scope at {self.ledger.at(opened.time_ns)} and {until}, long past its bound"
            story = told([(opened, f"{mobile} opens its scope"), (op, f"{mobile} {until}")])
            return Story(message, {"node": mobile, "story": story})

        self._findings.add("first-list-late", op, [opened, op], tell)


def _paths(header: Header, limits: Bounds | None, connections: Connections | None) -> Iterator[Path]:
    """One for every mobile that has a desktop."""
    blind = not any(n.get("role") == "relay" and n.get("level") == Level.L2 for n in header.nodes.values())
    for name, node in header.nodes.items():
        desktop = active_desktop(header, name) if node.get("role") == "mobile" else None
        described = header.nodes.get(desktop, {}) if desktop is not None else {}
        if (
            limits is not None
            and connections is not None
            and desktop is not None
            and described.get("role") == "desktop"
        ):
            yield Path(Screen(name, desktop), limits, connections, blind)


def _lost_an_event(op: Op) -> bool:
    """A link that stays registered and gives a reason has dropped what fits into no frame."""
    value = op.value if op.f == "link" and isinstance(op.value, dict) else {}
    return value.get("state") == "registered" and value.get("reason") is not None


def _not_judged(message: str) -> CheckResult:
    return CheckResult(check=CHECKER.NAME, verdict=None, message=message)
