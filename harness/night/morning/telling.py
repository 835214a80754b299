"""What a night adds up to, and how it compares with the nights before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from harness.hunting.ablating import Caught
from harness.hunting.generate.atlas import Atlas
from harness.hunting.tally import RunSummary
from harness.night.known import Known, KnownWords
from harness.night.ledger import About, Begun, Least, Ledger
from harness.night.words import NightWords
from harness.verdict import Verdict, worst

Kind = tuple[str, str]
Standing = Literal["new", "known", "expired"]


class Cell(msgspec.Struct, kw_only=True):
    """What a checker said of all runs of a plan: in how many it judged, found something, or could not tell."""

    judged: int = 0
    invalid: int = 0
    unknown: int = 0
    first: RunSummary | None = None  # INVALID, else UNKNOWN


class PlanTold(msgspec.Struct, kw_only=True):
    """One plan of one part; generated plans of a part count as one."""

    part: str
    plan: str
    runs: int = 0
    cells: dict[str, Cell] = {}


class PartTold(msgspec.Struct, kw_only=True):
    name: str
    runs: int = 0
    invalid: int = 0
    unknown: int = 0


class Failure(msgspec.Struct, kw_only=True):
    """Runs that fail alike: one checker, one reason, one shape of the smallest plan. `least` and `run` are those of the
    first of them; `alike`: in how many runs of the night the checker gave that reason, whatever their shape."""

    least: Least
    plan: str
    seed: int
    part: str
    runtime: str
    directory: str | None
    runs: int
    alike: int
    standing: Standing
    entry: KnownWords | None = None
    seen_before: str | None = None  # the night in which it was last seen

    @property
    def flaky(self) -> bool:
        return self.least.repeated is False


class Earlier(msgspec.Struct, kw_only=True):
    """A night as one row of the trend."""

    night: str
    runs: int
    invalid: int
    unknown: int
    kinds: int
    new: int
    gone: int


class Morning(msgspec.Struct, kw_only=True):
    """Everything that is told. `shards`: those that are there; `missing`: those that are not."""

    night: str
    words: NightWords
    shards: list[Begun]
    missing: list[str]
    parts: list[PartTold]
    plans: list[PlanTold]
    failures: list[Failure]
    doubts: list[tuple[Kind, int, RunSummary]]
    caught: list[Caught]
    exercised: dict[str, int]
    atlas: Atlas | None
    trend: list[Earlier]
    gone: list[str]
    unseen: list[KnownWords]
    problems: list[str]

    @property
    def runs(self) -> int:
        return sum(part.runs for part in self.parts)

    @property
    def invalid(self) -> int:
        return sum(part.invalid for part in self.parts)

    @property
    def unknown(self) -> int:
        return sum(part.unknown for part in self.parts)

    @property
    def planned(self) -> int:
        return sum(one.about.planned for one in self.shards)

    @property
    def red(self) -> list[Failure]:
        return [failure for failure in self.failures if failure.standing != "known"]

    @property
    def apart(self) -> list[str]:
        return [said for one in self.shards for said in one.about.apart]

    @property
    def unnoticed(self) -> list[Caught]:
        return [caught for caught in self.caught if caught.caught_by is None]

    @property
    def verdict(self) -> Verdict:
        """INVALID: something new, expired, or not deterministic; UNKNOWN: too much doubt, or something not done."""
        found = [Verdict.VALID]
        if self.red or self.apart:
            found.append(Verdict.INVALID)
        in_doubt = self.runs and self.unknown / self.runs > self.words.unknown
        if not self.runs or in_doubt or self.unnoticed or self.missing or any(s.about.interrupted for s in self.shards):
            found.append(Verdict.UNKNOWN)
        return worst(found)


def told(
    ledger: Ledger, night: str, words: NightWords, known: Known, today: str, *, one_shard: bool = False
) -> Morning:
    """`today` is a day, `YYYY-MM-DD`: what was to be mended before it is red. Of `one_shard` the others are not
    missing: they are put together later."""
    count = _Count()
    for run, outcome in ledger.outcomes(night):
        if outcome.caught is not None:
            count.caught.append(outcome.caught)
        elif outcome.run is not None:
            count.add(outcome.part, run, outcome.run)
    shards = [one for one in ledger.nights() if one.night == night]
    history = _History(ledger, night, shards[0].begun if shards else "")
    looked = ledger.kinds(night)
    failures = [*_of_kinds(count, looked), *_unlooked(count, looked)]
    runtimes = {part.name: part.runtime for part in words.parts}
    for failure in failures:
        failure.runtime = runtimes.get(failure.part, "sim")
        failure.entry = known.of(failure.least, failure.plan)
        if failure.entry is not None:
            failure.standing = "known" if failure.entry.until.isoformat() >= today else "expired"
        failure.seen_before = history.last_seen(_name(failure.least))
    failures.sort(key=lambda f: (("new", "expired", "known").index(f.standing), f.flaky, -f.runs, _name(f.least)))
    now = {_name(failure.least) for failure in failures}
    used = {id(failure.entry) for failure in failures if failure.entry is not None}
    return Morning(
        night=night,
        words=words,
        shards=shards,
        missing=[] if one_shard else _missing(shards),
        parts=list(count.parts.values()),
        plans=list(count.plans.values()),
        failures=failures,
        doubts=[(kind, n, first) for kind, (n, first) in sorted(count.doubts.items(), key=lambda d: (-d[1][0], d[0]))],
        caught=sorted(count.caught, key=lambda caught: caught.policy),
        exercised=dict(sorted(count.exercised.items())),
        atlas=count.atlas if count.atlas.pairs else None,
        trend=[*history.rows, history.row(night, count.runs, count.invalid, count.unknown, now)],
        gone=sorted(history.last - now),
        unseen=[one for one in known.failures if id(one) not in used],
        problems=[*count.problems, *(problem for one in shards for problem in one.about.problems)],
    )


class _Count:
    """Outcomes of runs, added up."""

    def __init__(self) -> None:
        self.parts: dict[str, PartTold] = {}
        self.plans: dict[tuple[str, str], PlanTold] = {}
        self.kinds: dict[Kind, list[tuple[str, RunSummary]]] = {}  # → (part, run)
        self.by_id: dict[str, tuple[str, RunSummary]] = {}
        self.doubts: dict[Kind, tuple[int, RunSummary]] = {}
        self.exercised: Counter[str] = Counter()
        self.caught: list[Caught] = []
        self.problems: list[str] = []
        self.atlas = Atlas()

    @property
    def runs(self) -> int:
        return sum(part.runs for part in self.parts.values())

    @property
    def invalid(self) -> int:
        return sum(part.invalid for part in self.parts.values())

    @property
    def unknown(self) -> int:
        return sum(part.unknown for part in self.parts.values())

    def add(self, name: str, run_id: str | None, run: RunSummary) -> None:
        part = self.parts.setdefault(name, PartTold(name=name))
        part.runs += 1
        part.invalid += run.verdict is Verdict.INVALID
        part.unknown += run.verdict is Verdict.UNKNOWN
        self.exercised.update(run.exercised)
        self.atlas.learn((), run.met)
        if run_id is not None:
            self.by_id[run_id] = (name, run)
        if run.problem is not None:
            self.problems.append(run.problem)
        for kind in dict.fromkeys(run.signatures):
            self.kinds.setdefault(kind, []).append((name, run))
        if run.verdict is Verdict.UNKNOWN:
            for kind in dict.fromkeys(run.doubts):
                n, first = self.doubts.get(kind, (0, run))
                self.doubts[kind] = (n + 1, first)
        self._plan(name, run)

    def _plan(self, part: str, run: RunSummary) -> None:
        plan = "generated" if run.plan.startswith("generated-") else run.plan
        told = self.plans.setdefault((part, plan), PlanTold(part=part, plan=plan, cells={}))
        told.runs += 1
        for check in run.judged:
            told.cells.setdefault(check, Cell()).judged += 1
        for check in {check for check, _ in run.signatures}:
            cell = told.cells.setdefault(check, Cell())
            cell.first = run if not cell.invalid else cell.first
            cell.invalid += 1
        if run.verdict is Verdict.UNKNOWN:
            for check in {check for check, _ in run.doubts}:
                cell = told.cells.setdefault(check, Cell())
                cell.unknown += 1
                cell.first = cell.first or run


def _of_kinds(count: _Count, looked: Iterable[Least]) -> list[Failure]:
    """Failures whose runs were kept: one for each shape."""
    found: dict[tuple[str, str, str | None], Failure] = {}
    places = {run: place for place, run in enumerate(count.by_id)}  # in the order of the night
    for least in sorted((one for one in looked if one.run in places), key=lambda one: places[one.run]):
        part, run = count.by_id[least.run]
        key = (least.check, least.reason, least.shape)
        if key in found:
            found[key].runs += 1
            continue
        found[key] = _failure(least, part, run, alike=len(count.kinds.get(key[:2], ())))
    return list(found.values())


def _unlooked(count: _Count, looked: Iterable[Least]) -> list[Failure]:
    """Failures of which no file was kept, or nobody had the time to look."""
    seen = {(least.check, least.reason) for least in looked}
    found = []
    for (check, reason), runs in count.kinds.items():
        if (check, reason) not in seen:
            part, run = runs[0]
            why = "nobody looked for it: no files of these runs were kept, or there was no time"
            least = Least(check=check, reason=reason, run="", message=run.message, why=why)
            found.append(_failure(least, part, run, alike=len(runs)))
    return found


def _failure(least: Least, part: str, run: RunSummary, alike: int) -> Failure:
    return Failure(
        least=least,
        plan=run.plan,
        seed=run.seed,
        part=part,
        runtime="",
        directory=run.directory,
        runs=1,
        alike=alike,
        standing="new",
    )


class _History:
    """The nights before, from the same store."""

    def __init__(self, ledger: Ledger, night: str, begun: str) -> None:
        self.rows: list[Earlier] = []
        self.last: set[str] = set()
        self._seen: dict[str, str] = {}  # name of a failure → the last night in which it was seen
        for earlier in dict.fromkeys(one.night for one in ledger.nights() if one.begun < begun and one.night != night):
            self._add(ledger, earlier)

    def last_seen(self, name: str) -> str | None:
        return self._seen.get(name)

    def row(self, night: str, runs: int, invalid: int, unknown: int, names: set[str]) -> Earlier:
        new, gone = len(names - self._seen.keys()), len(self.last - names)
        return Earlier(night=night, runs=runs, invalid=invalid, unknown=unknown, kinds=len(names), new=new, gone=gone)

    def _add(self, ledger: Ledger, night: str) -> None:
        verdicts: Counter[Verdict] = Counter(
            outcome.run.verdict for _, outcome in ledger.outcomes(night) if outcome.run is not None
        )
        names = {_name(least) for least in ledger.kinds(night)}
        invalid, unknown = verdicts[Verdict.INVALID], verdicts[Verdict.UNKNOWN]
        self.rows.append(self.row(night, verdicts.total(), invalid, unknown, names))
        self.last = names
        self._seen |= dict.fromkeys(names, night)


def _name(least: Least) -> str:
    return f"{least.check}/{least.reason}: {least.shape or 'not shrunk'}"


def _missing(shards: list[Begun]) -> list[str]:
    n = max((one.shard.n for one in shards), default=1)
    there = {one.shard.k for one in shards}
    return [f"{k}/{n}" for k in range(1, n + 1) if k not in there]


def left_out(shards: Iterable[Begun]) -> list[tuple[str, str, str]]:
    """(part, what, why), each once."""
    return list(dict.fromkeys(one for begun in shards for one in begun.about.left_out))


__all__ = ["About", "Failure", "Morning", "left_out", "told"]
