"""At the end, every open screen shows what its desktop stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader, active_desktop, jobs_of
from checkers.past.phases import Counted, Phase
from checkers.past.scope import in_scope
from checkers.past.truth import Entry, JobTruth
from checkers.traffic.bounds import bounds, in_words
from checkers.traffic.together import Together
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import apart, detail, how, innermost, size, value
from harness.history import Header, Op
from harness.verdict import CheckResult, Verdict

_TOKENS = frozenset({"tokensSent", "tokensReceived", "cacheReadTokens", "cacheWriteTokens"})
_STATUS = frozenset({"status", "startTime", "endTime", "subStatusMessage"})
# What the event of each kind of commit carries in `documented`; of the rest no replica can know before a refresh.
_CARRIED: Mapping[str, frozenset[str]] = {
    "status": _STATUS,
    "cancel": frozenset({"status", "endTime"}),
    "retry": frozenset({"status"}),
    "progress": frozenset({"metadata"}),
    "tokens": _TOKENS,
    "cost": frozenset({"actualCost", "isFinalized"}),
    "chunk": frozenset({"response"}),
    "error": frozenset({"errorDetails"}),
    "finalize": frozenset({"status", "response", "actualCost"}) | _TOKENS,
    "metadata": frozenset({"metadata"}),
}
_NEVER_CARRIED = frozenset({"updatedAt", "durationMs", "errorMessage", "modelUsed"})
_SCREENS = frozenset({"open", "switch", "foreground", "list"})  # what brings a whole screen anew
_CALLS = _SCREENS | {"get", "cancel", "delete", "status", "chunk", "progress", "tokens", "cost", "metadata", "error"}
_RANK = ("wrong-text", "missing-job", "extra-job", "stale-field")


class _Convergence:
    NAME = "convergence"
    GUARANTEE = (
        "When all faults are healed, every foregrounded mobile with an open scope shows exactly its desktop's jobs of "
        "that scope, field by field and text by text."
    )
    NEEDS = Level.L0
    FEEDS: frozenset[str] | None = frozenset({"final", "link", "commit", "fault-heal", *_CALLS})
    REASONS: Mapping[str, str] = {
        "wrong-text": "A response differs from the desktop's.",
        "missing-job": "A job of the scope is not shown.",
        "extra-job": "A job is shown that the desktop does not have in that scope.",
        "stale-field": "A field differs from the desktop's.",
        "no-final": "A node's final state could not be read.",
        "apart": "Since the last change both ends were never connected at one time for as long as a list takes.",
    }
    EXAMPLE = "convergence"
    ANOMALY = 'd:+a d:a"Hi" m:a=1 m:final d:final'
    INNOCENT = 'd:+a d:a"Hi" m:a=1 m:a@2 m:final d:final'

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)

    def settled(self, header: Header, states: Mapping[str, Any]) -> bool:
        """Nothing is left to wait for: clients are registered, first lists merged, and all rows are equal."""
        if not all(_ready(state) for state in states.values()):
            return False
        pairs = (p for name in header.nodes if (p := _pair(header, states, name)) is not None)
        return not any(_differs(pair, job) for pair in pairs for job in pair.jobs)


CHECKER: Checker = _Convergence()


@dataclass(slots=True, frozen=True)
class _Pair:
    """A mobile to be judged: its desktop's rows in its scope, and the rows it shows."""

    mobile: str
    desktop: str
    expected: dict[str, dict[str, Any]]
    shown: dict[str, dict[str, Any]]
    documented: bool  # only what an event carries reaches the replica

    @property
    def jobs(self) -> list[str]:
        return sorted({**self.expected, **self.shown})


