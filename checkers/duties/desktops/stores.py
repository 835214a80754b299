"""What a desktop owes to its commits: the run's time on each, an event for each, and the rows that they add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from checkers.past.ledger import jobs_of
from checkers.past.truth import NOT_CONTENT, JobTruth, Truth
from checkers.traffic.bounds import bounds
from checkers.traffic.merged import said
from harness.history import TERMINAL_STATUSES, Header, Op, text_digest

_STAMPS = ("createdAt", "startTime", "endTime", "updatedAt")
_SURE_NS = 50_000_000  # in the simulator a commit is stamped as it begins
_BUSY_NS = 2_500_000_000
_NO_CLOCK_MS = 10**11  # what is below counts something else
_BUSES = ("local", "link")
_ENDED = tuple(TERMINAL_STATUSES)


def speakers(header: Header) -> set[str]:
    """Nodes that tell all that they do."""
    levels = {name: node.get("level") for name, node in header.nodes.items()}
    return {name for name, level in levels.items() if isinstance(level, int) and level >= 2}


class Clocks:
    """A desktop's wall clock goes with the run's, unless a fault set it."""

    def __init__(self, header: Header) -> None:
        self._slack_ns = _SURE_NS if header.runtime == "sim" else _BUSY_NS
        self._offset_ns: dict[str, int] = {}  # desktop → wall clock minus the run's
        self._wrong: set[str] = set()
        self._doubts: list[tuple[Op, str]] = []

    def fault(self, op: Op) -> None:
        """A fault may be at work before it is recorded, where time is real."""
        nodes = said(op).get("nodes")
        if said(op).get("action") == "clock" and isinstance(nodes, list):
            self._wrong.update(map(str, nodes))
            since_ns = op.time_ns - self._slack_ns
            self._doubts = [(c, why) for c, why in self._doubts if c.node not in nodes or c.time_ns < since_ns]

    def commit(self, op: Op, changed: Mapping[str, Any]) -> None:
        """Fed every commit that begins, with what it changes."""
        if (why := self._off(str(op.node), op, changed)) is not None:
            self._doubts.append((op, why))

    def wrong(self) -> list[tuple[Op, str]]:
        """At the end: commits, and what is wrong with their stamps."""
        return self._doubts

    def _off(self, desktop: str, op: Op, changed: Mapping[str, Any]) -> str | None:
        if desktop in self._wrong:
            return None
        for name in _STAMPS:
            stamp = changed.get(name)
            if not isinstance(stamp, int) or stamp <= _NO_CLOCK_MS:
                continue
            at_ns = stamp * 1_000_000 - op.time_ns
            off_ns = at_ns - self._offset_ns.setdefault(desktop, at_ns)
            if abs(off_ns) > self._slack_ns:
                way = "late" if off_ns > 0 else "early"
                return f"with a {name} that is {abs(off_ns) / 1e9:.3g} s too {way}"
        return None


class Tellings:
    """Events of commits, on the local bus and to the link. A desktop that journals none is not judged."""

    def __init__(self, header: Header) -> None:
        limits = bounds(header)
        self._within_ns = limits.event_ns if limits is not None else 2_000_000_000
        self._speaks = speakers(header)
        self.owed: dict[tuple[str, int, str], Op] = {}  # (desktop, revision, bus) → its commit, in order of time
        self._ill: dict[str, int] = {}

    def committed(self, op: Op, n: int) -> None:
        if op.node in self._speaks and not self._ill.get(op.node or ""):
            for bus in _BUSES:
                self.owed[str(op.node), n, bus] = op

    def emitted(self, op: Op) -> None:
        line = said(op)
        rev = line.get("rev")
        if isinstance(rev, int):
            self.owed.pop((str(op.node), rev, str(line.get("bus"))), None)

    def forget(self, desktop: str) -> None:
        """It was started anew: what it had not told is told by its first head."""
        for key in [key for key in self.owed if key[0] == desktop]:
            del self.owed[key]

    def fault(self, op: Op) -> None:
        nodes = said(op).get("nodes")
        for node in map(str, nodes if isinstance(nodes, list) else []):
            self._ill[node] = max(0, self._ill.get(node, 0) + (1 if op.f == "fault-begin" else -1))
            self.forget(node)

    def late(self, now_ns: int) -> Iterator[tuple[Op, str]]:
        while self.owed:
            key, op = next(iter(self.owed.items()))
            if now_ns - op.time_ns <= self._within_ns:
                return
            del self.owed[key]
            yield op, key[2]


class Rows:
    """What desktops store in the end."""

    def __init__(self, header: Header) -> None:
        self._finals: dict[str, Op] = {}
        self._whole = speakers(header)

    def final(self, op: Op) -> None:
        self._finals[str(op.node)] = op

    def wrong(self, truth: Truth) -> Iterator[tuple[Op, str, str | None]]:
        """Every job that is stored, or should be: the final op, the job, what is wrong with it (None: nothing)."""
        for desktop, op in self._finals.items():
            state = said(op)
            if not isinstance(state.get("jobs"), dict):
                continue
            stored, store = jobs_of(state), state.get("store")
            for (owner, job), known in truth.jobs.items():
                if owner == desktop and known.revs and (known.store in ("", store) or not store) and _settled(known):
                    row = stored.get(job)
                    wrong = _difference(known, row, job)
                    yield op, job, wrong if wrong or desktop not in self._whole else _undated(known, row, job)


def _settled(job: JobTruth) -> bool:
    return all(entry.state == "ok" for entry in job.entries.values())


def _difference(job: JobTruth, row: dict[str, Any] | None, name: str) -> str | None:
    if job.deleted is not None:
        return f"stores job {name}, which it deleted" if row is not None else None
    if row is None:
        return f"does not store job {name}, which it created"
    n = job.revs[-1]
    for column, versions in job.columns():
        if column not in NOT_CONTENT and versions.at(n) != row.get(column):
            return f"stores another {column} of job {name} than it committed"
    text, place = row.get("response"), job.text_at(n)
    if isinstance(text, str) and place is not None:
        size, digest = len(text.encode(errors="replace")), text_digest(text.encode(errors="replace"))
        if (size, digest) != (place[1], job.attempts[place[0]].digest_at(place[1])):
            return f"stores another text of job {name} than it committed"
    return None


def _undated(job: JobTruth, row: dict[str, Any] | None, name: str) -> str | None:
    """Its last attempt began to run and ended, so the row tells when; asked of a desktop that shows the whole row."""
    if row is None:
        return None
    ran = ended = False
    for n in job.revs:
        commit = job.entries[n].commit
        status, again = commit.set.get("status"), commit.f == "retry"
        ran = status == "running" or (ran and not again)
        ended = status in _ENDED or (ended and not again)
    due = (("startTime", ran), ("endTime", ended), ("durationMs", ran and ended))
    lacking = next((column for column, is_due in due if is_due and row.get(column) is None), None)
    return f"stores no {lacking} of job {name}" if lacking is not None else None
