"""How long it takes from a desktop's action to the replica that shows it: a report, beside what the document promises.

Measured is every commit that a replica shows in an open scope whose first list is merged, from the moment the desktop
begins to write it. *Hit*: an event brought it. *Miss*: a fetch did. A commit is *calm* when both connections were
surely live before it, and no fault touched them until it was shown; else it is *disturbed*.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Sight, active_desktop
from checkers.past.phases import Counted
from checkers.past.truth import Entry
from checkers.traffic.bounds import in_words, within_ns
from checkers.traffic.connections import Connections, OverConnections
from checkers.words.findings import Findings, Story, limit, told
from harness.history import Header, Op
from harness.verdict import CheckResult

DOCUMENTED = {"hit": "50–150 ms", "miss": "200–500 ms"}  # "Total Latency"; "Cache miss"
_PERCENTILES = (1, 50, 99)


class _Latency:
    NAME = "latency"
    GUARANTEE = (
        "A report of how long actions of a desktop take to reach the replicas; when a plan says `within`, every event "
        "that nothing disturbs is shown within it."
    )
    NEEDS = Level.L1
    FEEDS: frozenset[str] | None = Connections.FEEDS | {"commit", "observe"}
    REASONS: Mapping[str, str] = {"slow": "A calm event was shown later than the plan allows."}
    EXAMPLE = "{check: latency, within: 150ms}"
    ANOMALY = "d:up m:up m:scope(s1) m:listed d:+a @2 m:a=1(event:1)"
    INNOCENT = "d:up m:up m:scope(s1) m:listed d:+a m:a=1(event:1)"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header, within_ns(params))


CHECKER: Checker = _Latency()


class _Judge(OverConnections):
    def __init__(self, header: Header, within_ns: int | None) -> None:
        super().__init__(header)
        self._within_ns = within_ns
        self._findings = Findings(CHECKER.NAME)
        self._desktops = {name: active_desktop(header, name) for name in header.nodes}
        self._begun: dict[tuple[str, int], Op] = {}
        self._shown: dict[tuple[str, str], int] = {}  # (mobile, job) → revision
        self._listed: dict[str, int | None] = {}
        self._took: dict[str, list[int]] = {}
        self._judged = Counted("commits shown", "no commit was shown by an open screen")

    def feed(self, op: Op) -> None:
        if self._connections is not None:
            for sighting in self._connections.due(op.time_ns):
                self._connections.sees(sighting)
        if op.f == "commit":
            if op.type == "invoke" and op.node is not None and op.rev is not None:
                self._begun[op.node, op.rev.n] = op
        elif op.f == "observe":
            sight = self.ledger.sight
            if sight is not None and op.node is not None:
                self._observe(op.node, sight)
        elif self._connections is not None:
            self._connections.feed(op)

    def finish(self) -> CheckResult:
        report: dict[str, Any] = {}
        for name in sorted(self._took):
            took = sorted(self._took[name])
            marks = {f"p{p}": in_words(took[min(len(took) - 1, len(took) * p // 100)]) for p in _PERCENTILES}
            report[name] = {"n": len(took), **marks}
        if not report:
            report["measured"] = "nothing: no commit was shown by an open screen"
        return self._findings.result({**report, "document": DOCUMENTED, "said": _said(report)}, self._judged)

    def _observe(self, mobile: str, sight: Sight) -> None:
        op, kind = sight.op, sight.seen.kind
        if kind == "scope":
            self._listed[mobile] = None
            self._shown = {key: n for key, n in self._shown.items() if key[0] != mobile}
        elif kind == "listed":
            self._listed[mobile] = op.time_ns
        elif kind == "evict":
            self._shown.pop((mobile, op.job or ""), None)
        elif sight.job is not None and op.rev is not None and sight.job.desktop == self._desktops.get(mobile):
            self._measure(mobile, sight, op.rev.n)

    def _measure(self, mobile: str, sight: Sight, n: int) -> None:
        job = sight.job
        assert job is not None
        key, since_ns = (mobile, job.job), self._listed.get(mobile)
        shown = self._shown.get(key, 0)
        self._shown[key] = max(shown, n)
        if since_ns is None:
            return
        revs = job.revs
        for m in revs[bisect_right(revs, shown) : bisect_right(revs, n)]:
            begun = self._begun.get((job.desktop, m))
            if begun is not None and since_ns <= begun.time_ns <= sight.op.time_ns and job.entries[m].state == "ok":
                self._took_so_long(mobile, job.entries[m], begun, sight.op)

    def _took_so_long(self, mobile: str, entry: Entry, begun: Op, op: Op) -> None:
        took_ns = op.time_ns - begun.time_ns
        self._judged.add(self.ledger.phase)
        way = "hit" if (op.cause or "").startswith("event:") else "miss"
        calm = all(self._calm(name, begun.time_ns) for name in (mobile, begun.node or ""))
        self._took.setdefault(f"{way}, {'calm' if calm else 'disturbed'}", []).append(took_ns)
        if self._within_ns is not None and way == "hit" and calm and took_ns > self._within_ns:
            self._slow(mobile, entry, begun, op, took_ns, self._within_ns)

    def _calm(self, name: str, since_ns: int) -> bool:
        client = self._connections.clients.get(name) if self._connections is not None else None
        if client is None or client.live_ns is None or client.faults:
            return False
        return client.live_ns <= since_ns

    def _slow(self, mobile: str, entry: Entry, begun: Op, op: Op, took_ns: int, within_ns: int) -> None:
        def tell() -> Story:
            took, allowed = in_words(took_ns), in_words(within_ns)
            message = f"{mobile} showed {entry.commit.f} of job {op.job} after {took}; the plan allows {allowed}"
            story = told([(begun, f"{begun.node} begins to write it"), (op, f"{mobile} shows it {took} later")])
            bound = limit("until it is shown", mobile, begun.time_ns, within_ns, op.time_ns)
            return Story(message, {"job": op.job, "node": mobile, "story": story, **bound})

        self._findings.add("slow", op, [begun, op], tell)


def _said(report: dict[str, Any]) -> str:
    """The report in a sentence."""
    rows = [
        f"{name}: {', '.join(f'{k} {v}' for k, v in row.items())}" for name, row in report.items() if name != "measured"
    ]
    promised = ", ".join(f"{way} {text}" for way, text in DOCUMENTED.items())
    return f"Measured: {'; '.join(rows) or report['measured']} (the document says: {promised})."
