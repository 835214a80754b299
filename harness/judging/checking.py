"""Runs all judges over one history, in one pass, and adds their answers up.

Taps come first, then every op in time order; each op is folded into the shared ledger once and then handed to the
judges that asked for its kind. A judge that crashes is UNKNOWN and hurts no other.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import yaml

from checkers import Checker, Judge, Level, ReadsLedger, SeesTaps, WeighsOthers
from checkers.past.ledger import Ledger
from harness import registry
from harness.history import Header, History, Op, Tap
from harness.judging import deaths, ladder
from harness.judging.bearing import LIMITS, Budget, Limits, bearable
from harness.schedule import CheckSpec
from harness.verdict import CheckResult, Verdict, worst

_EVIDENCE = "evidence"
_LOOK = 1024  # ops between two looks at the budget
_ROLES = ("desktop", "mobile")  # whose evidence level matters; the relay is judged by taps and by both ends


def check(history: History, specs: Iterable[CheckSpec] | None = None, limits: Limits = LIMITS) -> list[CheckResult]:
    """What is wrong with the history as a whole, then one result per checker, in the order of `specs` (None: all).

    Never raises for anything in the history, and ends: past `limits` whoever has not finished is UNKNOWN.
    """
    history, left_out = bearable(history)
    history, died = deaths.until_death(history)
    if specs is None:
        specs = [CheckSpec(check=name) for name in registry.names("checker")]
    runs = [_Run(spec, history.header) for spec in specs]
    _pass(history, runs, Budget(limits, history.header.runtime == "sim"))
    return ladder.noted([*died, *_of_the_history(history, left_out), *_finished(runs)])


def with_evidence(specs: Sequence[CheckSpec]) -> list[CheckSpec] | None:
    """The checkers of a run whose plan names `specs`: what they find counts if there was enough to judge by.

    None: all checkers.
    """
    if not specs:
        return None
    return [*specs, *([] if any(spec.check == _EVIDENCE for spec in specs) else [CheckSpec(check=_EVIDENCE)])]


def missed(specs: Sequence[CheckSpec] | None, results: Sequence[CheckResult]) -> list[CheckResult]:
    """Whoever asks for a checker by name is owed an answer: that it had nothing to judge is no VALID."""
    asked = {spec.check for spec in specs or ()}
    nothing = [r for r in results if r.check in asked and r.verdict is None and r.looked_at is not None]
    if not nothing:
        return []
    told = "; ".join(f"{r.check} was asked for and judged nothing: {_why_not(r)}" for r in nothing)
    return [_doubt("not-judged", f"{told}; let the plan do what it judges, or do not name it")]


def _why_not(result: CheckResult) -> str:
    return result.message.removeprefix("not judged: ")


def _finished(runs: list[_Run]) -> list[CheckResult]:
    """The results in the order of `runs`; those that weigh the others come to theirs last."""
    results = {id(run): run.finish() for run in runs if not isinstance(run.judge, WeighsOthers)}
    others = list(results.values())
    for run in runs:
        if id(run) not in results:
            run.weigh(others)
            results[id(run)] = run.finish()
    return [results[id(run)] for run in runs]


def as_its_example(checker: Checker) -> CheckSpec:
    """The checker with the parameters that its `EXAMPLE` shows, which its `ANOMALY` and `INNOCENT` are judged with."""
    shown = yaml.safe_load(checker.EXAMPLE)  # its name, or a mapping
    params = {k: v for k, v in shown.items() if k != "check"} if isinstance(shown, dict) else {}
    return CheckSpec(check=checker.NAME, params=params)


def overall(results: Iterable[CheckResult]) -> Verdict:
    """The worst of all verdicts; what was not judged does not count, and nothing judged is UNKNOWN."""
    return worst(r.verdict for r in results if r.verdict is not None)


class _Run:
    """One checker at work: its judge until it crashes, its result in the end."""

    def __init__(self, spec: CheckSpec, header: Header) -> None:
        self.name = spec.check
        self.feeds: frozenset[str] | None = frozenset()
        self.judge: Judge | None = None
        self.result: CheckResult | None = None
        self._try("begin", self._begin, spec.params, header)

    def _begin(self, params: Mapping[str, Any], header: Header) -> None:
        try:
            checker: Checker = registry.find("checker", self.name)
        except registry.UnknownName as exc:
            self._unknown("unknown-checker", str(exc))
            return
        if (message := _too_little(checker.NEEDS, header)) is not None:
            self.result = CheckResult(check=self.name, verdict=None, message=message)
            return
        self.feeds = checker.FEEDS
        self.judge = checker.begin(header, params)

    def reads(self, ledger: Ledger) -> None:
        if isinstance(self.judge, ReadsLedger):
            self._try("reads", self.judge.reads, ledger)

    def weigh(self, others: list[CheckResult]) -> None:
        if isinstance(self.judge, WeighsOthers):
            self._try("weigh", self.judge.weigh, others)

    def finish(self) -> CheckResult:
        if self.judge is not None:
            self._try("finish", self._finish)
        return self.result or CheckResult(check=self.name, verdict=Verdict.UNKNOWN, reason="crashed")

    def _finish(self) -> None:
        assert self.judge is not None
        self.result = self.judge.finish()

    def _try(self, step: str, call: Callable[..., None], *args: Any) -> None:
        try:
            call(*args)
        except Exception as exc:
            self.crashed(step, exc)

    def crashed(self, step: str, exc: Exception, op: Op | None = None) -> None:
        where = f"{step} of op {op.index}" if op is not None else step
        trace = "".join(traceback.format_exception(exc))
        self._unknown(
            "crashed", f"the checker crashed in {where}: {type(exc).__name__}: {exc}", details={"traceback": trace}
        )

    def gives_up(self, how_far: str) -> None:
        if self.judge is not None:
            self._unknown("budget", f"gave up: {how_far}; what came after it was not judged")

    def _unknown(self, reason: str, message: str, **more: Any) -> None:
        self.judge = None
        self.result = CheckResult(check=self.name, verdict=Verdict.UNKNOWN, reason=reason, message=message, **more)


_Listener = tuple[_Run, Callable[[Tap], None]]


def _pass(history: History, runs: list[_Run], budget: Budget) -> None:
    """Taps, then ops, to everybody who asked for them. Without its ledger nobody can judge: then all are UNKNOWN."""
    try:
        ledger = Ledger(history.header)
        ledger.learn(history.ops)
        for run in runs:
            run.reads(ledger)
        _listen(history, ledger, runs)
        _feed(history, ledger, runs, budget)
    except Exception as exc:
        for run in runs:
            run.crashed("the shared ledger", exc)


def _listen(history: History, ledger: Ledger, runs: list[_Run]) -> None:
    heard_by: dict[tuple[str, str], list[_Listener]] = {}
    judges: list[tuple[_Run, Any]] = [(run, run.judge) for run in runs]
    seeing: list[tuple[_Run, SeesTaps]] = [(run, judge) for run, judge in judges if isinstance(judge, SeesTaps)]
    for tap in history.taps:
        ledger.tap(tap)
        listeners = heard_by.get((tap.side, tap.type))
        if listeners is None:
            listeners = heard_by[tap.side, tap.type] = _hearing(seeing, tap)
        for run, listen in listeners:
            try:
                listen(tap)
            except Exception as exc:
                run.crashed("tap", exc)
                seeing = [pair for pair in seeing if pair[0] is not run]
                heard_by = {}


def _hearing(seeing: Iterable[tuple[_Run, SeesTaps]], one: Tap) -> list[_Listener]:
    """Who reads taps of this side and type."""
    wanted = [(run, judge, getattr(judge, "HEARS", None)) for run, judge in seeing]
    return [
        (run, judge.tap)
        for run, judge, hears in wanted
        if hears is None or one.type.startswith(tuple(hears.get(one.side, ())))
    ]


def _feed(history: History, ledger: Ledger, runs: list[_Run], budget: Budget) -> None:
    fed_by: dict[str, list[tuple[_Run, Callable[[Op], None]]]] = {}
    ops, taps = history.ops, len(history.taps)
    for number, op in enumerate(ops):
        if not number % _LOOK and (spent := budget.spent(taps + number)):
            for run in runs:
                run.gives_up(f"{spent} were used up at op {number} of {len(ops)}, at {ledger.at(op.time_ns)}")
            return
        ledger.feed(op)
        listeners = fed_by.get(op.f)
        if listeners is None:
            reading = [(r, r.judge) for r in runs if r.judge is not None and (r.feeds is None or op.f in r.feeds)]
            listeners = fed_by[op.f] = [(run, judge.feed) for run, judge in reading]
        for run, feed in listeners:
            try:
                feed(op)
            except Exception as exc:
                run.crashed("feed", exc, op)
                fed_by = {}  # without its judge


def _too_little(needs: Level, header: Header) -> str | None:
    """Why a checker that needs this level cannot judge: all desktops and some mobile must show that much."""
    if needs <= Level.L0:
        return None
    levels = {n: _level(node) for n, node in header.nodes.items() if node.get("role") in _ROLES}
    mobiles = {n: level for n, level in levels.items() if header.nodes[n].get("role") == "mobile"}
    blind = [n for n, level in levels.items() if level < needs and n not in mobiles]
    if mobiles and max(mobiles.values()) < needs:
        blind += list(mobiles)
    if levels and not blind:
        return None
    return f"not judged: needs evidence level L{int(needs)}, which {', '.join(blind) or 'no node'} does not give"


def _level(node: Mapping[str, Any]) -> int:
    level = node.get("level")
    return level if isinstance(level, int) else 0


def _of_the_history(history: History, left_out: int) -> list[CheckResult]:
    """A history that is empty or only a prefix cannot be VALID as a whole, whatever its judges say."""
    if not history.ops:
        return [_doubt("empty", "the history holds no ops: nothing happened, so nothing is proved")]
    if left_out:
        return [_doubt("malformed", f"{left_out} ops or taps name times or numbers that do not fit into 63 bits")]
    if not history.complete:
        return [_doubt("incomplete", f"the history is only a prefix: {history.problem or 'it was cut short'}")]
    return []


def _doubt(reason: str, message: str) -> CheckResult:
    return CheckResult(check="history", verdict=Verdict.UNKNOWN, reason=reason, message=message)