@dataclass(slots=True, frozen=True)
class _Difference:
    """One job that a mobile shows otherwise than its desktop stores it."""

    reason: str
    job: str
    field: str
    expected: Any
    shown: Any


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._header = header
        self._finals: dict[str, Op] = {}
        self._asked: set[tuple[str | None, str | None]] = set()  # (node, job) of calls since the first fault
        self._together = Together()
        self._changed: dict[str | None, int] = {}  # node → when it last wrote, or began a screen; None: the last heal

    def feed(self, op: Op) -> None:
        if op.f == "final":
            if op.node is not None:
                self._finals[op.node] = op
        elif op.f == "link":
            self._together.feed(op)
        elif op.f in ("commit", "fault-heal"):
            self._changed[op.node if op.f == "commit" else None] = op.time_ns
        else:
            if op.f in _SCREENS:
                self._changed[op.node] = op.time_ns
            if self.ledger.phases.first_ns is not None:
                self._asked.add((op.node, None if op.f in _SCREENS else op.job))

    def finish(self) -> CheckResult:
        states = {node: op.value for node, op in self._finals.items()}
        if missing := self._unread():
            message = f"no final state of {', '.join(missing)} could be read"
            return CheckResult(check=CHECKER.NAME, verdict=Verdict.UNKNOWN, reason="no-final", message=message)
        pairs = [p for name in self._header.nodes if (p := _pair(self._header, states, name)) is not None]
        if not pairs:
            counted = Counted("jobs on screens", "no foregrounded mobile had an open scope at the end")
            return Findings(CHECKER.NAME).result({}, counted)
        findings = Findings(CHECKER.NAME)
        found = [(p, d) for p in pairs for job in p.jobs if (d := _differs(p, job, self._truth(p, job))) is not None]
        apart = {pair.mobile: why for pair in pairs if (why := self._apart(pair)) is not None}
        excused = [(p, d) for p, d in found if p.mobile in apart and _is_behind(d)]
        for pair, difference in sorted(found, key=lambda item: _RANK.index(item[1].reason)):
            if (pair, difference) not in excused:
                self._add(findings, pair.mobile, pair.desktop, difference)
        if excused and len(excused) == len(found):
            message = "; ".join(dict.fromkeys(apart[pair.mobile] for pair, _ in excused))
            return CheckResult(check=CHECKER.NAME, verdict=Verdict.UNKNOWN, reason="apart", message=message)
        counted = Counted(
            "jobs on screens", "in the end no open screen had a job to show, and its desktop none in that scope"
        )
        for pair in pairs:
            for job in {*pair.jobs, *self._removed(pair)}:
                counted.add(self._at_stake(pair, job))
        return findings.result({"mobiles": [p.mobile for p in pairs], "jobs": counted.total}, counted)

    def _apart(self, pair: _Pair) -> str | None:
        """Why nobody can ask of this mobile that it shows what is new: both ends come and go (short tokens beside a
        long back-off, say) and never meet for as long as a list takes. None: they met."""
        limits = bounds(self._header)
        if limits is None:
            return None
        since_ns = max((self._changed.get(who, 0) for who in (None, pair.mobile, pair.desktop)), default=0)
        needed_ns = limits.one_fetch_ns(1, limits.event_ns)
        until_ns = self._finals[pair.mobile].time_ns
        met_ns = self._together.longest_ns(pair.mobile, pair.desktop, since_ns, until_ns)
        if until_ns - since_ns < needed_ns or met_ns >= needed_ns:  # a run that is over at once has another doubt
            return None
        return (
            f"between the last change, at {self.ledger.at(since_ns)}, and the end {pair.mobile} and {pair.desktop} "
            f"were connected at the same time for {in_words(max(0, met_ns))} at most; "
            f"a list may take {in_words(needed_ns)}"
        )

    def _removed(self, pair: _Pair) -> set[str]:
        """Jobs that the mobile showed and then took from its screen: that they stayed away is something judged."""
        replica = (pair.mobile, self.ledger.incarnations.get(pair.mobile, 0))
        seen = self.ledger.last_seen.items()
        return {job for (whose, job), sight in seen if whose == replica and sight.seen.kind == "remove"}

    def _at_stake(self, pair: _Pair, job: str) -> Phase:
        """What was written and shown before the first fault, and nobody asked for since, no fault could spoil."""
        first_ns, truth = self.ledger.phases.first_ns, self._truth(pair, job)
        if first_ns is None:
            return "before"
        asked = {(pair.mobile, None), (pair.mobile, job), (pair.desktop, job)}
        if truth is None or not truth.revs or asked & self._asked:
            return "after"
        last = self.ledger.last_seen.get(((pair.mobile, self.ledger.incarnations.get(pair.mobile, 0)), job))
        moved = [truth.entries[truth.revs[-1]].op.time_ns, *([last.op.time_ns] if last is not None else [])]
        return "after" if max(moved) >= first_ns else "before"

    def _unread(self) -> list[str]:
        """Desktops and mobiles whose final state is not in the history."""
        clients = (n for n, node in self._header.nodes.items() if node.get("role") in ("desktop", "mobile"))
        return [n for n in clients if n not in self._finals or not isinstance(self._finals[n].value, dict)]

    def _truth(self, pair: _Pair, job: str) -> JobTruth | None:
        return self.ledger.truth.job(pair.desktop, job)

    def _add(self, findings: Findings, mobile: str, desktop: str, difference: _Difference) -> None:
        truth = self.ledger.truth.job(desktop, difference.job)
        wrote = (truth.deleted or truth.last_change(difference.field)) if truth is not None else None
        if truth is not None and difference.reason == "missing-job" and truth.revs:
            wrote = truth.entries[truth.revs[0]]
        last = self.ledger.last_seen.get(((mobile, self.ledger.incarnations.get(mobile, 0)), difference.job))
        finals = [self._finals[desktop], self._finals[mobile]]
        proof = [*([wrote.op] if wrote else []), *([last.op] if last else []), *finals]

        def tell() -> Story:
            story: list[tuple[Op | None, str]] = []
            if wrote is not None:
                story.append((wrote.op, f"{desktop} {_wrote(wrote, difference)}"))
            if last is not None:
                story.append((last.op, f"the last that {mobile} showed of it: {last.seen.kind} {how(last.op)}".strip()))
            story.sort(key=lambda item: item[0].time_ns if item[0] is not None else 0)
            story += [(finals[0], f"{desktop} {_stores(difference)}"), (finals[1], f"{mobile} {_shows(difference)}")]
            texts = difference.reason == "wrong-text"
            details = {
                "job": difference.job,
                "node": mobile,
                "field": difference.field,
                "expected": None if texts else difference.expected,
                "shown": None if texts else difference.shown,
                "expected_text": detail(difference.expected) if texts else None,
                "shown_text": detail(difference.shown) if texts else None,
                "story": told(story),
            }
            return Story(_headline(mobile, desktop, difference), {k: v for k, v in details.items() if v is not None})

        findings.add(difference.reason, finals[1], proof, tell)


