"""Is there enough to judge by? A run in which nothing happened proves nothing, nor does one whose faults met no work.

A fault at a fixed time promises to meet something, and that what it does is judged; one that is drawn does not. A run
whose faults are all drawn promises it only when not one of them has met work.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from checkers import Checker, Hears, Judge, Level
from checkers.past.ledger import Ledger, Reader, message_of
from checkers.past.phases import Counted, occurrence
from checkers.traffic.bounds import bounds
from checkers.traffic.work import CALLS_OF_DESKTOPS, CALLS_OF_MOBILES, Work
from checkers.words import advice
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import value
from harness.history import Header, Op, Tap
from harness.verdict import CheckResult, Verdict

CALLS = CALLS_OF_DESKTOPS | CALLS_OF_MOBILES | {"close", "background"}
_FIRST_ROWS = ("convergence", "stream-integrity")  # a run that shows nothing of these shows nothing
_TAP_SLACK_NS = 250_000_000  # outside the simulator a tap is stamped by another process than the journal


class _Evidence:
    NAME = "evidence"
    GUARANTEE = (
        "The faults met work, enough operations ran and enough was judged while faults were active and after, and the "
        "journals agree with the wire."
    )
    NEEDS = Level.L0
    FEEDS: frozenset[str] | None = CALLS | Work.FEEDS | {"final", "fault-begin", "fault-heal"}
    REASONS: Mapping[str, str] = {
        "nothing-judged": "Neither what screens show in the end nor any text could be judged.",
        "nothing-at-stake": "What could be judged was over before the first fault began.",
        "inert-fault": "A fault at a fixed time met nothing.",
        "idle-fault": "A fault at a fixed time met only heartbeats and reconnects: no work passed where it was.",
        "too-quiet": "Fewer than half of the scheduled operations completed.",
        "no-observations": "A scope was open and its mobile journaled no observation.",
        "journal-wire-mismatch": "An observation names a message that the wire did not deliver before.",
        "malformed": "Ops of the history could not be read.",
    }
    EXAMPLE = "evidence"
    ANOMALY = "%scheduled=1 fault:split inert:split m>open m<ok"
    INNOCENT = "%scheduled=1 fault:split d:+a m>open m<ok m:a=1 heal:split"

    def begin(self, header: Header, params: Mapping[str, Any]) -> Judge:
        return _Judge(header)


CHECKER: Checker = _Evidence()


class _Judge(Reader):
    def __init__(self, header: Header) -> None:
        self._header = header
        self._findings = Findings(CHECKER.NAME, Verdict.UNKNOWN)
        self._calls: Counter[str] = Counter()
        self._begun: dict[tuple[str, int], Op] = {}
        self._healed: list[tuple[Op | None, Op]] = []
        self._met: Counter[str] = Counter()
        self._met_by_action: Counter[str] = Counter()
        self._inert: Counter[str] = Counter()  # drawn ones that met nothing: no harm, and no proof
        self._idle: list[list[Any]] = []  # of all, those that met nothing that matters: [name, occurrence]
        self._fixed = {str(f.get("fault")): f for f in header.faults if f.get("fixed")}
        self._observed: Counter[str] = Counter()
        self._opened: dict[str, Op] = {}
        self._last: Op | None = None
        self._slack_ns = 0 if header.runtime == "sim" else _TAP_SLACK_NS
        self._work = Work(header, bounds(header))
        self._written = advice.Written()
        self._others: Sequence[CheckResult] = ()

    HEARS: ClassVar[Hears] = Work.HEARS

    def reads(self, ledger: Ledger) -> None:
        super().reads(ledger)
        self._work.reads(ledger)

    def tap(self, tap: Tap) -> None:
        self._work.tap(tap)

    def feed(self, op: Op) -> None:
        self._last = op
        self._work.op(op)
        if op.f == "observe":
            self._observe(op)
        elif op.f in CALLS:
            self._call(op)
        elif op.f == "commit":
            self._wrote(str(op.value.get("f")) if isinstance(op.value, dict) else "", op)
        elif op.f in ("fault-begin", "fault-heal"):
            self._fault(op)
        elif op.f == "final" and isinstance(op.value, dict) and op.value.get("scope"):
            self._opened.setdefault(op.node or "", op)

    def weigh(self, results: Sequence[CheckResult]) -> None:
        self._others = results

    def finish(self) -> CheckResult:
        self._work.close()
        if self._last is not None:
            doubtful = [pair for pair in self._healed if not self._weighs(*pair)]
            self._met_nothing([pair for pair in doubtful if not _exercised(pair[1])])
            self._judge_times(self._last)
            self._judge_others(self._last)
            self._met_no_work([pair for pair in doubtful if _exercised(pair[1])])
            self._judge_quiet(self._last)
            self._judge_blind()
            self._judge_malformed(self._last)
        judged: dict[str, Any] = {
            "calls": dict(sorted(self._calls.items())),
            "scheduled": self._header.scheduled_ops,
            "faults_met": dict(sorted(self._met.items())),
            "faults_inert": {name: n for name, n in sorted(self._inert.items()) if n},
            "exercised": dict(sorted(self._met_by_action.items())),
            "idle": self._idle,
            "wire": "compared" if self.ledger.tapped else "not judged: no taps",
        }
        return self._findings.result(judged, self._counted())

    def _counted(self) -> Counted:
        counted = Counted("calls, observations and faults", "nothing happened at all")
        total = sum(self._calls.values()) + sum(self._observed.values()) + len(self._healed)
        counted.add(self.ledger.phase, total + (self._written.change is not None))
        return counted

    def _add(self, reason: str, op: Op, message: str, evidence: list[Op]) -> None:
        self._findings.add(reason, op, evidence, lambda: Story(message, {"story": told([(op, message)])}))

    # ---- operations -------------------------------------------------------------------------------------------------

    def _call(self, op: Op) -> None:
        self._calls[op.type] += 1
        value = op.value if isinstance(op.value, dict) else {}
        if op.f in ("open", "switch") and op.type == "ok" and op.node is not None:
            self._opened.setdefault(op.node, op)
        if op.f in ("open", "switch") and op.type == "invoke" and isinstance(scope := value.get("scope"), dict):
            self._written.screens.update({str(name): None for name in scope.values()})
        elif op.type == "invoke" and op.f in CALLS_OF_DESKTOPS and not self._of_a_mobile(op):
            self._written.scripted = self._written.scripted or "/script" in op.process
            self._wrote(op.f, op)

    def _of_a_mobile(self, op: Op) -> bool:
        return self._header.nodes.get(op.node or "", {}).get("role") == "mobile"

    def _wrote(self, kind: str, op: Op) -> None:
        self._written.change = op
        if kind == "chunk":
            self._written.chunk = op
        session = op.session or (op.value.get("sessionId") if isinstance(op.value, dict) else None)
        if kind == "create" and session:
            self._written.sessions[str(session)] = None

    def _judge_others(self, last: Op) -> None:
        """Have the first guarantees of all been looked at, and since the faults began that promise it?"""
        asked = [r for r in self._others if r.check in _FIRST_ROWS and r.looked_at is not None]
        if not asked or any(r.verdict not in (Verdict.VALID, None) for r in asked):
            return
        looked_at = {r.check: r.looked_at for r in asked if r.looked_at is not None}
        if not any(seen.total for seen in looked_at.values()):
            self._add("nothing-judged", last, advice.nothing_at_all(self._written, looked_at), [])
            return
        fault, chunk = self._promising(), self._written.chunk
        if fault is None:
            return
        idle = [check for check, seen in looked_at.items() if not seen.since_faults]
        all_text_before = chunk is not None and chunk.time_ns < fault.time_ns and bool(self._fixed)
        if len(idle) == len(looked_at) or ("stream-integrity" in idle and all_text_before):
            message = advice.nothing_at_stake(self._written, fault, idle, self._at_s)
            self._add("nothing-at-stake", last, message, [fault])

    def _promising(self) -> Op | None:
        """The begin of the first fault of which a run must show something."""
        fixed = [op for (name, _), op in self._begun.items() if name in self._fixed]
        if not fixed and not self._met:
            fixed = list(self._begun.values())
        return min(fixed, key=lambda op: op.time_ns, default=None)

    def _at_s(self, op: Op) -> float:
        return (op.time_ns - (self.ledger.origin_ns or 0)) / 1e9

    def _judge_quiet(self, last: Op) -> None:
        scheduled, done = self._header.scheduled_ops, self._calls["ok"] + self._calls["fail"]
        if scheduled and (2 * done < scheduled or not self._calls["ok"]):
            message = f"too quiet: {done} of {scheduled} scheduled operations completed, {self._calls['ok']} of them ok"
            self._add("too-quiet", last, message, [])

    def _judge_blind(self) -> None:
        for node, op in self._opened.items():
            described = self._header.nodes.get(node, {})
            level = described.get("level")
            sees = isinstance(level, int) and level >= Level.L1 and described.get("role") == "mobile"
            if sees and not self._observed[node]:
                self._add("no-observations", op, f"{node} had an open scope and journaled no observation at all", [op])

    def _judge_malformed(self, last: Op) -> None:
        bad = sorted([*self.ledger.malformed, *self.ledger.truth.malformed])
        if bad:
            message = f"{len(bad)} ops of the history could not be read, the first is op {bad[0]}"
            self._add("malformed", last, message, [])

    # ---- faults -----------------------------------------------------------------------------------------------------

    def _fault(self, op: Op) -> None:
        key = occurrence(op)
        if op.f == "fault-begin":
            self._begun[key] = op
        else:
            self._healed.append((self._begun.get(key), op))
            self._written.healed = op

    def _judge_times(self, last: Op) -> None:
        """A declared fault at a fixed time that never began met nothing either."""
        times = Counter(name for name, _ in self._begun)
        for name, declared in self._fixed.items():
            expected = declared.get("occurrences")
            if isinstance(expected, int) and times[name] < expected:
                message = f"fault {value(name)} began {times[name]} times of {expected}"
                self._add("inert-fault", last, message, [])

    def _weighs(self, begun: Op | None, healed: Op) -> bool:
        """Counts what a fault met; False: nothing that matters, and that is no matter of chance."""
        about = _about(healed)
        name = str(about.get("fault"))
        if about.get("exercised") and self._work.met_by(begun or healed, healed) is not False:
            self._met[name] += 1
            self._met_by_action[str(about.get("action"))] += 1
            return True
        self._idle.append(list(occurrence(healed)))
        drawn = not about.get("fixed", name in self._fixed)
        self._inert[name] += drawn
        return drawn

    def _met_nothing(self, faults: Sequence[tuple[Op | None, Op]]) -> None:
        for begun, healed in faults:
            name = value(_about(healed).get("fault"))
            message = f"fault {name} was active until {self.ledger.at(healed.time_ns)} and met nothing"
            self._add("inert-fault", healed, message, [begun, healed] if begun is not None else [healed])

    def _met_no_work(self, faults: Sequence[tuple[Op | None, Op]]) -> None:
        how = advice.spread(self._written, self._at_s)
        for begun, healed in faults:
            about, span_s = _about(healed), (self._at_s(begun or healed), self._at_s(healed))
            message = advice.idle(value(about.get("fault")), _where(about), span_s, how)
            self._add("idle-fault", healed, message, [begun, healed] if begun is not None else [healed])

    # ---- journal and wire -------------------------------------------------------------------------------------------

    def _observe(self, op: Op) -> None:
        node = op.node or ""
        self._observed[node] += 1
        message = message_of(op.cause)
        if message is None or not self.ledger.tapped:
            return
        times = self.ledger.delivered.get((node, message), [])
        if bisect_right(times, op.time_ns + self._slack_ns) == 0:
            at = self.ledger.at(op.time_ns)
            text = f"{node} shows a change at {at} because of {op.cause}, which the wire had not delivered to it"
            self._add("journal-wire-mismatch", op, text, [op])


def _about(op: Op) -> Mapping[str, Any]:
    """What a fault's begin or heal says of it."""
    return op.value if isinstance(op.value, dict) else {}


def _exercised(healed: Op) -> bool:
    return bool(_about(healed).get("exercised"))


def _where(about: Mapping[str, Any]) -> str:
    """The links or nodes that a fault names."""
    found = [str(name) for key in ("directions", "nodes") for name in about.get(key) or ()]
    return ", ".join(found[:4]) + (" and others" if len(found) > 4 else "")
