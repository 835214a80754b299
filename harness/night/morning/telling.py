"""What a night adds up to, and how it compares with the nights before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from harness.hunting.ablating import Caught
from harness.hunting.generate.atlas import Atlas
from harness.hunting.tally import RunSummary
from harness.night.known import Known, KnownWords
from harness.night.ledger import Begun, Least, Ledger
from harness.night.morning.counting import Count, Kind, PartTold, PlanTold
from harness.night.morning.trend import Earlier, History, name_of
from harness.night.words import NightWords
from harness.verdict import Verdict, worst

Standing = Literal["new", "known", "expired"]


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
    count = Count()
    for run, outcome in ledger.outcomes(night):
        if outcome.caught is not None:
            count.caught.append(outcome.caught)
        elif outcome.run is not None:
            count.add(outcome.part, run, outcome.run)
    shards = [one for one in ledger.nights() if one.night == night]
    history = History(ledger, night, shards[0].begun if shards else "")
    looked = ledger.kinds(night)
    failures = [*_of_kinds(count, looked), *_unlooked(count, looked)]
    runtimes = {part.name: part.runtime for part in words.parts}
    for failure in failures:
        failure.runtime = runtimes.get(failure.part, "sim")
        failure.entry = known.of(failure.least, failure.plan)
        if failure.entry is not None:
            failure.standing = "known" if failure.entry.until.isoformat() >= today else "expired"
        failure.seen_before = history.last_seen(name_of(failure.least))
    failures.sort(key=lambda f: (("new", "expired", "known").index(f.standing), f.flaky, -f.runs, name_of(f.least)))
    now = {name_of(failure.least) for failure in failures}
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


def _of_kinds(count: Count, looked: Iterable[Least]) -> list[Failure]:
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


def _unlooked(count: Count, looked: Iterable[Least]) -> list[Failure]:
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


def _missing(shards: list[Begun]) -> list[str]:
    n = max((one.shard.n for one in shards), default=1)
    there = {one.shard.k for one in shards}
    return [f"{k}/{n}" for k in range(1, n + 1) if k not in there]


def left_out(shards: Iterable[Begun]) -> list[tuple[str, str, str]]:
    """(part, what, why), each once."""
    return list(dict.fromkeys(one for begun in shards for one in begun.about.left_out))