# ---- comparing ------------------------------------------------------------------------------------------------------


def _pair(header: Header, states: Mapping[str, Any], mobile: str) -> _Pair | None:
    """What is to be compared for this node; None for one that is no mobile, or has no screen open."""
    state, desktop = states.get(mobile), active_desktop(header, mobile)
    if header.nodes.get(mobile, {}).get("role") != "mobile" or not isinstance(state, dict) or desktop is None:
        return None
    scope = state.get("scope")
    if not isinstance(scope, dict) or not scope or not state.get("foreground", True) or desktop not in states:
        return None
    expected = {job: row for job, row in jobs_of(states[desktop]).items() if in_scope(row, scope)}
    profiles = [header.nodes.get(node, {}).get("profile") or header.profile for node in (mobile, desktop)]
    return _Pair(mobile, desktop, expected, jobs_of(state), "documented" in profiles)


def _differs(pair: _Pair, job: str, truth: JobTruth | None = None) -> _Difference | None:
    """The first difference of one job, the text before other fields."""
    expected, row = pair.expected.get(job), pair.shown.get(job)
    if row is None:
        return _Difference("missing-job", job, "response", (expected or {}).get("status"), None)
    if expected is None:
        return _Difference("extra-job", job, "response", None, row.get("status"))
    for name in sorted({**expected, **row}, key=lambda k: (k != "response", k != "status", k)):
        right, seen = expected.get(name), row.get(name)
        if name == "response":
            right, seen = right or "", seen or ""
        if right == seen or name == "sync" or (pair.documented and not _carried(name, truth)):
            continue
        return _Difference("wrong-text" if name == "response" else "stale-field", job, name, right, seen)
    return None


