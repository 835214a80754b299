"""Is there enough to judge by? A run in which nothing happened proves nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from typing import Any

from checkers import Checker, Judge, Level
from checkers.past.ledger import Reader, message_of
from checkers.words.findings import Findings, Story, told
from checkers.words.wording import value
from harness.history import Header, Op
from harness.verdict import CheckResult, Verdict

CALLS = frozenset(
    {
        *(
            "create",
            "status",
            "chunk",
            "progress",
            "tokens",
            "cost",
            "metadata",
            "error",
            "finalize",
            "delete",
            "retry",
        ),
        *("open", "close", "list", "get", "cancel", "switch", "background", "foreground"),
    }
)
_TAP_SLACK_NS = 250_000_000  # outside the simulator a tap is stamped by another process than the journal


class _Evidence:
    NAME = "evidence"
    GUARANTEE = "The faults met something, enough operations ran, and the journals agree with the wire."
    NEEDS = Level.L0
    FEEDS: frozenset[str] | None = CALLS | {"observe", "commit", "final", "fault-begin", "fault-heal"}
    REASONS: Mapping[str, str] = {
        "inert-fault": "A fault at a fixed time met nothing.",
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
        self._met: Counter[str] = Counter()
        self._inert: Counter[str] = Counter()  # drawn ones that met nothing: no harm, and no proof
        self._fixed = {str(f.get("fault")): f for f in header.faults if f.get("fixed")}
        self._observed: Counter[str] = Counter()
        self._opened: dict[str, Op] = {}
        self._last: Op | None = None
        self._slack_ns = 0 if header.runtime == "sim" else _TAP_SLACK_NS

    def feed(self, op: Op) -> None:
        self._last = op
        if op.f == "observe":
            self._observe(op)
        elif op.f in CALLS:
            self._call(op)
        elif op.f in ("fault-begin", "fault-heal"):
            self._fault(op)
        elif op.f == "final" and isinstance(op.value, dict) and op.value.get("scope"):
            self._opened.setdefault(op.node or "", op)

    def finish(self) -> CheckResult:
        if self._last is not None:
            self._judge_faults(self._last)
            self._judge_quiet(self._last)
            self._judge_blind()
            self._judge_malformed(self._last)
        judged: dict[str, Any] = {
            "calls": dict(sorted(self._calls.items())),
            "scheduled": self._header.scheduled_ops,
            "faults_met": dict(sorted(self._met.items())),
            "faults_inert": dict(sorted(self._inert.items())),
            "wire": "compared" if self.ledger.tapped else "not judged: no taps",
        }
        return self._findings.result(judged)

    def _add(self, reason: str, op: Op, message: str, evidence: list[Op]) -> None:
        self._findings.add(reason, op, evidence, lambda: Story(message, {"story": told([(op, message)])}))

    # ---- operations -------------------------------------------------------------------------------------------------

    def _call(self, op: Op) -> None:
        self._calls[op.type] += 1
        if op.f in ("open", "switch") and op.type == "ok" and op.node is not None:
            self._opened.setdefault(op.node, op)

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
        about = op.value if isinstance(op.value, dict) else {}
        name, occurrence = str(about.get("fault")), about.get("occurrence")
        key = (name, occurrence if isinstance(occurrence, int) else 0)
        if op.f == "fault-begin":
            self._begun[key] = op
        elif about.get("exercised"):
            self._met[name] += 1
        elif about.get("fixed", name in self._fixed):
            begun = self._begun.get(key)
            message = f"fault {value(name)} was active until {self.ledger.at(op.time_ns)} and met nothing"
            self._add("inert-fault", op, message, [begun, op] if begun is not None else [op])
        else:
            self._inert[name] += 1

    def _judge_faults(self, last: Op) -> None:
        """A declared fault at a fixed time that never began met nothing either."""
        begun = Counter(name for name, _ in self._begun)
        for name, declared in self._fixed.items():
            expected = declared.get("occurrences")
            if isinstance(expected, int) and begun[name] < expected:
                message = f"fault {value(name)} began {begun[name]} times of {expected}"
                self._add("inert-fault", last, message, [])

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
