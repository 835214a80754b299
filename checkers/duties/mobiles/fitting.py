"""Events that fit what a screen shows, and rows that are newer than it: they are shown, at once."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter

import msgspec

from checkers.past.ledger import Sight
from checkers.past.scope import in_scope
from checkers.past.truth import JobTruth
from checkers.traffic.merged import Merged, said
from checkers.traffic.phones import Phone, Phones
from checkers.words.findings import Findings, Moment, Story, told
from harness.history import Op, Tap

_AT_ONCE_NS = 10_000_000
DELETED = "job:deleted"
_IN_PLACE = ("append", "patch")


class Emitted(msgspec.Struct, gc=False):
    """An event as its desktop handed it to its link: it follows revision `prev` of its job (0: nothing)."""

    job: str
    store: str
    rev: int
    prev: int
    op: Op


class Due(msgspec.Struct, gc=False):
    """An event that fits, or a newer row, delivered and not shown yet. `shown`: what there was before it."""

    event: Emitted
    shown: Op
    since_ns: int
    reason: str


class Fitting:
    def __init__(self, judge: Merged, phones: Phones, findings: Findings) -> None:
        self._judge, self._phones, self._findings = judge, phones, findings
        at_once_ns = _AT_ONCE_NS + 4 * judge.slack_ns
        self._within_ns = {  # an event that comes while a fetch of its job waits for what else may come waits with it
            "not-applied": at_once_ns + judge.ns("coalesce_max_s"),
            "row-not-shown": at_once_ns,
        }
        self._events: dict[str, dict[str, Emitted]] = {}  # desktop → message → event
        self._shown: dict[tuple[str, str], tuple[int, Op]] = {}  # (node, job) → revision, if it is known
        self._removed: dict[tuple[str, str], Op] = {}
        self._told_gone: set[tuple[str, str]] = set()  # (node, job): heard of its deletion, shown or not
        self._due: dict[tuple[str, str], Due] = {}
        self._early: dict[tuple[str, str], list[tuple[Phone, Tap]]] = {}  # (desktop, message) → seen before it is told
        self._asked: dict[str, Op] = {}  # correlation id → the begin of a fetch of a row
        self.judged: Counter[str] = Counter()

    # ---- desktops ---------------------------------------------------------------------------------------------------

    def emitted(self, op: Op) -> None:
        line, desktop = said(op), op.node or ""
        rev, job = line.get("rev"), line.get("job")
        if line.get("bus") != "link" or "bare" in line or not isinstance(rev, int) or not isinstance(job, str):
            return
        truth = self._judge.ledger.truth.job(desktop, job)
        if truth is None:
            return
        prev, msg = _before(truth, rev), line.get("msg")
        self._events.setdefault(desktop, {})[str(msg)] = Emitted(job, truth.store, rev, prev, op)
        for phone, tap in self._early.pop((desktop, str(msg)), ()):
            self.wire(phone, tap)

    def batch(self, op: Op) -> None:
        """It follows what its first chunk follows."""
        line, events = said(op), self._events.get(op.node or "", {})
        revs, last = line.get("revs"), events.get(str(line.get("msg")))
        truth = self._judge.ledger.truth.job(op.node or "", str(line.get("job")))
        if isinstance(revs, list) and revs and isinstance(revs[0], int) and last is not None and truth is not None:
            prev = _before(truth, revs[0])
            events[str(line.get("msg"))] = Emitted(last.job, last.store, last.rev, prev, last.op)

    # ---- what is shown ----------------------------------------------------------------------------------------------

    def seen(self, phone: Phone, sight: Sight) -> None:
        op, kind = sight.op, sight.seen.kind
        if kind in ("scope", "listed"):
            if kind == "scope":
                self.forget(phone.node)
            return
        key = (phone.node, op.job or "")
        if kind in _IN_PLACE:
            self._follows(phone, sight, key)
        if kind in ("remove", "evict"):
            self._shown.pop(key, None)
            self._due.pop(key, None)
            if kind == "remove":
                self._removed[key] = op
            return
        if op.rev is None:
            self._shown.pop(key, None)
            self._due.pop(key, None)
            return
        self._shown[key] = (op.rev.n, op)
        due = self._due.get(key)
        if due is not None and op.rev.n > due.event.prev:  # it may show a part of a batch, which then follows no more
            del self._due[key]

    def _follows(self, phone: Phone, sight: Sight, key: tuple[str, str]) -> None:
        op, held = sight.op, self._shown.get(key)
        kind, _, msg = (op.cause or "").partition(":")
        event = self._events.get(phone.desktop or "", {}).get(msg) if kind == "event" else None
        if event is None or held is None or op.rev is None or event.rev != op.rev.n or not phone.hardened:
            return
        self.judged["applied"] += 1
        if event.prev != held[0]:
            what = f"applied revision {event.rev}, which follows {event.prev}, to revision {held[0]}"
            self._add("does-not-follow", phone, op, event, held[1], what, op.time_ns)

    def forget(self, node: str) -> None:
        for table in (self._shown, self._removed, self._due):
            for key in [key for key in table if key[0] == node]:
                del table[key]

    def void(self, node: str) -> None:
        """Its link is gone, or it cannot run: nothing is due at once."""
        for key in [key for key in self._due if key[0] == node]:
            del self._due[key]

    # ---- what comes -------------------------------------------------------------------------------------------------

    def wire(self, phone: Phone, tap: Tap) -> None:
        if tap.type == DELETED and tap.job is not None:
            self._told_gone.add((phone.node, tap.job))
        if not phone.hardened or not (phone.watching and phone.listed) or phone.disturbed or tap.job is None:
            return
        event = self._events.get(phone.desktop or "", {}).get(tap.msg or "")
        key = (phone.node, tap.job)
        held = self._shown.get(key)
        if event is None and self._judge.ledger.emitted.event(phone.desktop, tap.msg or "") is not None:
            self._early.setdefault((phone.desktop or "", tap.msg or ""), []).append((phone, tap))
        if event is None or held is None or event.prev != held[0] or not self._phones.current(phone, tap):
            return
        self.judged["fits"] += 1
        self._due.setdefault(key, Due(event, held[1], tap.time_ns, "not-applied"))

    def expire(self, now_ns: int) -> None:
        if not self._due:
            return
        for key in [key for key, due in self._due.items() if now_ns > due.since_ns + self._within_ns[due.reason]]:
            due, phone = self._due.pop(key), self._phones.by_node[key[0]]
            came = "was delivered revision {}, which follows what it shows,"
            came = came if due.reason == "not-applied" else "fetched revision {}, which is newer than what it shows,"
            what = f"{came.format(due.event.rev)} and did not show it"
            self._add(due.reason, phone, due.event.op, due.event, due.shown, what, due.since_ns)

    # ---- rows -------------------------------------------------------------------------------------------------------

    def fetch(self, phone: Phone, op: Op) -> None:
        line = said(op)
        if line.get("what") != "get":
            return
        corr = str(line.get("corr"))
        if line.get("phase") == "begin":
            self._asked[corr] = op
            return
        begun, as_of = self._asked.pop(corr, None), line.get("asOf")
        if begun is None or line.get("phase") != "ok" or not isinstance(as_of, int):
            return
        if said(begun).get("visit") == phone.visit and phone.open and phone.hardened:
            self._row(phone, op, str(line.get("job")), as_of)

    def _row(self, phone: Phone, op: Op, job: str, as_of: int) -> None:
        truth = self._judge.ledger.truth.job(phone.desktop or "", job)
        key = (phone.node, job)
        if truth is None or not self._here(phone, truth, as_of) or key in self._removed:
            return
        if key in self._told_gone and truth.deleted is not None and truth.deleted.n > as_of:
            return  # it had never shown the job, so nobody saw it go; the row is older than that
        at = bisect_right(truth.revs, as_of)
        if not at or (truth.deleted is not None and truth.deleted.n <= as_of):
            return
        rev, entry = truth.revs[at - 1], truth.entries[truth.revs[at - 1]]
        held = self._shown.get(key)
        self.judged["rows"] += 1
        if held is not None and held[0] >= rev:
            return
        event = Emitted(job, truth.store, rev, 0, entry.op)
        self._due[key] = Due(event, held[1] if held is not None else op, op.time_ns, "row-not-shown")

    def _here(self, phone: Phone, truth: JobTruth, n: int) -> bool:
        ledger = self._judge.ledger
        scope = ledger.scopes.get((phone.node, ledger.incarnations.get(phone.node, 0)), {})
        row = {name: truth.value_at(name, n) for name in ("sessionId", "projectHash")}
        return in_scope(row, scope)

    # ---- words ------------------------------------------------------------------------------------------------------

    def _add(self, reason: str, phone: Phone, op: Op, event: Emitted, held: Op, what: str, at_ns: int) -> None:
        ops = list({o.index: o for o in (event.op, held, op)}.values())

        def tell() -> Story:
            message = f"at {self._judge.ledger.at(at_ns)} {phone.node} {what} (job {event.job})"
            story: list[tuple[Op | Moment, str]] = [
                (event.op, f"revision {event.rev} of job {event.job} is on its way"),
                (held, f"{phone.node} shows what it has of it"),
                (op if op is not event.op else Moment(at_ns, phone.node), f"{phone.node} {what}"),
            ]
            story.sort(key=lambda item: item[0].time_ns)
            return Story(message, {"job": event.job, "node": phone.node, "story": told(story)})

        self._findings.add(reason, op, ops, tell)


def _before(truth: JobTruth, rev: int) -> int:
    """The job's revision before this one; 0: there is none."""
    revs = truth.revs
    if revs and revs[-1] == rev:  # as a rule it is the latest
        return revs[-2] if len(revs) > 1 else 0
    at = bisect_right(revs, rev - 1)
    return revs[at - 1] if at else 0