def _is_behind(difference: _Difference) -> bool:
    """Could more time mend it? A text that is no beginning of the right one is wrong whenever it is shown."""
    if difference.reason != "wrong-text":
        return True
    return isinstance(difference.expected, str) and difference.expected.startswith(difference.shown or "")


def _carried(name: str, truth: JobTruth | None) -> bool:
    """Did an event carry the latest change of this column? Without commits to ask: could one?"""
    if name in _NEVER_CARRIED:
        return False
    change = truth.last_change(name) if truth is not None else None
    return change is None or name in _CARRIED.get(change.commit.f, {name})


def _ready(state: object) -> bool:
    if not isinstance(state, dict):
        return False
    on_screen = state.get("foreground", True) and state.get("scope")
    return bool(state.get("registered", True) or not state.get("foreground", True)) and bool(
        state.get("listed", True) or not on_screen
    )


# ---- words ----------------------------------------------------------------------------------------------------------


def _headline(mobile: str, desktop: str, difference: _Difference) -> str:
    job, field = difference.job, difference.field
    if difference.reason == "wrong-text":
        right, wrong = apart(str(difference.expected), str(difference.shown))
        sizes = [size(len(str(t).encode("utf-8", errors="replace"))) for t in (difference.shown, difference.expected)]
        return (
            f"in the end {mobile} shows the response of job {job} as {wrong} ({sizes[0]}), "
            f"{desktop} stores {right} ({sizes[1]})"
        )
    if difference.reason == "missing-job":
        return f"in the end {mobile} does not show job {job}, which {desktop} stores ({value(difference.expected)})"
    if difference.reason == "extra-job":
        return (
            f"in the end {mobile} shows job {job} ({value(difference.shown)}), "
            f"which {desktop} does not have in that scope"
        )
    place, expected, shown = innermost(field, difference.expected, difference.shown)
    return f"in the end {mobile} shows {place} {value(shown)} of job {job}, {desktop} stores {value(expected)}"


def _wrote(entry: Entry, difference: _Difference) -> str:
    if entry.commit.f == "delete":
        return f"deleted job {difference.job}"
    if difference.reason == "missing-job":
        return f"created job {difference.job}"
    if entry.chunk is not None:
        return f"wrote chunk {entry.chunk.number} of job {difference.job} ({size(len(entry.chunk.data))})"
    return f"wrote {difference.field} of job {difference.job} ({entry.commit.f})"


def _stores(difference: _Difference) -> str:
    if difference.reason == "wrong-text":
        return f"stores {size(len(str(difference.expected).encode('utf-8', errors='replace')))}"
    if difference.reason == "extra-job":
        return "does not have it in that scope"
    return "stores it" if difference.reason == "missing-job" else f"stores {value(difference.expected)}"


def _shows(difference: _Difference) -> str:
    if difference.reason == "wrong-text":
        return f"shows {size(len(str(difference.shown).encode('utf-8', errors='replace')))}"
    if difference.reason == "extra-job":
        return "shows it"
    return "does not show it" if difference.reason == "missing-job" else f"shows {value(difference.shown)}"
