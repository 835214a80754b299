"""What many runs add up to, whatever the order in which they end; its size does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from harness.verdict import Verdict, worst

_PROBLEMS = 10  # a full disk has one for every run; the first few say it


class RunSummary(msgspec.Struct, kw_only=True):
    """What a campaign learns of one run. `number` is its place in the campaign's order.

    `signatures` are (check, reason) of what is INVALID, `doubts` of what is UNKNOWN; `judged` are the checkers that had
    something to judge; `drawn` are the actions of which
    the seed's schedule has an occurrence; `exercised` counts by action the occurrences that met something, and
    `met` says what they fell upon (of generated plans); `problem` is what the harness itself could not do.
    """

    number: int
    plan: str
    seed: int
    verdict: Verdict
    signatures: list[tuple[str, str]] = msgspec.field(default_factory=list)
    doubts: list[tuple[str, str]] = msgspec.field(default_factory=list)
    judged: list[str] = msgspec.field(default_factory=list)
    drawn: list[str] = msgspec.field(default_factory=list)
    exercised: dict[str, int] = msgspec.field(default_factory=dict)
    met: list[str] = msgspec.field(default_factory=list)
    directory: str | None = None
    trace_hash: str | None = None
    message: str = ""
    interrupted: bool = False
    problem: str | None = None

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """What is wrong with it; of what is INVALID doubts are of no interest."""
        return frozenset(self.signatures or self.doubts)


class Signature(msgspec.Struct, kw_only=True):
    """All runs with one kind of answer: the same checker, the same reason. `run` is the first one's directory."""

    check: str
    reason: str
    known: bool
    first_plan: str
    first_seed: int
    runs: int
    run: str | None
    message: str


class CampaignResult(msgspec.Struct, kw_only=True):
    """`never`: actions that a plan declares and that met nothing in any run; `never_drawn`: those among them of which
    no run's schedule had an occurrence. `doubts`: why runs are UNKNOWN.

    `problems` are the first few of the `problem_count` runs whose harness had one. `not_kept` counts runs that are
    not VALID and have no files, because others of their kind were kept. `warnings` say what was asked for and not done.
    `stopped`: it was to end with the first INVALID.
    """

    verdict: Verdict
    runs: int
    invalid: int
    unknown: int
    seconds: float
    exercised: dict[str, int]
    never: list[str]
    never_drawn: list[str]
    signatures: list[Signature]
    doubts: list[Signature]
    problems: list[str]
    problem_count: int = 0
    warnings: list[str] = []
    not_kept: int = 0
    interrupted: bool = False
    out_of_budget: bool = False
    stopped: bool = False


class _Group(msgspec.Struct):
    """Runs that share a (check, reason): how many, the first of all, and the first whose files were kept."""

    first: RunSummary
    kept: RunSummary | None = None
    runs: int = 0

    def add(self, run: RunSummary) -> None:
        self.runs += 1
        self.first = min(self.first, run, key=_number)
        if run.directory is not None and (self.kept is None or run.number < self.kept.number):
            self.kept = run

    def as_signature(self, check: str, reason: str, known: bool) -> Signature:
        first = self.first
        leading = (first.signatures or first.doubts)[:1] == [(check, reason)]
        return Signature(
            check=check,
            reason=reason,
            known=known,
            first_plan=first.plan,
            first_seed=first.seed,
            runs=self.runs,
            run=self.kept.directory if self.kept is not None else None,
            message=first.message if leading else "",
        )


_Groups = dict[tuple[str, str], _Group]


class Tally:
    """Takes runs one by one; `result` says what they add up to."""

    def __init__(self, declared: Iterable[str]) -> None:
        """`declared` are the actions that the plans' faults ask for."""
        self._exercised = dict.fromkeys(declared, 0)
        self._drawn: set[str] = set()
        self._verdicts = dict.fromkeys(Verdict, 0)
        self._failures: _Groups = {}
        self._doubts: _Groups = {}
        self._problems: dict[int, str] = {}
        self._problem_count = 0

    @property
    def runs(self) -> int:
        return sum(self._verdicts.values())

    def add(self, run: RunSummary) -> None:
        self._verdicts[run.verdict] += 1
        self._drawn.update(run.drawn)
        for action, n in run.exercised.items():
            self._exercised[action] = self._exercised.get(action, 0) + n
        _sort_into(self._failures, run.signatures, run)
        if run.verdict is Verdict.UNKNOWN:
            _sort_into(self._doubts, run.doubts, run)
        if run.problem is not None:
            self._problem_count += 1
            self._problems[run.number] = run.problem
            if len(self._problems) > _PROBLEMS:
                del self._problems[max(self._problems)]

    def result(
        self, seconds: float, known: Iterable[tuple[str, str]] = (), *, interrupted: bool, out_of_budget: bool
    ) -> CampaignResult:
        """`known` are signatures that are no news."""
        never = [action for action, n in self._exercised.items() if not n] if self.runs else []
        verdicts = [verdict for verdict, n in self._verdicts.items() if n] + [Verdict.UNKNOWN for _ in never]
        return CampaignResult(
            verdict=worst(verdicts),
            runs=self.runs,
            invalid=self._verdicts[Verdict.INVALID],
            unknown=self._verdicts[Verdict.UNKNOWN],
            seconds=round(seconds, 1),
            exercised=dict(sorted(self._exercised.items())),
            never=sorted(never),
            never_drawn=sorted(set(never) - self._drawn),
            signatures=_by_frequency(self._failures, frozenset(known)),
            doubts=_by_frequency(self._doubts, frozenset()),
            problems=list(dict.fromkeys(self._problems[number] for number in sorted(self._problems))),
            problem_count=self._problem_count,
            interrupted=interrupted,
            out_of_budget=out_of_budget,
        )


def _number(run: RunSummary) -> int:
    return run.number


def _sort_into(groups: _Groups, signatures: list[tuple[str, str]], run: RunSummary) -> None:
    for signature in dict.fromkeys(signatures):
        groups.setdefault(signature, _Group(run)).add(run)


def _by_frequency(groups: _Groups, known: frozenset[tuple[str, str]]) -> list[Signature]:
    """The most frequent first; each is represented by the first of its runs in the campaign's order."""
    found = [group.as_signature(*signature, signature in known) for signature, group in groups.items()]
    return sorted(found, key=lambda s: (-s.runs, s.check, s.reason))
